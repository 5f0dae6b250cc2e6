import { describeCause } from '../../core/errors.ts';

/**
 * Why the dynamic loader cannot load a library, undefined when it can. One that it finds is let go again, as it is no addon.
 */
export function loadProblem(library: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, library);
  } catch (cause) {
    const text = describeCause(cause);
    if (text.includes('cannot open shared object file')) return text;
  }
  return undefined;
}
