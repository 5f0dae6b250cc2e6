import {
  bulletList,
  CALIBRATION_ERROR_NOTE,
  figureText,
  markdownTable,
  percentText,
  shareText,
  titleOf,
} from './figure-text.ts';
import { findingsOf } from './findings.ts';
import type { Slice, SplitReport, Validation } from './report-schema.ts';

/** Lines of a table of slices; the card and this report show the smallest ones in validation.json only. */
const MOST_LINES = 12;

/** report.md: everything of a validation that people read, with the plots beside it. */
export function reportText(validation: Validation, plots: readonly string[]): string {
  const { model, kind, splits, impossible, provenance, refits } = validation;
  const { strengths, weakSpots } = findingsOf(validation);
  const { hash, endpoint, version } = model;
  const how = [
    ...splits.map((report) => `${titleOf(report)}: ${report.how}.${leftOutText(report)}`),
    ...impossible.map(({ split, reason }) => `${split}: not possible; ${reason}.`),
  ];
  const sections = [
    `# Validation of ${endpoint}@${version}`,
    `Artifact \`${hash}\`. Figures are on the modelled scale (${validation.modelledScale}). Intervals: 95 %, bootstrap over whole scaffolds (over rows within a series); shares: exact binomial.${kind === 'classification' ? ` ${CALIBRATION_ERROR_NOTE}` : ''}`,
    `Test compounds among the artifact's training compounds: ${validation.testCompoundsInTraining}.${refitText(refits)}`,
    '## Splits',
    splitTable(validation),
    bulletList(how),
    `Origin of the rows: ${provenance.join('; ')}.`,
    '## Strengths',
    bulletList(strengths),
    ...(weakSpots.length > 0 ? ['## Weak spots', bulletList(weakSpots)] : []),
    '## Plots',
    ...plots.map((file) => `![${file.replace('.svg', '')}](${file})`),
    ...splits.flatMap((report) => splitSection(report, kind)),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** One line for each split. */
export function splitTable({ kind, splits }: Validation): string {
  const isRegression = kind === 'regression';
  const header = isRegression
    ? [
        'split',
        'trained on',
        'scored',
        'MAE',
        'bias',
        'Spearman',
        'values in their interval',
        'in the domain',
      ]
    : [
        'split',
        'trained on',
        'scored',
        'AUROC',
        'AUPRC',
        'debiased ECE',
        'positive (predicted)',
        'in the domain',
      ];
  const rows = splits.map((report) => {
    const { counts, metrics, overall, domain } = report;
    const figures = isRegression
      ? [
          figureText(metrics.MAE),
          figureText(metrics.bias, 2),
          figureText(metrics.Spearman, 2),
          shareText(overall.observed),
        ]
      : [
          figureText(metrics.AUROC),
          figureText(metrics.AUPRC),
          figureText(metrics.debiasedECE),
          `${percentText(overall.observed?.value ?? null)} (${percentText(overall.promised)})`,
        ];
    const trained = counts.training + counts.trainingBounds;
    return [
      titleOf(report),
      trained.toLocaleString('en'),
      counts.test.toLocaleString('en'),
      ...figures,
      percentText(domain.share.value),
    ];
  });
  return markdownTable(header, rows);
}

/** One line for each slice. */
export function sliceTable(first: string, slices: readonly Slice[], kind: Validation['kind']): string {
  const names = kind === 'regression' ? ['MAE', 'bias', 'Spearman'] : ['AUROC', 'Brier', 'bias'];
  const promise = kind === 'regression' ? 'values in their interval' : 'positive (predicted)';
  const rows = slices.map(({ name, rows: count, figures, promised, observed }) => [
    name,
    count.toLocaleString('en'),
    ...names.map((figure) => figureText(figures[figure], 2)),
    kind === 'regression' ? shareText(observed) : `${shareText(observed)}; ${percentText(promised)}`,
  ]);
  return markdownTable([first, 'compounds', ...names, promise], rows);
}

function splitSection(report: SplitReport, kind: Validation['kind']): string[] {
  const table = (first: string, slices: readonly Slice[]) =>
    slices.length === 0 ? [] : [sliceTable(first, slices.slice(0, MOST_LINES), kind)];
  const left = report.series.length - MOST_LINES;
  return [
    `## Split ${titleOf(report)}`,
    Object.entries(report.metrics)
      .map(([name, figure]) => `${name} ${figureText(figure)}`)
      .join(', '),
    ...table('domain', report.domain.slices),
    ...table('similarity to the nearest training compound', report.distance),
    ...table('bin of the intervals', report.intervalBins),
    ...report.origin.flatMap(({ by, slices }) => table(by, slices)),
    ...table('series (scaffold)', report.series),
    ...(left > 0 ? [`${left} smaller series stand in validation.json.`] : []),
    ...(report.bounds
      ? [
          `Compounds with a bound alone, predicted on the right side of it: ${shareText(report.bounds)} of ${report.bounds.rows}.`,
        ]
      : []),
  ];
}

function refitText(refits: Validation['refits']): string {
  if (refits === null) return '';
  const trainer = refits.sameTrainer
    ? "the artifact's trainer"
    : "another version of the trainer than the artifact's";
  return ` Other splits than the fixed one are of models fitted anew by ${trainer} with seed ${refits.seed}: weights, calibration and domain come from the training part of each.`;
}

function leftOutText({ counts }: SplitReport): string {
  const parts = Object.entries(counts.leftOut).map(([reason, rows]) => `${rows} rows (${reason})`);
  const rejected =
    counts.testRejected > 0
      ? ` Rejected by the chemistry, scored as the training mean: ${counts.testRejected}.`
      : '';
  return `${parts.length > 0 ? ` Left out: ${parts.join(', ')}.` : ''}${rejected}`;
}
