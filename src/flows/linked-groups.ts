import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import type { LabelledRows } from './dataset.ts';

/**
 * Groups to hold out together: rows that share the split's scaffold, or the scaffold or fingerprint of their
 * standardized parent. The split's scaffolds are of the records as written, so a salt and its free base, or two
 * homologues with equal bits, can lie in different ones; a row predicted with its twin in the fit would look easier
 * than it is.
 * @returns int32 [n], equal numbers belong together
 */
export function linkedGroups(rows: LabelledRows): Int32Array {
  const n = rows.groups.length;
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  const first = new Map<string, number>();
  for (let i = 0; i < n; i++) {
    const bits = rows.fingerprints.subarray(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES);
    const links = [`group ${rows.groups[i]}`, `bits ${Buffer.from(bits).toString('latin1')}`];
    if (rows.scaffolds[i] !== '') links.push(`scaffold ${rows.scaffolds[i]}`);
    for (const link of links) {
      const other = first.get(link);
      if (other === undefined) first.set(link, i);
      // The smaller row leads, so that numbers do not depend on the order of links.
      else parent[Math.max(root(i), root(other))] = Math.min(root(i), root(other));
    }
  }
  return Int32Array.from({ length: n }, (_, i) => root(i));
}
