/**
 * False alarms where a shipped model is the reference: batches drawn again and again from the test rows of its split, which are
 * other scaffolds of the same source that the model was not trained on. No nearer null exists for a model. A rate is one of
 * draws from these test rows: how far the two sides of the split themselves differ, no number of redraws tells.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DriftStream, Verdict } from '../../src/core/drift.ts';
import { toModelled } from '../../src/core/endpoint.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import { type Evidence, judgeStreams, testingStreams } from '../../src/flows/drift/judge-streams.ts';
import { askModels, takeAnswers } from '../../src/flows/drift/model-answers.ts';
import { modelNamed } from '../../src/flows/drift/model-named.ts';
import { besideModel, modelSample } from '../../src/flows/drift/model-sample.ts';
import type { BatchLabels } from '../../src/flows/drift/read-labels.ts';
import { readSample } from '../../src/flows/drift/read-sample.ts';
import { takeRows } from '../../src/flows/drift/take-rows.ts';
import { distancesOfRows, trainingDistances } from '../../src/flows/drift/training-distances.ts';
import { labelsOfUnseen } from '../../src/flows/drift/unseen-compounds.ts';
import { readRawCells } from '../../src/flows/raw-records.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { readSplit, type SplitRow } from '../../src/flows/split.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import type { ProofPlace } from './compounds.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';
import { shuffled } from './shuffled.ts';
import type { JudgeSettings } from './streams.ts';

export const MODELS = ['ppb', 'mdr1-efflux', 'hlm-clearance', 'ames', 'logd'] as const;
const BATCH = 100;
const STREAMS = testingStreams(true, true);
/** Of the values of a split file. */
const ROUNDING = 1e-6;
const RELATIONS = { '<': -1, '=': 0, '>': 1 } as const;

export interface ModelNullRates {
  readonly model: string;
  readonly trainingRows: number;
  readonly testRows: number;
  readonly testScaffolds: number;
  readonly streams: readonly {
    readonly stream: DriftStream;
    /** Of each redraw; null where it was not judged, which is no alarm. */
    readonly p: readonly (number | null)[];
    readonly judged: number;
    readonly meanEffect: number | null;
    /** At the stream's part of alpha. */
    readonly atItsPart: AlarmRate;
    readonly atAlpha: AlarmRate;
  }[];
  /** Of the whole check: any stream at its part. */
  readonly check: AlarmRate;
}

export interface ModelNullsProof {
  readonly settings: JudgeSettings & { readonly redraws: number; readonly batch: number };
  readonly models: readonly ModelNullRates[];
}

/** @param options.onModel  called as each is done */
export async function proveModelNulls(
  place: ProofPlace,
  settings: JudgeSettings & { readonly redraws: number },
  options: { only?: (model: string) => boolean; onModel?: (proof: ModelNullsProof) => void } = {},
): Promise<ModelNullsProof> {
  const models: ModelNullRates[] = [];
  const proof = { settings: { ...settings, batch: BATCH }, models };
  for (const name of MODELS) {
    if (options.only && !options.only(name)) continue;
    models.push(await ratesOf(place, name, settings));
    options.onModel?.(proof);
  }
  return proof;
}

async function ratesOf(
  place: ProofPlace,
  name: string,
  settings: JudgeSettings & { readonly redraws: number },
): Promise<ModelNullRates> {
  const { check, evidence, batch } = await openModel(place, name, settings);
  const random = seededRandom(settings.seed);
  const found: Verdict[][] = [];
  for (let redraw = 0; redraw < settings.redraws; redraw++) {
    const rows = shuffled(batch.inchikeys.length, random)
      .slice(0, BATCH)
      .sort((a, b) => a - b);
    const own = { ...check, batch: takeRows(batch, rows, `${name} ${redraw}`) };
    found.push((await judgeStreams(own, evidence(rows))).verdicts);
  }
  const streams = STREAMS.map((stream) => {
    const verdicts = found.flatMap((all) => all.filter((verdict) => verdict.stream === stream));
    const atMost = (level: number) =>
      rateOf(verdicts.filter(({ p }) => p !== null && p <= level).length, verdicts.length);
    const effects = verdicts.flatMap(({ effect }) => effect?.value ?? []);
    return {
      stream,
      p: verdicts.map(({ p }) => p),
      judged: verdicts.filter(({ p }) => p !== null).length,
      meanEffect: effects.length > 0 ? effects.reduce((sum, one) => sum + one, 0) / effects.length : null,
      atItsPart: rateOf(verdicts.filter(isAlarm).length, verdicts.length),
      atAlpha: atMost(settings.alpha),
    };
  });
  return {
    model: check.reference.name,
    trainingRows: check.reference.inchikeys.length,
    testRows: batch.inchikeys.length,
    testScaffolds: new Set(batch.clusters).size,
    streams,
    check: rateOf(found.filter((verdicts) => verdicts.some(isAlarm)).length, settings.redraws),
  };
}

