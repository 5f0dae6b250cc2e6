import type { Manifest } from '../../../core/artifact.ts';
import type { SplitReport } from '../report-schema.ts';
import type { SplitResult } from '../split-report.ts';
import { calibrationByDistance } from './distance.ts';
import { predictedAgainstMeasured, probabilitiesOfClasses, residualsOverPrediction } from './measured.ts';
import { reliabilityOfClasses, reliabilityOfValues } from './reliability.ts';

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
  { endpoint }: Manifest,
  { kind, rows }: SplitResult,
  report: SplitReport,
): Record<string, string> {
  if (kind === 'classification') {
    return {
      'reliability.svg': reliabilityOfClasses(rows),
      'probabilities.svg': probabilitiesOfClasses(rows),
      'distance.svg': calibrationByDistance(report.distance, kind),
    };
  }
  // The part of the scale's name after a comma or semicolon tells its limits, not its unit.
  const scale = endpoint.modelledScale.split(/[,;=]/)[0].trim();
  return {
    'reliability.svg': reliabilityOfValues(rows, scale),
    'measured.svg': predictedAgainstMeasured(rows, scale),
    'residuals.svg': residualsOverPrediction(rows, scale),
    ...(report.overall.observed !== null && { 'coverage.svg': calibrationByDistance(report.distance, kind) }),
  };
}
