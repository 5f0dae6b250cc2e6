import type { Manifest } from '../core/artifact.ts';
import { AssayerError } from '../core/errors.ts';
import { MODEL_NAMES } from './fit-model.ts';
import { knownMissTexts } from './known-misses.ts';
import type { DatasetRecipe } from './recipes.ts';
import { bulletList, CALIBRATION_ERROR_NOTE, markdownTable } from './validation/figure-text.ts';
import { findingsOf } from './validation/findings.ts';
import { CARD_PLOTS } from './validation/plots/plots.ts';
import type { Validation } from './validation/report-schema.ts';
import { sliceTable, splitTable } from './validation/report-text.ts';

/**
 * The model card, in Markdown: what the model predicts, from what, how well, where not to trust it.
 * @param validation  of this artifact; without one the card has the figures of its manifest alone
 * @throws ERR_INTERNAL where the validation is of another artifact
 */
export function modelCard(
  manifest: Manifest,
  recipe: DatasetRecipe,
  validation: Validation | null = null,
): string {
  const { endpoint, dataset, split, trainer, calibration, domain, metrics } = manifest;
  if (validation !== null && validation.model.hash !== manifest.hash) {
    const problem = `a card of ${manifest.hash} was asked for with the validation of ${validation.model.hash}`;
    throw new AssayerError('ERR_INTERNAL', { problem });
  }
  const found = validation && findingsOf(validation);
  const figures = Object.entries(metrics).map(([name, { value, low, high }]) => [
    name,
    value.toFixed(3),
    `${low.toFixed(3)} to ${high.toFixed(3)}`,
  ]);
  return `# ${endpoint.title} (${endpoint.id}, version ${manifest.version})

${endpoint.title}, ${endpoint.kind === 'classification' ? 'as a probability' : `in ${endpoint.unit}`}; modelled as ${endpoint.modelledScale}. ${sentence(endpoint.direction)}
Cut-offs people use: ${recipe.cutoffs}.

${found ? `## Strengths\n${bulletList(found.strengths)}\n\n` : ''}## Weak spots
${bulletList([
  ...knownMissTexts(manifest),
  ...(found ? found.weakSpots : []),
  sentence(recipe.weakSpots),
  calibration.kind === 'conformal'
    ? 'Intervals hold on average over compounds like the training scaffolds, not for every single compound or series.'
    : 'The probability is calibrated over scaffolds like those of training, not for every single series.',
  'The features do not see stereochemistry: stereoisomers get the same prediction. Tautomers are taken as written. Similarity 1 means equal bits, which homologues can have (cyclohexane and cyclododecane), not the same compound.',
  "Held-out predictions keep the scaling of descriptors and the Gaussian process's kernel, which were fitted with all training rows.",
])}

## Figures on the held-out test rows
Split: ${split.name}. Intervals: 95 %, bootstrap over whole scaffolds.${endpoint.kind === 'regression' ? ' Errors are on the modelled scale.' : ` ${CALIBRATION_ERROR_NOTE}`}

${markdownTable(['figure', 'value', '95 % interval'], figures)}
${validation ? `\n${validationText(validation)}\n` : ''}
## Uncertainty and domain
${calibrationText(manifest)}

A compound is in the domain when its nearest training compound has a Tanimoto similarity of at least
${domain.minSimilarity.toFixed(3)} (Morgan radius 2, 2,048 bits; 5 % of the training compounds would fail if their own scaffold
were unknown) and no descriptor lies further than ${domain.maxDescriptorZ.toFixed(1)} standard deviations from the training mean (1 % would fail).

## Data
${sentence(endpoint.assay)}${endpoint.species === 'none' ? '' : ` Species: ${endpoint.species}.`} Source: ${recipe.source}. Licence: ${recipe.licence}.
${recipe.notes}

${curationText(manifest)}

${bulletList(
  Object.entries(dataset.counts)
    .filter(([, value]) => value > 0)
    .map(([name, value]) => `${COUNT_TEXTS[name] ?? name}: ${value.toLocaleString('en')}`),
)}

## Model
${modelText(manifest)}

## Identity
Artifact \`${manifest.hash}\`
Dataset \`${dataset.hash}\`
Feature contract \`${manifest.contractHash}\`
Trainer ${trainer.name}, seed ${trainer.seed}; its parameters stand in manifest.json.
`;
}

/** Figures by split and by distance, and the plot that shows whether the model keeps its promises. */
function validationText(validation: Validation): string {
  const { kind, splits, impossible, refits, testCompoundsInTraining } = validation;
  const [fixed] = splits;
  const plot = CARD_PLOTS[kind];
  const trainer = refits?.sameTrainer === false ? ' (by another version of the trainer)' : '';
  const refitted =
    splits.length > 1 ? ` For the other splits the whole model was fitted anew${trainer}.` : '';
  const leak =
    testCompoundsInTraining > 0
      ? ` **${testCompoundsInTraining} test compounds are among its training compounds.**`
      : '';
  const hows = new Map(splits.filter(({ split }) => split !== 'fixed').map(({ split, how }) => [split, how]));
  for (const { split, reason } of impossible) {
    hows.set(split, [hows.get(split), `not possible: ${reason}`].filter(Boolean).join('; '));
  }
  const sections = [
    `### By split\nSplit fixed is this artifact on the test rows.${refitted}${leak}`,
    splitTable(validation),
    ...(hows.size > 0 ? [bulletList([...hows].map(([split, how]) => `${split}: ${how}`))] : []),
    '### By distance to training (test rows)',
    sliceTable('similarity to the nearest training compound', fixed.distance, kind),
    ...(kind === 'regression' && fixed.overall.observed === null
      ? []
      : [`![${plot.caption}](validation/${plot.file})`]),
    'By origin and by series, and more plots: [validation/report.md](validation/report.md).',
  ];
  return sections.join('\n\n');
}

