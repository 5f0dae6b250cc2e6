/** Equal names get equal numbers, from 0 without gaps, in the order of their first appearance. */
export function numberNames(names: Iterable<string>): { numbers: Int32Array; names: string[] } {
  const known = new Map<string, number>();
  const numbers = Int32Array.from(names, (name) => {
    const number = known.get(name) ?? known.size;
    known.set(name, number);
    return number;
  });
  return { numbers, names: [...known.keys()] };
}
