import { sha256 } from '../../core/hash.ts';

/** Names in the order of the hash of a salt and their key. */
export function orderedByHash(
  names: Iterable<string>,
  salt: string,
  keyOf: (name: string) => string = (name) => name,
): string[] {
  return [...names]
    .map((name) => ({ name, hash: sha256(salt + keyOf(name)) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ name }) => name);
}

/**
 * Takes whole groups in the order given, each while the rows taken stay within a share of all; one that is too large is
 * passed over, as the published scaffold-hash rule does.
 * @param groups  group of each row
 * @returns whether each row is taken
 */
export function takeUpTo(groups: readonly string[], order: readonly string[], share: number): boolean[] {
  const sizes = new Map<string, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const room = Math.floor(share * groups.length);
  const taken = new Set<string>();
  let rows = 0;
  for (const group of order) {
    const size = sizes.get(group)!;
    if (rows + size > room) continue;
    rows += size;
    taken.add(group);
  }
  return groups.map((group) => taken.has(group));
}
