import { join } from 'node:path';
import type { Manifest } from '../../core/artifact.ts';
import { AssayerError } from '../../core/errors.ts';
import { ARTIFACT_FILES } from '../../store/artifact-folder.ts';
import type { Dataset } from '../dataset.ts';
import type { Engine } from '../engine.ts';
import { evaluate } from '../evaluate.ts';
import type { ModelArtifact, ModelEntry } from '../models.ts';
import { rowsToScore, scoreRows } from '../score-rows.ts';
import type { Provenance } from './provenance-rule.ts';
import type { RawRows } from './raw-rows.ts';
import type { SplitResult } from './split-report.ts';

/** The manifest's figures belong to the float64 fit, the artifact answers in float32. */
const FIGURE_TOLERANCE = 2e-3;

/**
 * Answers of a stored artifact for the test rows of its recipe.
 * @throws ERR_NOT_COMPARABLE where they are other rows than those of its manifest, ERR_MODEL_CORRUPT where the figures
 *   are not those of its manifest, ERR_NO_BACKEND
 */
export async function scoreArtifact(
  engine: Engine,
  entry: ModelEntry,
  artifact: ModelArtifact,
  dataset: Dataset,
  raw: RawRows,
  provenance: Provenance,
): Promise<SplitResult> {
  const { manifest, model, fingerprints } = artifact;
  requireSameRows(manifest, dataset);
  const name = `${manifest.endpoint.id}@${manifest.version}`;
  const { predictor } = await engine.loadPredictor(model, name);
  await using _ = predictor;
  await using index = await engine.createNeighborIndex(fingerprints);
  const { test, testBounds, train } = dataset;
  const answers = await predictor.predict(test.fingerprints, test.descriptors, test.y.length);
  const mean = train.y.reduce((sum, label) => sum + label, 0) / train.y.length;
  const rows = await scoreRows(rowsToScore(dataset), answers, index, mean);
  const figures = evaluate(manifest.endpoint.kind, rows, manifest.calibration);
  requireSameFigures(entry, manifest, figures, rows.actual.length);
  return {
    split: 'fixed',
    heldOut: null,
    how: `the rows that the figures of the manifest are of (${manifest.split.name}); this artifact itself`,
    kind: manifest.endpoint.kind,
    rows,
    calibration: manifest.calibration,
    counts: {
      training: train.y.length,
      trainingBounds: dataset.trainBounds.y.length,
      test: rows.actual.length,
      testRejected: dataset.rejectedTestY.length,
      leftOut: {},
    },
    accepted: test,
    domain: manifest.domain,
    origin: provenance.origin.map(({ by, labels }) => ({
      by,
      labels: raw.test.map(({ row }) => labels[row]),
    })),
    bounds: testBounds,
    boundAnswers:
      testBounds.y.length > 0
        ? await predictor.predict(testBounds.fingerprints, testBounds.descriptors, testBounds.y.length)
        : { values: [], spreads: null },
  };
}

/** Refuses rows that the manifest's figures are not of. */
function requireSameRows(manifest: Manifest, { versions }: Dataset): void {
  const differing = [
    ['assay source', manifest.dataset.assaySource, versions.assaySource],
    ['raw compound set', manifest.dataset.compounds, versions.compounds],
    ['split rule', manifest.split.hash, versions.split],
    ['evaluation set', manifest.evaluation.hash, versions.evaluation],
  ].filter(([, stated, found]) => stated !== found);
  if (differing.length === 0) return;
  throw new AssayerError('ERR_NOT_COMPARABLE', {
    left: `${manifest.endpoint.id}@${manifest.version} (as its manifest has them)`,
    right: 'the same model on the rows of the data folder',
    difference: differing.map(([what]) => what).join(', '),
  });
}

function requireSameFigures(
  entry: ModelEntry,
  manifest: Manifest,
  figures: ReturnType<typeof evaluate>,
  rows: number,
): void {
  const corrupt = (problem: string) =>
    new AssayerError('ERR_MODEL_CORRUPT', {
      model: `${entry.endpoint}@${entry.version}`,
      problem,
      path: join(entry.folder, ARTIFACT_FILES.manifest),
    });
  if (manifest.evaluation.rows !== rows) {
    throw corrupt(`its manifest says ${manifest.evaluation.rows} evaluation rows, there are ${rows}`);
  }
  // One row may cross the end of its interval.
  const tolerance = FIGURE_TOLERANCE + 1.001 / rows;
  for (const [name, { value }] of Object.entries(manifest.metrics)) {
    const found = figures[name]?.value ?? Number.NaN;
    if (Math.abs(found - value) <= tolerance) continue;
    throw corrupt(
      `its manifest says ${name} ${value.toFixed(4)}, on the same rows its graph gives ${found.toFixed(4)}`,
    );
  }
}
