import type { Manifest } from '../../core/artifact.ts';

/** card.md of an imported model: what is known of it, who said so, and what was measured here. */
export function importCard(manifest: Manifest): string {
  const { endpoint, dataset, trainer, metrics, domain } = manifest;
  const { parameters } = trainer;
  const figures = Object.entries(metrics).map(
    ([name, { value, low, high }]) =>
      `| ${name} | ${value.toFixed(3)} | ${low.toFixed(3)} to ${high.toFixed(3)} |`,
  );
  const counts = Object.entries(dataset.counts).map(
    ([name, rows]) => `- ${COUNT_TEXTS[name] ?? name}: ${rows.toLocaleString('en')}`,
  );
  return `# ${endpoint.title} (${endpoint.id}, version ${manifest.version}), imported

${endpoint.title}, ${endpoint.kind === 'classification' ? 'as a probability' : `in ${endpoint.unit}`}; modelled as ${endpoint.modelledScale}. ${sentence(endpoint.direction)}
This model was trained elsewhere. What it was trained on is what its importer stated; the figures were measured here.

## Data, as stated
${sentence(endpoint.assay)}${endpoint.species === 'none' ? '' : ` Species: ${endpoint.species}.`} Source: ${dataset.source}. Licence: ${dataset.licence}.

${counts.join('\n')}

Training compounds whose rows contradict each other: ${dataset.curation.conflictCompounds.toLocaleString('en')}. Labels are taken as given: nothing was merged.

## Model
Made by ${parameters.producer}; inputs \`${parameters.inputs}\`, output \`${parameters.output}\` (${parameters.outputKind}); operators: ${parameters.operators}.

## Figures on the evaluation rows
No evaluation row is of a compound of the training table. Intervals: 95 %, bootstrap over whole scaffolds.${endpoint.kind === 'regression' ? ' Errors are on the modelled scale.' : ''}

| figure | value | 95 % interval |
| --- | --- | --- |
${figures.join('\n')}

## Uncertainty and domain
${calibrationText(manifest)}

A compound is in the domain when its nearest training compound has a Tanimoto similarity of at least
${domain.minSimilarity.toFixed(3)} (Morgan radius 2, 2,048 bits) and no descriptor lies further than ${domain.maxDescriptorZ.toFixed(1)} standard deviations from the training mean.

## Weak spots
A calibration holds for compounds as far from training as the calibration rows are: where more of those have a training scaffold
than new compounds will, intervals are too narrow and probabilities too sure.
If the training table is not what the model was trained on, domain, neighbours and figures are wrong, and nothing here can tell.
The features do not see stereochemistry: stereoisomers get the same prediction. Tautomers are taken as written.

## Identity
Artifact \`${manifest.hash}\`
Imported file \`${trainer.sourceHash}\`
Feature contract \`${manifest.contractHash}\`
`;
}

const COUNT_TEXTS: Readonly<Record<string, string>> = {
  kept: 'Rows used of all tables',
  train: 'Training rows',
  trainRejected: 'Training rows rejected by the chemistry',
  trainParents: 'Different compounds among the training rows',
  trainGroups: 'Groups of them (scaffold, or equal fingerprint)',
  test: 'Evaluation rows (scored)',
  testRejected: 'Evaluation rows rejected by the chemistry (scored as the training mean)',
  testDroppedAsSameParentInTrain:
    'Evaluation rows left out because their compound stands in the training table',
  testWithScaffoldInTrain: 'Evaluation rows that have the scaffold of a training row',
  calibration: 'Calibration rows',
  calibrationDroppedAsSameParentElsewhere:
    'Calibration rows left out because their compound stands in another table',
  calibrationWithScaffoldInTrain: 'Calibration rows that have the scaffold of a training row',
};

function calibrationText({ calibration, endpoint }: Manifest): string {
  switch (calibration.kind) {
    case 'none':
      return endpoint.kind === 'classification'
        ? 'No held-out rows were given: probabilities are as the model gives them, not calibrated.'
        : 'No held-out rows were given, so there are no intervals.';
    case 'platt':
      return `Probabilities are calibrated by a sigmoid of their log-odds (slope ${calibration.slope.toFixed(3)}, offset ${calibration.offset.toFixed(3)}), fitted to the calibration rows.`;
    case 'conformal': {
      const { coverage, edges, halfWidths, counts } = calibration;
      const bins = edges.map(
        (edge, i) =>
          `- similarity from ${edge.toFixed(3)}: ${halfWidths[i].toFixed(2)} (${counts[i].toLocaleString('en')} rows)`,
      );
      return `${coverage * 100} % conformal intervals from the calibration rows; half-widths on the modelled scale by similarity to the nearest\ntraining compound:\n\n${bins.join('\n')}`;
    }
  }
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