const isAlarm = ({ state }: Verdict): boolean => state === 'drift';

interface OpenModel {
  /** Of all test rows. */
  readonly check: DriftCheck;
  readonly batch: DriftSample;
  /** Of some rows of the batch. Distances and answers go by compound: they are found once. */
  readonly evidence: (rows: readonly number[]) => Evidence;
}

async function openModel(
  { engine, shared, workspace: folder }: ProofPlace,
  name: string,
  { alpha, permutations, seed }: JudgeSettings,
): Promise<OpenModel> {
  const workspace = await openWorkspace(folder);
  const trained = await modelNamed(engine, name, new URL('../../models', import.meta.url).pathname);
  if (!trained) throw new Error(`there is no model ${name}`);
  const { sample, labels } = await readTestRows({ engine, shared, workspace: folder }, name);
  const batch = besideModel(sample, trained);
  const check: DriftCheck = {
    reference: modelSample(trained, 'scaffold'),
    batch,
    ofModel: true,
    settings: { alpha, permutations, seed },
    streamAlpha: alpha / STREAMS.length,
    backends: engine.backends,
  };
  const distances = await trainingDistances(check, workspace);
  if (!distances) throw new Error(`nothing is held out of ${name}`);
  const { reference } = check;
  const [model] = await askModels(engine, {
    artifacts: [trained],
    reference,
    batch: sample,
    trained: distances,
    workspace,
  });
  const evidence = (rows: readonly number[]): Evidence => ({
    distances: distancesOfRows(distances, rows),
    models: [{ ...model, batch: takeAnswers(model.batch, rows) }],
    trained,
    labels: labelsOfUnseen(labels, rows),
  });
  return { check, batch, evidence };
}

/** The test rows of a model's split that the engine can read, with the labels that a file of raw values would give them. */
async function readTestRows(
  { engine, shared, workspace: folder }: ProofPlace,
  name: string,
): Promise<{ sample: DriftSample; labels: BatchLabels }> {
  const workspace = await openWorkspace(folder);
  const recipe = DATASET_RECIPES[name];
  const { smiles, values } = await readRawCells(recipe, join(shared, 'data', recipe.rawFile), workspace);
  const split = await readSplit(recipe, join(shared, 'data', recipe.splitFile));
  const tested = split.filter(({ part }) => part === 'test');
  const path = join(workspace.path, `proof-test-rows-${name}.csv`);
  writeFileSync(path, ['id,smiles', ...tested.map(({ row }) => `${row},${smiles[row]}`), ''].join('\n'));
  const sample = await readSample(engine, path, workspace, {
    smilesColumn: 'smiles',
    idColumn: 'id',
    covariates: [],
    cluster: 'scaffold',
  });
  const rowOf = new Map(tested.map((entry) => [String(entry.row), entry]));
  const rows = sample.ids.map((id) => rowOf.get(id) as SplitRow);
  // The split rounds; where several raw rows were merged, only it has the value.
  const labels = Float64Array.from(rows, ({ row, y }) => {
    const exact = toModelled(recipe.endpoint.transform, Number(values[row]));
    return Math.abs(exact - y) < ROUNDING ? exact : y;
  });
  return { sample, labels: labelsOfSplit(rows, labels) };
}

/** Labels without dates. */
function labelsOfSplit(split: readonly SplitRow[], values: Float64Array): BatchLabels {
  const unknown = values.map(() => Number.NaN);
  return {
    values,
    relations: Int8Array.from(split, ({ relation }) => RELATIONS[relation]),
    submitted: unknown,
    measured: unknown,
    latest: Number.NaN,
    unmatched: 0,
    revised: 0,
  };
}
