import { describeCause } from '../../core/errors.ts';

/**
 * Why a provider refused, in its first sentence: without the source line, function and condition that ONNX Runtime
 * puts before the message of a failed check, and the host and driver call that its CUDA provider puts behind.
 */
export function refusalText(cause: unknown): string {
  const text = describeCause(cause)
    .replace(/^no available backend found\. ERR: /, '')
    .replace(/^\/\S+:\d+ .*?(?: was false\. |\[with [^\]]*\] )/, '');
  return text.split(/(?<=\w)\. (?=[A-Z])| ;/, 1)[0];
}
