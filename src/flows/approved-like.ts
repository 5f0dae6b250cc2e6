import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ApprovedLike } from '../core/artifact.ts';
import { AssayerError } from '../core/errors.ts';
import { sha256File } from '../core/hash.ts';
import type { Predictor } from '../core/ports.ts';
import { quantile } from '../statistics/quantile.ts';
import { openTable } from '../store/compound-table.ts';
import { openWorkspace } from '../store/workspace.ts';
import type { Engine } from './engine.ts';
import { openFeatures } from './features.ts';

/** A file of drugs that predictions are ranked among. */
export interface DrugSet {
  readonly file: string;
  /** SHA-256 of the file as it lies there. */
  readonly sha256: string;
  readonly smilesColumn: string;
  readonly idColumn: string;
  /** Which ids are taken. */
  readonly takes: RegExp;
  readonly source: string;
}

/**
 * Compounds that were tested as inhibitors of P-glycoprotein and are called by one or two words without digits or
 * brackets: marketed drugs for the most part, some metabolites and natural products beside them.
 */
export const APPROVED_LIKE: DrugSet = {
  file: 'raw/tdc/pgp_broccatelli.tab.gz',
  sha256: '66f8fc2e720b87743147c9140265b9ba1e39e934b2771e33cac18c49919e7707',
  smilesColumn: 'Drug',
  idColumn: 'Drug_ID',
  takes: /^[^\d()[\],\s]+(?: [^\d()[\],\s]+)?$/,
  source:
    'compounds with a drug-like name among the P-glycoprotein inhibitors and non-inhibitors of Broccatelli et al. 2011 (doi:10.1021/jm101421d), by Therapeutics Data Commons',
};

/** Quantiles kept: the percentiles 0 to 100. */
const STEPS = 100;

/** Where a training finds its files, and for which endpoint. */
interface DrugPlace {
  readonly endpoint: string;
  readonly dataFolder: string;
}

/**
 * Refuses a drug file that is not there or another one, before the long work whose last step reads it.
 * @throws ERR_DATA_NOT_FOUND, ERR_DATA_SOURCE, ERR_CANCELLED
 */
export async function requireDrugs(
  drugs: DrugSet,
  { endpoint, dataFolder }: DrugPlace,
  signal?: AbortSignal,
): Promise<void> {
  const file = join(dataFolder, drugs.file);
  const path = `${file} (drugs that predictions are ranked among, for percentiles)`;
  if (!existsSync(file)) throw new AssayerError('ERR_DATA_NOT_FOUND', { endpoint, path });
  const actual = await sha256File(file, signal);
  if (actual === drugs.sha256) return;
  throw new AssayerError('ERR_DATA_SOURCE', { endpoint, path, expected: drugs.sha256, actual });
}

/**
 * How a model's predictions for a set of drugs are spread. Rejected compounds are left out.
 * @throws ERR_DATA_SOURCE, what openTable and openFeatures throw
 */
export async function rankAmongDrugs(
  engine: Engine,
  predictor: Predictor,
  drugs: DrugSet,
  request: DrugPlace & { readonly workspace: string },
  signal?: AbortSignal,
): Promise<ApprovedLike> {
  const { endpoint } = request;
  const path = join(request.dataFolder, drugs.file);
  const workspace = await openWorkspace(request.workspace);
  const { smilesColumn, idColumn } = drugs;
  const named = { smilesColumn, idColumn, spoolFolder: workspace.tmp, signal };
  await using table = await openTable(path, named);
  if (table.sha256 !== drugs.sha256) {
    const details = { endpoint, path, expected: drugs.sha256, actual: table.sha256 };
    throw new AssayerError('ERR_DATA_SOURCE', details);
  }
  const predictions: number[] = [];
  for await (const { compounds, features } of (await openFeatures(engine, table, workspace, signal))
    .batches) {
    const { values } = await predictor.predict(features.fingerprints, features.descriptors, features.count);
    values.forEach((value, i) => {
      if (features.reasons[i] === null && drugs.takes.test(compounds.ids[i])) predictions.push(value);
    });
  }
  if (predictions.length === 0) {
    const problem = `no compound of ${path} could be predicted; percentiles need some`;
    throw new AssayerError('ERR_INTERNAL', { problem });
  }
  predictions.sort((a, b) => a - b);
  const quantiles = Array.from({ length: STEPS + 1 }, (_, step) => quantile(predictions, step / STEPS));
  return { source: drugs.source, sourceHash: drugs.sha256, compounds: predictions.length, quantiles };
}
