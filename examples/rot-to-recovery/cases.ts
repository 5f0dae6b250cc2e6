/** Real cases of drift-cases.json as streams: a reference with labels, and periods of compounds that come after it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { EndpointDefinition } from '../../src/core/endpoint.ts';
import { openTable } from '../../src/store/compound-table.ts';

/** A compound with what was measured of it, in the endpoint's unit. */
export interface Measured {
  readonly id: string;
  readonly smiles: string;
  readonly value: string;
  readonly relation: string;
}

export interface Period {
  readonly name: string;
  /** When its compounds are registered and screened: a day, as 2020-07-01. */
  readonly date: string;
  readonly compounds: readonly Measured[];
}

export interface Stream {
  readonly endpoint: EndpointDefinition;
  readonly source: string;
  readonly licence: string;
  /** What of its calendar is real and what is not. */
  readonly calendar: string;
  /** What the first model is made of. */
  readonly reference: readonly Measured[];
  /** Compounds of the reference that no model is made of: a batch as it was before anything moved. */
  readonly periods: readonly Period[];
}

interface CaseFile {
  readonly smiles: string;
  readonly value: string;
  readonly relation?: string;
}

interface Replayable {
  readonly endpoint: EndpointDefinition;
  readonly source: string;
  readonly licence: string;
  readonly dated: boolean;
  readonly files: Readonly<Record<string, CaseFile>>;
}

const CYP_FILE = {
  'raw/pharmabench/dated/chembl_cyp_raw_data.csv.gz': {
    smiles: 'Smiles',
    value: 'Standard Value',
    relation: 'Standard Relation',
  },
};
const CHEMBL = {
  source: 'ChEMBL, IC50 of the literature as PharmaBench has collected it (Niu et al. 2024)',
  licence: 'CC BY-SA 3.0',
  dated: true,
  files: CYP_FILE,
};

const cyp = (enzyme: string): EndpointDefinition => ({
  id: `${enzyme.toLowerCase()}-ic50`,
  title: `${enzyme} IC50`,
  kind: 'regression',
  unit: 'nM',
  modelledScale: 'pIC50 = 9 - log10(IC50 in nM)',
  transform: '9-log10',
  direction: 'lower is better (weaker inhibition)',
  assay: `IC50 on ${enzyme}, from many literature assays.`,
  species: 'human',
});

const microsomal = (species: 'human' | 'rat'): Replayable => {
  const biogen = species === 'human' ? 'LOG HLM_CLint (mL/min/kg)' : 'LOG RLM_CLint (mL/min/kg)';
  return {
    endpoint: {
      id: `${species}-microsomal-clearance`,
      title: `Intrinsic clearance, ${species} liver microsomes`,
      kind: 'regression',
      unit: 'log10(mL/min/kg)',
      modelledScale: 'log10(mL/min/kg)',
      transform: 'identity',
      direction: 'lower is better (more stable)',
      assay: 'Loss of compound in liver microsomes.',
      species,
    },
    source:
      'one laboratory (Fang et al. 2023, doi:10.1021/acs.jcim.3c00160), then the literature (PharmaBench, Niu et al. 2024)',
    licence: 'as its sources have it',
    dated: false,
    files: {
      'raw/biogen/ADME_public_set_3521.csv.gz': { smiles: 'SMILES', value: biogen },
      [`raw/pharmabench/${species === 'human' ? 'hum' : 'rat'}_mic_cl_reg_final_data.csv.gz`]: {
        smiles: 'Smiles_unify',
        value: 'value',
      },
    },
  };
};

/** The cases that can be replayed, by their id in drift-cases.json. */
export const CASES: Readonly<Record<string, Replayable>> = {
  'cyp2d6-by-year': { ...CHEMBL, endpoint: cyp('CYP2D6') },
  'cyp3a4-by-year': { ...CHEMBL, endpoint: cyp('CYP3A4') },
  'cyp2c9-by-year': { ...CHEMBL, endpoint: cyp('CYP2C9') },
  'microsomal-human-lab': microsomal('human'),
  'microsomal-rat-lab': microsomal('rat'),
  'aqsoldb-by-source': {
    endpoint: {
      id: 'water-solubility',
      title: 'Solubility in water',
      kind: 'regression',
      unit: 'log10(mol/L)',
      modelledScale: 'log10(mol/L)',
      transform: 'identity',
      direction: 'higher is better',
      assay: 'Solubility in water as its nine sources have it.',
      species: 'none',
    },
    source: 'AqSolDB (Sorkun et al. 2019, doi:10.1038/s41597-019-0151-1)',
    licence: 'CC0-1.0',
    dated: false,
    files: { 'raw/aqsoldb/data_curated.csv.gz': { smiles: 'SMILES', value: 'Solubility' } },
  },
};

