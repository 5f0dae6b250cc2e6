import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../src/core/artifact.ts';
import { MODEL_NAMES } from '../src/flows/fit-model.ts';
import { listModels, readManifest } from '../src/flows/models.ts';
import { pooledBins } from '../src/flows/validation/pooled-bins.ts';
import type { Share, SplitReport, Validation } from '../src/flows/validation/report-schema.ts';
import { readValidation } from '../src/flows/validation/validation-files.ts';
import { table } from './report-table.ts';

const BASELINE_NAMES = ['rf', 'hgb', 'mlp', 'gp', 'mean3'] as const;
type BaselineFigures = Readonly<Record<(typeof BASELINE_NAMES)[number], number>>;

/** bench/baselines.json: figures of plain models on the same rows. */
interface Baselines {
  readonly source: string;
  readonly software: string;
  readonly endpoints: Readonly<Record<string, BaselineFigures & { readonly metric: 'MAE' | 'AUROC' }>>;
}

export const MODELS_FOLDER = fileURLToPath(new URL('../models', import.meta.url));
/** A bin with fewer rows says little. */
const LEAST_ROWS = 50;
const BASELINES_PATH = new URL('baselines.json', import.meta.url);

/** models/README.md: the figures of the shipped artifacts beside those of plain models, from the manifests. */
export async function modelsReadme(): Promise<string> {
  const baselines: Baselines = JSON.parse(readFileSync(BASELINES_PATH, 'utf8'));
  const entries = await listModels(MODELS_FOLDER);
  const artifacts = await Promise.all(
    entries.map(async (entry) => {
      const manifest = await readManifest(entry);
      const validation = await readValidation(entry.folder, manifest);
      if (!validation)
        throw new Error(`${entry.folder} has no validation: assayer validate ${entry.endpoint} --attach`);
      return { manifest, validation, bytes: bytesIn(entry.folder) };
    }),
  );
  const total = artifacts.reduce((sum, { bytes }) => sum + bytes, 0);
  const compared = artifacts.map(({ manifest }) =>
    compare(manifest, baselines.endpoints[manifest.endpoint.id]),
  );
  const count = (what: (one: Comparison) => boolean) => compared.filter(what).length;
  return `# Shipped models

Written from the manifests by \`npm run models:readme\`; each model's \`card.md\` says more. All figures are on held-out test rows,
with 95 % intervals by bootstrap over whole scaffolds; MAE is on the modelled scale. RF and HGB are random forest and histogram
gradient boosting, "best" is the best of these, a network, a Gaussian process and their mean, scored on the same rows
(${baselines.software}; [figures](../bench/baselines.json)).

${table(
  [
    'endpoint',
    'figure',
    'value',
    '95 % interval',
    'RF',
    'HGB',
    'best',
    'at least the better of RF and HGB',
    'at least the best',
  ],
  compared.map((one) => [
    `[\`${one.endpoint}\`](${one.endpoint}/${one.version}/card.md)`,
    one.metric,
    one.value.toFixed(3),
    `${one.low.toFixed(3)} to ${one.high.toFixed(3)}`,
    one.baselines.rf.toFixed(3),
    one.baselines.hgb.toFixed(3),
    one.best.toFixed(3),
    one.reachesTrees ? 'yes' : 'no',
    one.reachesBest ? 'yes' : 'no',
  ]),
)}
Of ${compared.length} models ${count(({ reachesTrees }) => reachesTrees)} are at least as good as the better of RF and HGB, ${count(({ reachesBest }) => reachesBest)} as the best. Compared are figures of
single fits to three decimals, without regard to their errors; paired with the baselines' answers to the same rows, solubility and ppb
lie within one standard error of the best row, bbb 1.3 below it ([differences](../docs/trainers-tried.md#differences-to-the-baselines-paired)).
Bins of distance that hold less than 80 % are weak spots: \`assayer release\` refuses such a model unless they are waived with a reason.

${table(
  [
    'endpoint',
    'training rows',
    'bounds beside them',
    'test rows',
    'intervals cover (aim 90 %)',
    'least in a bin of distance (50 rows or more)',
    'ECE, debiased',
    'weights: process, networks, trees',
    'kB',
  ],
  artifacts.map(({ manifest, validation, bytes }) => {
    const { dataset, metrics, evaluation } = manifest;
    return [
      `\`${manifest.endpoint.id}\``,
      whole(dataset.counts.train),
      whole(dataset.counts.trainBounds),
      whole(evaluation.rows),
      shareText(manifest.calibration.kind === 'conformal' ? fixedOf(validation).overall.observed : null),
      shareText(leastCovered(fixedOf(validation))),
      metrics.ECE ? `${metrics.ECE.value.toFixed(3)}, ${metrics.debiasedECE.value.toFixed(3)}` : '',
      MODEL_NAMES.map((name) => Number(manifest.trainer.parameters[`${name}.weight`]).toFixed(2)).join(', '),
      whole(Math.round(bytes / 1000)),
    ];
  }),
)}
Shares stand with their exact binomial 95 % bounds and their rows. Of hERG's test compounds for which only a bound is known,
${shareText(boundsOf(artifacts))} are predicted on the side of the bound where the value lies.

