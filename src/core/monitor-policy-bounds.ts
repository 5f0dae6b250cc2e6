/** What a bound of a monitor's policy may be, and why its default is what it is. */
export interface PolicyBound {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  /** '' for a pure number */
  readonly unit: string;
  readonly meaning: string;
  /** Where the default comes from. */
  readonly source: string;
}

const share = (least: number, most: number, meaning: string, source: string): PolicyBound => ({
  least,
  most,
  whole: false,
  unit: '',
  meaning,
  source,
});

const count = (least: number, most: number, unit: string, meaning: string, source: string): PolicyBound => ({
  least,
  most,
  whole: true,
  unit,
  meaning,
  source,
});

const days = (least: number, meaning: string, source: string): PolicyBound => ({
  least,
  most: 3650,
  whole: false,
  unit: 'days',
  meaning,
  source,
});

/** Every number of a policy by its path. docs/policies.md shows the same table; a test keeps both equal. */
export const POLICY_BOUNDS: Readonly<Record<string, PolicyBound>> = {
  'checks.alpha': share(
    1e-6,
    0.5,
    'false-alarm probability of a check, over all its streams, and of the sequential test over its whole life; a check made at a larger one is not judged',
    'the default of `assayer drift`',
  ),
  'checks.permutations': count(
    19,
    1e6,
    'permutations',
    'a check made with fewer is not judged',
    'the default of `assayer drift`; the smallest p is then 0.001',
  ),
  'checks.seed': count(
    0,
    2 ** 32 - 1,
    '',
    'of every random choice of a check; another one is not judged, so that nobody draws until it fits',
    'the default of `assayer drift`',
  ),
  'driftOnly.sustained': count(
    1,
    100,
    'checks',
    'consecutive evaluable checks that drift',
    'one check in twenty alarms by chance, two in a row about one in four hundred',
  ),
  'driftOnly.cooldownDays': days(
    0,
    'from widening or narrowing until the monitoring may change again',
    'a week: one round of submissions in most teams',
  ),
  'driftOnly.intervalFactor': share(
    0.01,
    1,
    'the time between checks is multiplied by it',
    'twice as many checks',
  ),
  'driftOnly.extraSeries': count(
    0,
    1000,
    'series',
    'chemical series that moved the most and are watched by themselves',
    'as many as a drift report shows',
  ),
  'driftOnly.labelsAsked': count(
    0,
    100_000,
    'compounds',
    'measurements asked for, where they say most',
    'the fewest rows that any test of a check judges',
  ),
  'driftOnly.steadyChecks': count(
    1,
    100,
    'checks',
    'consecutive evaluable checks without drift, after which a widened monitor returns to normal',
    'one more than it took to widen',
  ),
  'outOfDomain.sustained': count(
    1,
    100,
    'checks',
    'consecutive evaluable checks with drift and low coverage, or with a proxy mismatch',
    'as for drift alone',
  ),
  'outOfDomain.cooldownDays': days(
    0,
    'from freezing until it may be done again (after an approved resume)',
    'a week, as for drift alone',
  ),
  'outOfDomain.coverageBelow': share(
    0.01,
    0.94,
    'domain coverage has fallen where the upper end of its 95 % interval lies below; 0.95 where nothing moved',
    'below it a drift check withholds estimates: four times as many compounds as expected are outside',
  ),
  'sustainedLoss.alpha': share(
    1e-6,
    0.5,
    'the risk process must have reached 1 / alpha; the chance that it ever does while the loss is within what is tolerated',
    'as for the checks',
  ),
  'sustainedLoss.toleratedExcess': share(
    0,
    10,
    'mean loss beyond that of held-out compounds, in parts of it, that the risk process takes for no loss',
    'what the release gate takes for no worse (`noWorse.relativeLoss`)',
  ),
  'sustainedLoss.sustained': count(
    1,
    100,
    'checks',
    'consecutive evaluable checks at which the risk process stands at or above 1 / alpha',
    'the process alone keeps alpha; the second check is for labels that are revised in between',
  ),
  'sustainedLoss.cooldownDays': days(
    0,
    'from freezing until it may be done again (after an approved resume)',
    'two weeks: time to look at a release that somebody has resumed',
  ),
  'sustainedLoss.minMaturity': share(
    0.5,
    1,
    'share of the labels expected to have arrived; with less the loss is not judged and nothing is retrained',
    'a drift check judges no performance below it',
  ),
  'sustainedLoss.minEffectiveLabels': count(
    20,
    1e6,
    'labels',
    'effective sample size of the weighted labels; with less the loss is not judged',
    'the mean absolute error of normal errors is then known to about 21 % either way (1.96 x 0.756 / sqrt(50))',
  ),
  'retrain.minRelativeLoss': share(
    0,
    10,
    'mean loss beyond that of held-out compounds, in parts of it, that is worth a retrain',
    'twice what is tolerated, so that a retrain that recovers half of it is told apart at the release gate',
  ),
  'retrain.delayAlpha': share(
    0.001,
    0.5,
    'labels are biased where the test that their loss depends on their delay has p at or below',
    'the usual level',
  ),
  'retrain.cooldownDays': days(
    1,
    'from one retrain to the next, of whatever release',
    'a month: time to label what the new model says',
  ),
};
