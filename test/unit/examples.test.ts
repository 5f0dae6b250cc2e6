import { readFileSync } from 'node:fs';
import rdkitPackage, { type MainModule } from '@rdkit/rdkit';
import { beforeAll, expect, test } from 'vitest';

interface Example {
  readonly name: string;
  readonly smiles: string;
}

interface Facts {
  readonly name: string;
  readonly formula: string;
  readonly inchiKey: string;
  readonly openStereocentres: number;
}

interface JsonAtom {
  readonly z?: number;
  readonly impHs?: number;
}

interface JsonMolecules {
  readonly defaults: { readonly atom: Required<JsonAtom> };
  readonly molecules: readonly { readonly atoms: readonly JsonAtom[] }[];
}

const SYMBOLS: Readonly<Record<number, string>> = {
  1: 'H',
  5: 'B',
  6: 'C',
  7: 'N',
  8: 'O',
  9: 'F',
  11: 'Na',
  12: 'Mg',
  15: 'P',
  16: 'S',
  17: 'Cl',
  19: 'K',
  20: 'Ca',
  35: 'Br',
  53: 'I',
};

/** Racemates and mixtures as sold; in memantine, quinidine and quinine RDKit counts cage atoms that cannot invert. */
const OPEN_STEREOCENTRES = [
  'ibuprofen',
  'ketorolac tromethamine',
  'methadone hydrochloride',
  'propranolol hydrochloride',
  'atenolol',
  'metoprolol tartrate',
  'bisoprolol fumarate',
  'carvedilol',
  'sotalol hydrochloride',
  'amlodipine besylate',
  'verapamil hydrochloride',
  'warfarin sodium',
  'ibutilide',
  'flecainide acetate',
  'ranolazine',
  'bepridil',
  'quinidine',
  'terfenadine',
  'fexofenadine hydrochloride',
  'thioridazine hydrochloride',
  'halofantrine',
  'cyclophosphamide',
  'thalidomide',
  'itraconazole',
  'chloroquine phosphate',
  'quinine',
  'praziquantel',
  'fluoxetine hydrochloride',
  'donepezil hydrochloride',
  'memantine hydrochloride',
  'ondansetron',
  'ketamine',
  'budesonide',
  'pioglitazone hydrochloride',
  'omeprazole',
  'salbutamol sulfate',
  'atropine',
];

const table = readFileSync(new URL('../../examples/compounds.csv', import.meta.url), 'utf8');
const formulas: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../data/example-formulas.json', import.meta.url), 'utf8'),
);
const [header, ...lines] = table.trimEnd().split('\n');
const examples = lines.map(readLine);
let facts: readonly Facts[];

beforeAll(async () => {
  const rdkit = await rdkitPackage.default();
  facts = examples.map((example) => readFacts(rdkit, example));
});

/** No name needs quotes, and no SMILES holds a comma. */
function readLine(line: string): Example {
  const [name = '', smiles = '', ...rest] = line.split(',');
  if (name === '' || smiles === '' || rest.length > 0) throw new Error(`not "name,smiles": ${line}`);
  return { name, smiles };
}

/** Of the whole record, counter-ions included. @throws when RDKit cannot read the SMILES */
function readFacts(rdkit: MainModule, { name, smiles }: Example): Facts {
  const molecule = rdkit.get_mol(smiles);
  if (!molecule) throw new Error(`${name} is not readable: ${smiles}`);
  const formula = formulaOf(JSON.parse(molecule.get_json()));
  const inchiKey = rdkit.get_inchikey_for_inchi(molecule.get_inchi());
  const openStereocentres = JSON.parse(molecule.get_descriptors()).NumUnspecifiedAtomStereoCenters;
  molecule.delete();
  return { name, formula, inchiKey, openStereocentres };
}

/** Hill order: carbon, hydrogen, then the alphabet. */
function formulaOf({ defaults, molecules }: JsonMolecules): string {
  const counts = new Map<string, number>();
  const add = (symbol: string, count: number) => counts.set(symbol, (counts.get(symbol) ?? 0) + count);
  for (const atom of molecules.flatMap((molecule) => molecule.atoms)) {
    const element = atom.z ?? defaults.atom.z;
    add(SYMBOLS[element] ?? `?${element}`, 1);
    add('H', atom.impHs ?? defaults.atom.impHs);
  }
  const rank = (symbol: string) => (symbol === 'C' ? '0' : symbol === 'H' ? '1' : symbol);
  return [...counts]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
    .map(([symbol, count]) => (count > 1 ? `${symbol}${count}` : symbol))
    .join('');
}

test('the table has a name and a SMILES column and about 200 rows', () => {
  expect(header).toBe('name,smiles');
  expect(examples.length).toBeGreaterThanOrEqual(180);
  expect(examples.length).toBeLessThanOrEqual(230);
});

test('every row parses to the formula known for its name', () => {
  const found = Object.fromEntries(facts.map(({ name, formula }) => [name, formula]));
  expect(found).toEqual(formulas);
});

test('no name and no structure occurs twice', () => {
  const keys = facts.map(({ inchiKey }) => inchiKey);
  expect(keys.filter((key) => !/^[A-Z]{14}-[A-Z]{10}-[A-Z]$/.test(key))).toEqual([]);
  expect(new Set(keys).size).toBe(examples.length);
  expect(new Set(examples.map(({ name }) => name)).size).toBe(examples.length);
});

test('only the listed racemates and mixtures leave a stereocentre open', () => {
  const open = facts.filter(({ openStereocentres }) => openStereocentres !== 0).map(({ name }) => name);
  expect(open).toEqual(OPEN_STEREOCENTRES);
});
