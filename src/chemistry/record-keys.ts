import { setImmediate } from 'node:timers/promises';
import { AssayerError } from '../core/errors.ts';
import { LIMITS } from './limits.ts';
import { readSmiles } from './read-smiles.ts';
import { Toolkit } from './toolkit.ts';

/** Records between two looks at the signal. */
const PIECE = 32;

/**
 * Standard InChIKeys of records as written: salts, charges and all, not of their standardized parents. For records
 * that a featurizer has read within its deadline: what follows runs in the caller's thread.
 * @returns one for each input; '' where there is none
 * @throws ERR_CANCELLED, ERR_CHEMISTRY when the toolkit cannot be started
 */
export async function recordInchikeys(inputs: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const toolkit = await Toolkit.load();
  const keys: string[] = [];
  for (const input of inputs) {
    if (keys.length % PIECE === 0) await setImmediate();
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    keys.push(await inchikeyOf(toolkit, input));
  }
  return keys;
}

async function inchikeyOf(toolkit: Toolkit, input: string): Promise<string> {
  const text = readSmiles(input, LIMITS);
  if (typeof text !== 'string') return '';
  try {
    const mol = toolkit.rdkit.get_mol(text);
    if (!mol) return '';
    const inchi = mol.get_inchi();
    const key = inchi ? toolkit.rdkit.get_inchikey_for_inchi(inchi) : '';
    mol.delete();
    return key;
  } catch {
    await toolkit.rebuild(); // an instance that threw is broken; this record has no key
    return '';
  }
}