const DAY_MS = 86_400_000;

/** The date so many days after a date. */
export function daysAfter(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** A number in [0, 1) that is the same for the same text. */
export function shareOf(tag: string, text: string): number {
  const hash = createHash('sha256').update(`${tag}:${text}`).digest('hex');
  return Number.parseInt(hash.slice(0, 12), 16) / 2 ** 48;
}

export interface StreamOptions {
  /** Folder with raw/, drift/ and drift-cases.json. */
  readonly dataFolder: string;
  readonly spoolFolder: string;
  readonly case: string;
  /** Of each period as many at most, drawn by their hash; no bound where it is not given. */
  readonly most?: number;
  /** Only so many periods after the first. */
  readonly periods?: number;
}

/**
 * A case as a stream. Each structure (as written) counts once, in the period that has it first. One compound in five of the
 * reference is kept from training and comes as the first period.
 * @throws where the case is unknown, or a file cannot be read
 */
export async function readStream(options: StreamOptions): Promise<Stream> {
  const { dataFolder, spoolFolder, most = Number.POSITIVE_INFINITY } = options;
  const replayable = CASES[options.case];
  if (!replayable)
    throw new Error(`There is no case ${options.case}; known are ${Object.keys(CASES).join(', ')}.`);
  const { cases } = JSON.parse(readFileSync(join(dataFolder, 'drift-cases.json'), 'utf8'));
  const one = cases.find(({ id }: { id: string }) => id === options.case);
  const tables = await Promise.all(
    (one.files as string[]).map((file) =>
      readFile(join(dataFolder, file), replayable.files[file], spoolFolder),
    ),
  );
  const seen = new Set<string>();
  const parts = new Map<string, Measured[]>();
  const lines = gunzipSync(readFileSync(join(dataFolder, one.rowFile)))
    .toString()
    .trimEnd()
    .split('\n');
  for (const line of lines.slice(1)) {
    const [part, file, row] = line.split(',');
    const measured = tables[Number(file)][Number(row)];
    if (seen.has(measured.smiles)) continue;
    seen.add(measured.smiles);
    parts.set(part, [...(parts.get(part) ?? []), measured]);
  }
  const inDraw = (part: string): Measured[] =>
    (parts.get(part) ?? []).toSorted((a, b) => shareOf('draw', a.smiles) - shareOf('draw', b.smiles));
  const drawn = (part: string): Measured[] => inDraw(part).slice(0, most);
  const isKept = ({ smiles }: Measured) => shareOf('kept', smiles) < 0.2;
  const reference = drawn(one.referencePart);
  const { dated, files: _, ...rest } = replayable;
  const names = one.batchParts as string[];
  const batches =
    names.length > 1
      ? names.map((name) => ({ name, compounds: drawn(name) }))
      : drawnApart(names[0], inDraw(names[0]), most);
  const periods = batches.slice(0, options.periods).map(({ name, compounds }, i) => ({
    name,
    date: dated ? `${name.slice(0, 4)}-07-01` : daysAfter('2020-07-01', 183 * i),
    compounds,
  }));
  return {
    ...rest,
    calendar: dated
      ? 'Years are those of the publications. Days are not known: a period comes on the first of July of its first year.'
      : 'The data have no dates: what comes when is set here, a batch each half year from 2020 on.',
    reference: reference.filter((row) => !isKept(row)),
    periods: [
      {
        name: 'of the reference, kept from training',
        date: dated ? '2010-01-08' : '2020-01-08',
        compounds: reference.filter(isKept),
      },
      ...periods,
    ],
  };
}

/** A case with one batch comes in three: the same source, drawn by hash, so that what follows a retrain is seen. */
function drawnApart(name: string, rows: readonly Measured[], most: number) {
  const size = Math.min(most, Math.floor(rows.length / 3));
  return [1, 2, 3].map((k) => ({
    name: `${name} ${k} of 3`,
    compounds: rows.slice((k - 1) * size, k * size),
  }));
}

async function readFile(
  path: string,
  { smiles, value, relation }: CaseFile,
  spoolFolder: string,
): Promise<Measured[]> {
  await using table = await openTable(path, { smilesColumn: smiles, spoolFolder });
  const cells = await table.cells(relation ? [smiles, value, relation] : [smiles, value]);
  return cells[0].map((structure, row) => ({
    id: `row-${row}`,
    smiles: structure,
    value: cells[1][row],
    relation: relation ? cells[2][row].replaceAll("'", '') : '=',
  }));
}