const COUNT_TEXTS: Readonly<Record<string, string>> = {
  kept: 'Rows kept by the recipe',
  train: 'Training rows with a value',
  trainBounds: 'Training rows with a bound alone (fitted as bounds)',
  trainRejected: 'Training rows rejected by the chemistry',
  trainDroppedAsSameParentInTest: 'Training rows dropped because the same parent stands in the test rows',
  trainParents: 'Different compounds among them (salts and mixtures are records of their parent)',
  trainGroups: 'Groups that are held out together for calibration (scaffold, or equal fingerprint)',
  test: 'Test rows with a value (scored)',
  testBounds: 'Test rows with a bound alone (not scored)',
  testWithScaffoldInTrain: 'Test rows whose parent has the scaffold of a training row',
  testWithFingerprintInTrain: 'Test rows with the fingerprint of a training row',
  testRejected: 'Test rows rejected by the chemistry (scored as the training mean)',
};

/** What was dropped of the raw file, by reason (docs/endpoints.md says what each means). */
function curationText({ endpoint, dataset: { curation } }: Manifest): string {
  const dropped = Object.entries(curation.dropped)
    .filter(([, rows]) => rows > 0)
    .map(([reason, rows]) => `${reason} ${rows.toLocaleString('en')}`);
  const conflicts = curation.conflictCompounds.toLocaleString('en');
  return `Of ${curation.rawRows.toLocaleString('en')} raw rows these were not used: ${dropped.join(', ') || 'none'}. Compounds whose rows contradict each
other: ${conflicts}. \`assayer train ${endpoint.id} --dataset-only --curation-report FILE\` lists every such row.`;
}

const MODEL_TEXTS: Readonly<Record<(typeof MODEL_NAMES)[number], string>> = {
  process: 'Gaussian process (Tanimoto times rational quadratic kernel)',
  networks: 'Ensemble of small networks',
  trees: 'Boosted trees',
};

/** The models that are averaged, their weights, and what each would lose alone. */
function modelText({ trainer: { parameters }, endpoint }: Manifest): string {
  const figure = (name: string) => Number(parameters[name]).toFixed(3);
  const rows = MODEL_NAMES.map((name) => {
    const weight = Number(parameters[`${name}.weight`]);
    return [MODEL_TEXTS[name], weight > 0 ? weight.toFixed(2) : 'left out', figure(`${name}.heldOutLoss`)];
  });
  const loss =
    endpoint.kind === 'classification'
      ? "share of the labels' variance that the scores leave unexplained"
      : 'mean absolute error';
  return `An average of models of Morgan bits and 43 descriptors. Weights are chosen inside the training rows, on scaffolds that the
models had not seen; the loss is the ${loss} there.

${markdownTable(['model', 'weight', 'loss alone'], rows)}

Loss of the average: ${figure('heldOutLoss')}.`;
}

function calibrationText({ calibration, endpoint }: Manifest): string {
  if (calibration.kind === 'none')
    return 'No held-out rows were given: there are no intervals, and probabilities are as the model gives them.';
  if (calibration.kind === 'platt') {
    return `The raw score is made a probability by a sigmoid (Platt scaling: slope ${calibration.slope.toFixed(3)}, offset ${calibration.offset.toFixed(3)}),
fitted to training compounds predicted by models that had not seen their scaffold (four folds of whole scaffolds).`;
  }
  const isPredicted = calibration.spread === 'predicted';
  const rows = calibration.edges.map((edge, i) => {
    const next = calibration.edges[i + 1];
    const range =
      next === undefined ? `${edge.toFixed(3)} and above` : `${edge.toFixed(3)} to ${next.toFixed(3)}`;
    return [range, calibration.halfWidths[i].toFixed(2), calibration.counts[i].toLocaleString('en')];
  });
  const scale = endpoint.transform === 'identity' ? '' : ' Half-widths are on the modelled scale.';
  const width = isPredicted
    ? ' The half-width is the spread that the model predicts for the compound, times a factor that depends on that similarity.'
    : scale;
  return `${calibration.coverage * 100} % conformal intervals: the half-width depends on the similarity to the nearest training compound, and comes
from training compounds predicted by models that had not seen their scaffold (four folds of whole scaffolds).${width}

${markdownTable(
  [
    'similarity to the nearest training compound',
    isPredicted ? 'factor of the spread' : 'half-width',
    'compounds behind it',
  ],
  rows,
)}`;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
