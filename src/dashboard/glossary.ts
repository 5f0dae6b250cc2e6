import type { Content } from './escape.ts';

/** The statistics of a drift report, each in a sentence or two. */
export const DRIFT_GLOSSARY: readonly (readonly [term: string, meaning: Content])[] = [
  [
    'p',
    'How often chance alone gives a difference as large as the one seen, when nothing has moved: (1 + permutations that reach it) / (B + 1), so never 0.',
  ],
  [
    'α',
    'The false-alarm probability agreed for the check; each stream has its part of it. A stream drifts where p is at most that part.',
  ],
  ['B', 'How many times the two sides were drawn anew by lot, to see what chance does.'],
  [
    'Cluster',
    'Compounds that belong together, a scaffold or a plate. They are not independent, so they change sides together; drawing single compounds would raise false alarms.',
  ],
  ['Scaffold', 'The rings of a compound and what links them (Bemis and Murcko 1996).'],
  [
    'MMD2',
    'Maximum mean discrepancy: how unlike two sets of fingerprints are, 0 on average when both come from the same chemistry (Gretton 2012). Slightly negative values are chance.',
  ],
  [
    'Part of MMD2',
    'How much of MMD2 is due to one series: the mean of the witness function over its compounds.',
  ],
  [
    'Distance',
    '1 − Tanimoto similarity to the nearest training compound: 0 for the same fingerprint, 1 for nothing in common.',
  ],
  [
    'Held-out compounds',
    'Compounds that the model was not trained on. Their distances say how far a new compound usually lies.',
  ],
  ['Domain', 'The distance that 95 % of held-out compounds keep. Beyond it a model is not to be relied on.'],
  [
    'Kolmogorov-Smirnov distance',
    'The largest gap between the cumulative distributions of the two sides, from 0 to 1.',
  ],
  [
    'Held-out AUROC',
    'How well a model tells the batch from the reference: 0.5 when it cannot, 1 when it always can.',
  ],
  [
    'Smallest detectable effect',
    'A real shift of this size would have been found in 80 % of such checks. Smaller ones may be there, unseen: steady is not proof that nothing moved.',
  ],
  [
    'Forecast',
    'What to expect before labels come, if what the model says of itself is true. It tests nothing, so it is neither steady nor drift.',
  ],
  ['Reliability', 'Of compounds given a probability of 0.7, seven in ten should turn out positive.'],
  [
    'Maturity',
    'The share of labels that should have arrived by now, given how long they have taken so far (Kaplan and Meier 1958). At risk are the compounds whose label had not come by a day, and could still be seen to come.',
  ],
];
