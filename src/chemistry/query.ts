import { AssayerError } from '../core/errors.ts';
import type { JSMol, RDKitModule } from './toolkit.ts';

/** Compiled patterns live as long as the RDKit instance that holds them. */
const compiled = new WeakMap<RDKitModule, Map<string, JSMol>>();

/**
 * Atom and bond numbers of the first match of a SMARTS pattern, in the pattern's order; null without a match.
 * @throws ERR_CHEMISTRY when the pattern is not SMARTS
 */
export function firstMatch(
  rdkit: RDKitModule,
  mol: JSMol,
  smarts: string,
): { readonly atoms: readonly number[]; readonly bonds: readonly number[] } | null {
  const text = mol.get_substruct_match(query(rdkit, smarts));
  if (text.length <= 2) return null;
  return JSON.parse(text) as { atoms: number[]; bonds: number[] };
}

function query(rdkit: RDKitModule, smarts: string): JSMol {
  let queries = compiled.get(rdkit);
  if (!queries) {
    queries = new Map();
    compiled.set(rdkit, queries);
  }
  let found = queries.get(smarts);
  if (!found) {
    const made = rdkit.get_qmol(smarts);
    if (!made) throw new AssayerError('ERR_CHEMISTRY', { problem: `${smarts} is not a pattern` });
    found = made;
    queries.set(smarts, found);
  }
  return found;
}