All artifacts together: ${(total / 1e6).toFixed(1)} MB (${(total / 2 ** 20).toFixed(1)} MiB).
`;
}

interface Comparison {
  readonly endpoint: string;
  readonly version: string;
  readonly metric: 'MAE' | 'AUROC';
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly baselines: BaselineFigures;
  readonly best: number;
  readonly reachesTrees: boolean;
  readonly reachesBest: boolean;
}

/** A model's first figure beside those of plain models, compared in the three decimals that are shown. */
function compare(
  { endpoint, version, metrics }: Manifest,
  baselines: Baselines['endpoints'][string],
): Comparison {
  const { metric } = baselines;
  const better = metric === 'MAE' ? Math.min : Math.max;
  const rounded = (value: number) => Number(value.toFixed(3));
  const { value, low, high } = metrics[metric];
  const best = better(...BASELINE_NAMES.map((name) => baselines[name]));
  const reaches = (other: number) => better(rounded(value), rounded(other)) === rounded(value);
  return {
    endpoint: endpoint.id,
    version,
    metric,
    value,
    low,
    high,
    baselines,
    best,
    reachesTrees: reaches(better(baselines.rf, baselines.hgb)),
    reachesBest: reaches(best),
  };
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** The figures on the test rows that the manifest's are of. */
function fixedOf({ splits }: Validation): SplitReport {
  return splits.find(({ split }) => split === 'fixed') as SplitReport;
}

/** Of the models of hERG: test compounds for which only a bound is known, predicted on its right side. */
function boundsOf(artifacts: readonly { manifest: Manifest; validation: Validation }[]): Share | null {
  const herg = artifacts.find(({ manifest }) => manifest.endpoint.id === 'herg');
  return herg ? fixedOf(herg.validation).bounds : null;
}

/** The lowest coverage among the bins that hold enough rows, small ones pooled: those of the intervals and the fixed ones. */
function leastCovered({ intervalBins, distance }: SplitReport): Share | null {
  // Classes have no intervals; their bins hold shares of positives.
  if (intervalBins.length === 0) return null;
  const bins = [...pooledBins(intervalBins, LEAST_ROWS), ...pooledBins(distance, LEAST_ROWS)];
  const shares = bins.flatMap(({ observed }) => observed ?? []);
  return shares.toSorted((a, b) => a.value - b.value)[0] ?? null;
}

/** A share with its exact binomial 95 % bounds. */
function shareText(share: Share | null): string {
  if (!share) return '';
  const [value, low, high] = [share.value, share.low, share.high].map((part) => (100 * part).toFixed(1));
  return `${value} % (${low} to ${high}; ${share.rows})`;
}

const whole = (value: number): string => value.toLocaleString('en');
