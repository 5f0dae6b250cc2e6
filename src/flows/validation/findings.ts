import { figureText, percentText, shareText, titleOf } from './figure-text.ts';
import { pooledBins } from './pooled-bins.ts';
import type { Figure, Slice, SplitReport, Validation } from './report-schema.ts';

/** What a user of a model should know of its figures, as sentences. */
export interface Findings {
  readonly strengths: readonly string[];
  readonly weakSpots: readonly string[];
}

/** Rows that a slice needs before a sentence is made of it. */
const LEAST_ROWS = 20;
/** Rows at which a bin's coverage is held to its promise; smaller neighbours are pooled. */
const LEAST_BIN = 50;
/** Intervals that hold less are no strength, even where the promise lies within the bounds. */
const LEAST_COVERAGE = 0.87;
/** A series is named where it is off by this much on the modelled scale: a factor of 2. */
const NOTABLE_BIAS = 0.3;
const NOTABLE_PROBABILITY_BIAS = 0.15;
const MOST_SERIES = 3;
/** An assay that is off by a factor of 10, or half of the probability, is likelier wrong than new. */
const DOUBTFUL_BIAS = 1;
const DOUBTFUL_PROBABILITY_BIAS = 0.5;
/** What the policy asks of the debiased calibration error of classes. */
const MOST_ECE = 0.05;
const LEAST_RANKING = 0.3;
const LEAST_SERIES = 3;

/** Strengths and weak spots that the figures show; each sentence carries its figures. */
export function findingsOf({ kind, splits }: Validation): Findings {
  const [fixed] = splits;
  const strengths: string[] = [];
  const weakSpots: string[] = [];
  const say = (isStrength: boolean, text: string) => (isStrength ? strengths : weakSpots).push(text);

  strengths.push(kind === 'regression' ? typicalError(fixed) : ranking(fixed));
  if (kind === 'regression') tellCoverage(fixed, say);
  else tellProbabilities(fixed, say);
  tellDistance(fixed, kind, say);
  tellDomain(fixed, kind, say);
  tellNewChemistry(splits, kind, say);
  tellSources(splits, kind, say);
  tellOrigins(splits, kind, say);
  tellSeries(fixed, kind, say);
  if (fixed.bounds) {
    say(
      fixed.bounds.low > 0.5,
      `Test compounds for which only a bound is known (${fixed.bounds.rows}): ${shareText(fixed.bounds)} are predicted on the side of the bound where the value lies.`,
    );
  }
  return { strengths, weakSpots };
}

type Say = (isStrength: boolean, text: string) => void;

const headlineOf = (kind: Validation['kind']): 'MAE' | 'AUROC' => (kind === 'regression' ? 'MAE' : 'AUROC');

function typicalError({ metrics }: SplitReport): string {
  const error = metrics.MAE.value ?? 0;
  return `Mean error on test compounds ${figureText(metrics.MAE, 2)} log units, a factor of ${(10 ** error).toFixed(1)}; rank correlation ${figureText(metrics.Spearman, 2)}.`;
}

function ranking({ metrics }: SplitReport): string {
  const pairs = Math.round(100 * (metrics.AUROC.value ?? 0));
  return `Of a positive and a negative test compound it gives the positive one the higher probability in ${pairs} of 100 pairs (AUROC ${figureText(metrics.AUROC)}).`;
}

function tellCoverage({ overall, distance }: SplitReport, say: Say): void {
  const { observed, promised } = overall;
  if (observed === null || promised === null) return;
  const held = `${Math.round(100 * promised)} % intervals hold ${shareText(observed)} of the test values`;
  if (observed.high < promised) say(false, `${held}: too narrow.`);
  else if (observed.low > promised) say(false, `${held}: wider than they need be.`);
  else if (observed.value < LEAST_COVERAGE)
    say(false, `${held}: fewer than promised, which chance alone can explain.`);
  else say(true, `${held}.`);
  for (const bin of pooledBins(distance, LEAST_BIN)) {
    if (!bin.observed || bin.observed.high >= promised) continue;
    say(
      false,
      `Intervals are too narrow at similarity ${bin.name} (${bin.rows} compounds): they hold ${shareText(bin.observed)}.`,
    );
  }
}

function tellProbabilities({ metrics, distance }: SplitReport, say: Say): void {
  const error = metrics.debiasedECE?.value ?? null;
  if (error !== null) {
    const trusted = error <= MOST_ECE;
    const isSure = (metrics.debiasedECE.high ?? 1) <= MOST_ECE;
    const verdict = trusted
      ? `can be read as frequencies${isSure ? '' : ', as far as the test compounds tell'}`
      : 'are off as frequencies';
    say(
      trusted,
      `Probabilities ${verdict}: debiased calibration error ${figureText(metrics.debiasedECE)}${isSure ? '' : '; the interval lies too high, as resampling adds error'}.`,
    );
  }
  for (const { name, rows, promised, observed } of pooledBins(distance, LEAST_BIN)) {
    if (!observed || promised === null) continue;
    if (promised >= observed.low && promised <= observed.high) continue;
    const side = promised > observed.value ? 'high' : 'low';
    say(
      false,
      `Probabilities are too ${side} at similarity ${name} (${rows} compounds): ${percentText(promised)} predicted, ${shareText(observed)} found.`,
    );
  }
}

