import { AssayerError } from '../../core/errors.ts';

/** What engines say where their device's memory does not suffice. */
const OUT_OF_MEMORY =
  /out of memory|\bOOM\b|resource.?exhausted|allocation failed|invalid (typed )?array (buffer )?length/i;

/** Runs work on the engine; where its memory does not suffice the error says for what. @throws ERR_OUT_OF_MEMORY */
export async function withinMemory<Result>(
  purpose: string,
  sizeBytes: number,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Error && OUT_OF_MEMORY.test(cause.message))) throw cause;
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes }, { cause });
  }
}
