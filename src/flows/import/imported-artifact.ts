import { basename } from 'node:path';
import {
  artifactHash,
  type Calibration,
  type Manifest,
  type Metric,
  type UnsignedManifest,
} from '../../core/artifact.ts';
import { contractHash } from '../../core/contract.ts';
import type { EndpointDefinition } from '../../core/endpoint.ts';
import { AssayerError } from '../../core/errors.ts';
import { identity, sha256 } from '../../core/hash.ts';
import { ARTIFACT_FILES } from '../../store/artifact-folder.ts';
import { encodeReference } from '../../store/reference.ts';
import { fitDomain } from '../domain.ts';
import type { Engine } from '../engine.ts';
import { evaluate, type ScoredRows } from '../evaluate.ts';
import { heldOutSimilarities } from '../held-out-similarity.ts';
import type { ImportRequest } from '../import-model.ts';
import { type LabelledTable, labelsHash } from '../labelled-table.ts';
import type { ImportRows } from './import-rows.ts';
import type { ImportedGraph } from './read-graph.ts';

/** What an imported artifact is made of. */
export interface ImportParts {
  readonly request: ImportRequest;
  readonly endpoint: EndpointDefinition;
  readonly graph: ImportedGraph;
  readonly rows: ImportRows;
  readonly calibration: Calibration;
  readonly scored: ScoredRows;
  /** model.onnx */
  readonly onnx: Uint8Array;
}

/**
 * Manifest and reference of an imported model.
 * @throws ERR_MODEL_ANSWERS where the figures show that the answers mean something else than was said
 */
export function importedArtifact(
  engine: Engine,
  { request, endpoint, graph, rows, calibration, scored, onnx }: ImportParts,
): { readonly manifest: Manifest; readonly reference: Uint8Array } {
  const metrics = evaluate(endpoint.kind, scored, calibration);
  requireUse(request.model, endpoint, metrics);
  const { training } = rows;
  const { fingerprints, descriptors, groups, inchikeys, whole, y } = training.rows;
  const reference = encodeReference({
    inchikeys,
    values: Float32Array.from(y),
    // Only who trained a model can predict its training compounds by models that had not seen them.
    heldOut: new Float32Array(y.length).fill(Number.NaN),
    groups,
    whole,
    fingerprints,
  });
  const unsigned: UnsignedManifest = {
    schema: 'assayer.model/1',
    endpoint,
    version: request.version,
    contract: engine.contract,
    contractHash: contractHash(engine.contract),
    dataset: datasetOf(request, endpoint, rows, scored),
    split: {
      name: 'tables given at import',
      hash: identity([training.sha256, rows.evaluation.sha256]),
    },
    trainer: { name: 'imported', sourceHash: graph.sha256, seed: 0, parameters: graph.parameters },
    calibration,
    domain: fitDomain(heldOutSimilarities(fingerprints, groups), descriptors),
    evaluation: { hash: labelsHash(rows.evaluation), rows: scored.actual.length },
    metrics,
    files: { [ARTIFACT_FILES.model]: sha256(onnx), [ARTIFACT_FILES.reference]: sha256(reference) },
  };
  const manifest: Manifest = {
    ...unsigned,
    hash: artifactHash(unsigned),
    build: { ...engine.environment, builtAt: new Date(engine.clock.now()).toISOString() },
  };
  return { manifest, reference };
}

function datasetOf(
  request: ImportRequest,
  endpoint: EndpointDefinition,
  rows: ImportRows,
  scored: ScoredRows,
): UnsignedManifest['dataset'] {
  const { training, evaluation, calibration } = rows;
  const tables = { training, evaluation, ...(calibration && { calibration }) };
  const named = Object.entries(tables);
  const sum = (count: (table: LabelledTable) => number) =>
    named.reduce((total, [, table]) => total + count(table), 0);
  const { assay, species, unit, transform, kind } = endpoint;
  const labels = named.map(([part, { sha256: file, valueColumn }]) => ({ part, file, valueColumn }));
  const rejected = sum(({ rejectedAt }) => rejectedAt.length);
  return {
    hash: identity({
      schema: 'assayer.imported-dataset/1',
      endpoint,
      rows: Object.fromEntries(named.map(([part, table]) => [part, labelsHash(table)])),
    }),
    source: request.source,
    licence: request.licence,
    files: Object.fromEntries(
      named.map(([part, { path, sha256: file }]) => [`${part}/${basename(path)}`, file]),
    ),
    assaySource: identity({ labels, assay, species, unit, transform, kind }),
    compounds: identity(
      named
        .flatMap(
          ([
            ,
            {
              rows: { inchikeys },
            },
          ]) => inchikeys,
        )
        .sort(),
    ),
    counts: {
      kept: sum(({ at }) => at.length) + rejected,
      train: training.at.length,
      trainRejected: training.rejectedAt.length,
      trainParents: new Set(training.rows.inchikeys).size,
      trainGroups: new Set(training.rows.groups).size,
      test: scored.actual.length,
      testRejected: evaluation.rejectedAt.length,
      testDroppedAsSameParentInTrain: rows.evaluationInTraining,
      testWithScaffoldInTrain: sharedScaffolds(evaluation, training),
      ...(calibration && {
        calibration: calibration.at.length,
        calibrationDroppedAsSameParentElsewhere: rows.calibrationElsewhere,
        calibrationWithScaffoldInTrain: sharedScaffolds(calibration, training),
      }),
    },
    curation: {
      rawRows: sum(({ fileRows }) => fileRows),
      conflictCompounds: rows.conflictCompounds,
      dropped: {
        'no-value': sum(({ withoutValue }) => withoutValue),
        rejected,
        'same-parent-in-another-table': rows.evaluationInTraining + rows.calibrationElsewhere,
      },
    },
  };
}

/** How many rows have the scaffold of a row of another table; compounds without rings have none. */
function sharedScaffolds({ rows }: LabelledTable, other: LabelledTable): number {
  const known = new Set(other.rows.scaffolds);
  return rows.scaffolds.filter((scaffold) => scaffold !== '' && known.has(scaffold)).length;
}

/**
 * Refuses a model that is surely worse than knowing nothing: its answers mean something else than was said, such as the
 * other class, or values on another scale.
 */
function requireUse(
  path: string,
  { kind, unit, modelledScale }: EndpointDefinition,
  metrics: Readonly<Record<string, Metric>>,
): void {
  const refuse = (name: string, { value, low, high }: Metric, advice: string) => {
    const figure = `${name} ${value.toFixed(3)} (95 % interval ${low.toFixed(3)} to ${high.toFixed(3)})`;
    const problem = `on the evaluation rows they are worse than no model: ${figure}. ${advice}`;
    return new AssayerError('ERR_MODEL_ANSWERS', { path, problem });
  };
  const { AUROC, R2 } = metrics;
  if (kind === 'classification' && AUROC.high < 0.5) {
    throw refuse('AUROC', AUROC, 'Check that the output is the probability of class 1');
  }
  if (kind === 'regression' && R2.high < 0) {
    const advice = `The output must be on the modelled scale (${modelledScale}), the labels in the unit (${unit})`;
    throw refuse('R2', R2, advice);
  }
}