/** The nearest and the most distant bin with enough rows. */
function tellDistance({ distance }: SplitReport, kind: Validation['kind'], say: Say): void {
  const headline = headlineOf(kind);
  const told = distance.filter(({ rows, figures }) => rows >= LEAST_ROWS && figures[headline].value !== null);
  const [far, near] = [told[0], told.at(-1)];
  if (!far || !near || far === near) return;
  const text = (slice: Slice) =>
    `${headline} ${figureText(slice.figures[headline], 2)} at similarity ${slice.name} (${slice.rows})`;
  const [nearFigure, farFigure] = [near.figures[headline], far.figures[headline]];
  // Only bins whose intervals lie apart differ for certain.
  const apart = (lower: Figure, higher: Figure) =>
    lower.high !== null && higher.low !== null && lower.high < higher.low;
  const falls = kind === 'regression' ? apart(nearFigure, farFigure) : apart(farFigure, nearFigure);
  // Intervals that overlap are no proof of being as good far away, so this is never a strength.
  const verdict = falls
    ? 'Worse far from training'
    : 'The test compounds do not tell whether it is worse far from training';
  say(false, `${verdict}: ${text(far)}, ${text(near)}.`);
}

function tellDomain({ domain }: SplitReport, kind: Validation['kind'], say: Say): void {
  const [inside, outside] = domain.slices;
  if (!inside || !outside || outside.rows < LEAST_ROWS) return;
  const headline = headlineOf(kind);
  say(
    false,
    `Outside the domain (${outside.rows} of ${domain.share.rows} test compounds): ${headline} ${figureText(outside.figures[headline], 2)}, inside ${figureText(inside.figures[headline], 2)}.`,
  );
}

/** Random split against the one that looks most like a new project. */
function tellNewChemistry(splits: readonly SplitReport[], kind: Validation['kind'], say: Say): void {
  const random = splits.find(({ split }) => split === 'random');
  const fresh =
    splits.find(({ split }) => split === 'next-week') ?? splits.find(({ split }) => split === 'time');
  if (!random || !fresh) return;
  const headline = headlineOf(kind);
  const text = ({ metrics, overall: { observed, promised } }: SplitReport) => {
    const figure = `${headline} ${figureText(metrics[headline], 2)}`;
    if (kind === 'classification' || observed === null || promised === null) return figure;
    return `${figure}, ${Math.round(100 * promised)} % intervals hold ${shareText(observed)}`;
  };
  say(
    false,
    `For new chemistry expect the figures of split ${fresh.split} (${text(fresh)}), not those of a random split (${text(random)}).`,
  );
}

/** The held-out source with the worst figure. */
function tellSources(splits: readonly SplitReport[], kind: Validation['kind'], say: Say): void {
  const headline = headlineOf(kind);
  const sign = kind === 'regression' ? 1 : -1;
  const sources = splits
    .filter(({ split, metrics }) => split === 'source' && metrics[headline].value !== null)
    .sort((a, b) => sign * (b.metrics[headline].value! - a.metrics[headline].value!));
  const [worst] = sources;
  if (!worst) return;
  say(
    false,
    `A source that the model has never seen: at worst ${headline} ${figureText(worst.metrics[headline], 2)}, bias ${figureText(worst.overall.figures.bias, 2)} (${titleOf(worst)}, ${worst.counts.test} compounds).`,
  );
}

/** Assays and sources whose values lie so far from every prediction that the values themselves are in doubt. */
function tellOrigins(splits: readonly SplitReport[], kind: Validation['kind'], say: Say): void {
  const doubtful = kind === 'regression' ? DOUBTFUL_BIAS : DOUBTFUL_PROBABILITY_BIAS;
  const told = new Set<string>();
  for (const report of splits) {
    for (const { by, slices } of report.origin) {
      for (const { name, rows, figures } of slices) {
        const bias = figures.bias.value ?? 0;
        if (Math.abs(bias) < doubtful || told.has(name)) continue;
        told.add(name);
        const side = bias > 0 ? 'above' : 'below';
        say(
          false,
          `Predictions lie ${Math.abs(bias).toFixed(1)} ${side} the values of ${by} ${name} (${rows} compounds, split ${titleOf(report)}): check those values, they may be in another unit or of another quantity.`,
        );
      }
    }
  }
}

/** Series that are off as a whole, and how well compounds are ranked within series. */
function tellSeries({ series }: SplitReport, kind: Validation['kind'], say: Say): void {
  const notable = kind === 'regression' ? NOTABLE_BIAS : NOTABLE_PROBABILITY_BIAS;
  const off = series
    .filter(({ figures: { bias } }) => {
      const { value, low, high } = bias;
      if (value === null || low === null || high === null) return false;
      return Math.abs(value) >= notable && (low > 0 || high < 0);
    })
    .sort((a, b) => Math.abs(b.figures.bias.value!) - Math.abs(a.figures.bias.value!));
  for (const { name, rows, figures } of off.slice(0, MOST_SERIES)) {
    const side = figures.bias.value! > 0 ? 'high' : 'low';
    say(false, `Series \`${name}\` (${rows}): predicted too ${side}, bias ${figureText(figures.bias, 2)}.`);
  }
  const ranks = series.flatMap(({ figures }) => figures.Spearman?.value ?? []).sort((a, b) => a - b);
  if (ranks.length < LEAST_SERIES) return;
  const median = ranks[Math.floor(ranks.length / 2)];
  say(
    median >= LEAST_RANKING,
    `Within series of 8 or more test compounds (${ranks.length}) the median rank correlation is ${median.toFixed(2)}.`,
  );
}
