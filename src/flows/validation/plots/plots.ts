import type { Manifest } from '../../../core/artifact.ts';
import { titleOf } from '../figure-text.ts';
import type { SplitReport } from '../report-schema.ts';
import type { SplitResult } from '../split-report.ts';
import { calibrationByDistance } from './distance.ts';
import { predictedAgainstMeasured, probabilitiesOfClasses, residualsOverPrediction } from './measured.ts';
import { binnedBias, reliabilityOfClasses } from './reliability.ts';

/** The plot that a card shows, and what it says. */
export const CARD_PLOTS = {
  regression: { file: 'coverage.svg', caption: 'Coverage of the intervals by distance to training' },
  classification: {
    file: 'reliability.svg',
    caption: 'Share of positive compounds against predicted probability',
  },
} as const;

/** Plots of an artifact's answers for its test rows, SVG documents by file name. */
export function plotsOf(
  { endpoint, version }: Manifest,
  { kind, rows }: SplitResult,
  report: SplitReport,
): Record<string, string> {
  const of = `${endpoint.id}@${version}, split ${titleOf(report)}, n = ${rows.actual.length.toLocaleString('en')}`;
  if (kind === 'classification') {
    return {
      'reliability.svg': reliabilityOfClasses(rows, of),
      'probabilities.svg': probabilitiesOfClasses(rows, of),
      'distance.svg': calibrationByDistance(report.distance, kind, of),
    };
  }
  // The part of the scale's name after a comma or semicolon tells its limits, not its unit.
  const scale = endpoint.modelledScale.split(/[,;=]/)[0].trim();
  return {
    'binned-bias.svg': binnedBias(rows, scale, of),
    'measured.svg': predictedAgainstMeasured(rows, scale, of),
    'residuals.svg': residualsOverPrediction(rows, scale, of),
    ...(report.overall.observed !== null && {
      'coverage.svg': calibrationByDistance(report.distance, kind, of),
    }),
  };
}
