import type { InputBytes } from './input-bytes.ts';
import { readLines } from './read-lines.ts';
import type { RowSource } from './row-source.ts';

/**
 * A SMILES file as rows: on each line a SMILES, then white space, then the rest of the line as its name. A first line
 * whose first word is "smiles" is a header; blank lines are skipped.
 * @throws what readLines throws
 */
export function openSmiRows(bytes: InputBytes): RowSource {
  return {
    columns: ['smiles', 'name'],
    rowCount: null,
    async *read(wanted, signal) {
      let first = true;
      for await (const lines of readLines(bytes, signal)) {
        const piece: string[][] = wanted.map(() => []);
        for (const line of lines) {
          if (line === '') continue;
          const text = line.trim();
          const gap = text.search(/\s/);
          const smiles = gap < 0 ? text : text.slice(0, gap);
          const name = gap < 0 ? '' : text.slice(gap).trimStart();
          const isHeader = first && smiles.toLowerCase() === 'smiles';
          first = false;
          if (isHeader) continue;
          for (let k = 0; k < wanted.length; k++) piece[k].push(wanted[k] === 0 ? smiles : name);
        }
        if (piece[0]?.length) yield piece;
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
