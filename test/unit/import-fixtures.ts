import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Featurizer } from '../../src/core/ports.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { type ImportRequest, type ImportSummary, importModel } from '../../src/flows/import-model.ts';
import { createEngine } from '../../src/main.ts';
import { carbons, examples } from './dataset-fixtures.ts';
import { float32, type ModelParts, model, node, value } from './onnx-fixtures.ts';

/** A row of a table: SMILES and what stands in its value column. */
export type TableRow = readonly [smiles: string, value: number | string];

/** Writes a CSV table of labelled compounds. @returns its path */
export function writeTable(
  folder: string,
  name: string,
  rows: readonly TableRow[],
  header = 'smiles,value',
): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `${[header, ...rows.map(([smiles, cell]) => `"${smiles}",${cell}`)].join('\n')}\n`);
  return path;
}

/** The example compounds in three tables, with labels that descriptors explain. */
export function exampleTables(
  classes: boolean,
): Record<'training' | 'evaluation' | 'calibration', TableRow[]> {
  const rows = examples.map(
    ({ smiles }): TableRow => [smiles, classes ? Number(carbons(smiles) > 18) : -carbons(smiles) / 10],
  );
  const part = (wanted: number) => rows.filter((_, i) => i % 3 === wanted);
  // The last evaluation rows are of compounds that a model would have been trained on.
  return { training: part(0), evaluation: [...part(1), ...part(0).slice(0, 3)], calibration: part(2) };
}

/** The descriptor NumHeavyAtoms times a factor, plus an offset: output `out` of shape [n, 1]. */
export function heavyAtoms(factor: number, offset: number, more: Partial<ModelParts> = {}): Uint8Array {
  const column = new Float32Array(43);
  column[7] = factor;
  return model({
    nodes: [node('MatMul', ['d', 'w'], ['product']), node('Add', ['product', 'offset'], ['out'])],
    constants: [float32('w', [43, 1], column), float32('offset', [1], [offset])],
    inputs: [value('d', 'float32', ['n', 43])],
    outputs: [value('out', 'float32', ['n', 1])],
    ...more,
  });
}

/** Minus a tenth of the carbon atoms is about minus 0.07 of all heavy ones. */
export const goodModel: Uint8Array = heavyAtoms(-0.07, 0);

/**
 * An engine whose featurizer is started once, since starting one takes longer than what a test asks of it; it ends with
 * the test file.
 */
function patientEngine(): Engine {
  const made = createEngine({ devices: ['cpu'], threads: 1 });
  let started: Promise<Featurizer> | null = null;
  afterAll(async () => (await started)?.[Symbol.asyncDispose]());
  return {
    ...made,
    async createFeaturizer() {
      started ??= made.createFeaturizer();
      const featurizer = await started;
      return {
        contract: featurizer.contract,
        featurize: (inputs, options) => featurizer.featurize(inputs, options),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}

export const engine: Engine = patientEngine();

/** Imports a file's bytes with tables of the examples, all in one folder. */
export async function importIn(
  folder: string,
  onnx: Uint8Array,
  change: Partial<ImportRequest> = {},
  tables: Partial<ReturnType<typeof exampleTables>> = {},
): Promise<ImportSummary> {
  const classes = change.endpoint === 'ames';
  const rows = { ...exampleTables(classes), ...tables };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'model.onnx');
  writeFileSync(path, onnx);
  const request: ImportRequest = {
    model: path,
    endpoint: 'solubility',
    definition: null,
    contract: 'current',
    inputs: '',
    output: '',
    outputKind: '',
    training: writeTable(folder, 'training.csv', rows.training),
    evaluation: writeTable(folder, 'evaluation.csv', rows.evaluation),
    calibration: null,
    source: 'made up',
    licence: 'none',
    version: '7',
    modelsFolder: join(folder, 'models'),
    workspace: join(folder, 'ws'),
    replace: false,
    ...change,
  };
  return importModel(engine, request);
}
