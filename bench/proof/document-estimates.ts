/** Sections of docs/drift-proof.md on errors: of labels that come late, and of estimates without labels. */
import { table } from '../report-table.ts';
import { number, percent, rate } from './document-figures.ts';
import type { LateLabelsProof } from './late-labels.ts';
import type { SuppressionPoint, SuppressionProof } from './suppression.ts';

export function lateLabelsSection({ settings, cases }: LateLabelsProof): string {
  const rows = cases.map((one) => [
    String(one.rows),
    `${percent(one.arrived)} %`,
    rate(one.weighted),
    rate(one.withoutGroups),
    rate(one.unweighted),
    number(one.bias),
    number(one.unweightedBias),
  ]);
  return `Simulated batches submitted over ${settings.days} days, delays exponential with mean ${settings.meanDelayDays} days, errors that grow with the day of
submission, groups of ${settings.groupSize} that err alike. How many 95 % intervals hold the true mean error: weighted by the chance that a
label had to arrive, the same with groups taken for independent rows, and the plain mean of what has arrived.

${table(['rows', 'arrived', 'weighted', 'weighted, no groups', 'plain mean', 'bias', 'bias of the plain mean'], rows)}`;
}

export function suppressionSection({ estimates }: SuppressionProof): string {
  const rows = estimates.flatMap(({ estimate, title, figure, batch, points }) =>
    points.map((point) => [
      title,
      `${estimate}: ${figure}`,
      String(batch),
      `${percent(point.shareAway)} %`,
      `${percent(point.coverage)} %`,
      rate(point.withheld),
      number(point.meanEstimate),
      number(point.meanTruth),
      rate(point.held),
      rate(point.heldWhereShown),
    ]),
  );
  const failing = estimates.flatMap(({ title, points }) =>
    points.filter(({ held }) => held.high < PROMISED).map((point) => ({ title, point })),
  );
  const named = (chosen: typeof failing) =>
    chosen.length === 0
      ? 'none'
      : chosen.map(({ title, point }) => `${title} (${percent(point.shareAway)} % from away)`).join(', ');
  const mostly = ({ withheld }: SuppressionPoint) => 2 * withheld.alarms > withheld.redraws;
  return `Real compounds and a nearest-neighbour model of half of those at home; batches drawn anew, a share of them from away. How often
the engine withholds the estimate, and how often its 95 % interval holds what the labels then say: were nothing withheld, and
where it is shown. Each row has one model and one part of the compounds that batches are drawn from, so that its counts are of
draws from these. The clearances of the two sources are in different units; the literature's mean is set to the laboratory's.

- Intervals that hold the truth less often than promised, and that are withheld more often than not: ${named(failing.filter(({ point }) => mostly(point)))}.
- Those that are shown more often than not: ${named(failing.filter(({ point }) => !mostly(point)))}. Coverage of the domain cannot see that an assay, a laboratory or the
  kind of compound that is an inhibitor has changed: an estimate without labels takes the model at its word.

${table(['compounds', 'estimate', 'batch', 'from away', 'within domain', 'withheld', 'mean estimate', 'mean truth', 'interval holds', 'where shown'], rows)}`;
}

/** Of a 95 % interval. */
const PROMISED = 0.95;
