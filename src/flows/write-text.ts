import { openOutput } from '../store/output-file.ts';

/** Writes a text file that appears as a whole or not at all. @throws ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED */
export async function writeText(path: string, text: string, signal?: AbortSignal): Promise<void> {
  await using output = await openOutput(path, signal);
  await output.write(Buffer.from(text));
  await output.commit();
}
