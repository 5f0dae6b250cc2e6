import { elementSymbol } from './element.ts';
import { CHARGE_LIMIT, type Limits } from './limits.ts';
import { parseFailure } from './parse-failure.ts';
import { type Rejection, readSmiles } from './read-smiles.ts';
import type { RDKitModule } from './toolkit.ts';

/** Room for every atom's and bond's line of the largest compound, hydrogens drawn, with as much again for the rest. */
const BYTES_PER_HEAVY_ATOM = 1024;

const HYDROGENS = new Set(['H', 'D', 'T']);
/** Elements, isotopes of hydrogen, and the molfile's names for any atom, read as `*`; RDKit reads all else so too. */
const SYMBOLS = new Set([
  ...Array.from({ length: 118 }, (_, i) => elementSymbol(i + 1)),
  ...HYDROGENS,
  ...['*', 'A', 'Q', 'L', 'X', 'M', 'R', 'R#'],
]);

/**
 * The canonical SMILES of a molfile (V2000 or V3000): the gate and the parser in one, since a molfile must be
 * parsed to be read at all. Drawn hydrogens are taken into their atoms, stereo comes from the wedges or coordinates.
 * @param input  a molfile, or an SD record up to its `M  END`
 */
export function readMolblock(rdkit: RDKitModule, input: string, limits: Limits): string | Rejection {
  if (input.trim() === '') return { code: 'EMPTY' };
  const limitBytes = limits.heavyAtoms * BYTES_PER_HEAVY_ATOM;
  if (input.length > limitBytes) {
    return { code: 'TOO_LONG', detail: `${input.length} characters, limit ${limitBytes}` };
  }
  const lines = input.split(/\r\n|\r|\n/);
  const end = lines.findIndex((line) => line.startsWith('M  END'));
  if (end < 0) return { code: 'SYNTAX', detail: 'molfile without M  END' };
  const body = lines.slice(3, end + 1);
  const symbols = atomSymbols(body);
  const unknown = symbols.find((symbol) => !SYMBOLS.has(symbol));
  if (unknown !== undefined) return { code: 'SYNTAX', detail: `molfile atom ${unknown}` };
  const heavyAtoms = symbols.filter((symbol) => !HYDROGENS.has(symbol)).length;
  if (heavyAtoms > limits.heavyAtoms) {
    return { code: 'TOO_MANY_ATOMS', detail: `${heavyAtoms}, limit ${limits.heavyAtoms}` };
  }
  const charge = charges(body).find((value) => Math.abs(value) > CHARGE_LIMIT);
  if (charge !== undefined) return { code: 'SYNTAX', detail: `charge ${charge}, at most ${CHARGE_LIMIT}` };
  // The three header lines are free text in any encoding; nothing of them is used.
  const block = ['', '', '', ...body, ''].join('\n');
  if (block.includes('\0')) return { code: 'CONTROL_CHARACTER', detail: 'U+0000' };
  const mol = rdkit.get_mol(block, '{"removeHs":true}');
  if (!mol) return parseFailure(rdkit, block);
  const smiles = mol.get_smiles();
  mol.delete();
  return readSmiles(smiles, limits);
}

/** The symbols in the atom lines; none where the file is not laid out as a molfile. */
function atomSymbols(body: readonly string[]): string[] {
  if (body[0]?.includes('V3000')) {
    const atoms = body.slice(body.indexOf('M  V30 BEGIN ATOM') + 1, body.indexOf('M  V30 END ATOM'));
    return atoms.map((line) => /^M {2}V30 +\d+ +(\S+)/.exec(line)?.[1] ?? '');
  }
  const count = Number.parseInt(body[0]?.slice(0, 3) ?? '', 10) || 0;
  return body.slice(1, 1 + count).map((line) => line.slice(31, 34).trim());
}

/** The charges of atoms as written, since RDKit wraps those that it cannot hold. V2000 has them in fields of four characters. */
function charges(body: readonly string[]): number[] {
  if (body[0]?.includes('V3000')) {
    return [...body.join('\n').matchAll(/ CHG=([+-]?\d+)/g)].map((match) => Number(match[1]));
  }
  const lines = body.filter((line) => line.startsWith('M  CHG'));
  return lines.flatMap((line) =>
    [...line.slice(9).matchAll(/.{4}(.{1,4})/g)].map((match) => Number.parseInt(match[1], 10) || 0),
  );
}
