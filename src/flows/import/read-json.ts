import { readFile } from 'node:fs/promises';
import { inputError } from '../../store/file-error.ts';

/**
 * What a JSON file holds; null where it is no JSON, which no caller here can use either.
 * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE
 */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw inputError(path, cause);
  }
  try {
    return JSON.parse(text);
  } catch {
    return null; // each caller says what the file should have held
  }
}
