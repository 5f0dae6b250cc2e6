import { join } from 'node:path';
import type { Manifest } from '../core/artifact.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import type { NeighborIndex, Predictor } from '../core/ports.ts';
import { ARTIFACT_FILES, writeArtifactFolder } from '../store/artifact-folder.ts';
import { openWorkspace } from '../store/workspace.ts';
import type { Engine } from './engine.ts';
import type { ScoredRows } from './evaluate.ts';
import { calibrateImport } from './import/calibrate.ts';
import { requireDistinctTables } from './import/distinct-tables.ts';
import { endpointDefinition } from './import/endpoint-definition.ts';
import { importCard } from './import/import-card.ts';
import { type ImportRows, readImportRows, type TablePaths } from './import/import-rows.ts';
import { importedArtifact } from './import/imported-artifact.ts';
import { answersOf, type Probed, probeModel, requireLogits, requireVaried } from './import/probe-model.ts';
import { type GraphRequest, readGraph } from './import/read-graph.ts';
import { requireNamedContract } from './import/required-contract.ts';
import { DATASET_RECIPES } from './recipes.ts';
import { scoreRows } from './score-rows.ts';

export interface ImportRequest extends GraphRequest, TablePaths {
  /** Id of a known endpoint, or of the one that `definition` defines. */
  readonly endpoint: string;
  /** JSON file that defines a new endpoint; null for none. */
  readonly definition: string | null;
  /** `current`, or a JSON file with the contract that the model was trained under. */
  readonly contract: string;
  readonly smilesColumn?: string;
  readonly valueColumn?: string;
  /** Where the training data come from, and under which licence they are. */
  readonly source: string;
  readonly licence: string;
  readonly version: string;
  /** Folder to write `<endpoint>/<version>/` into. */
  readonly modelsFolder: string;
  readonly workspace: string;
  /** Take the place of another artifact of this version. */
  readonly replace: boolean;
}

export interface ImportSummary {
  readonly manifest: Manifest;
  readonly folder: string;
  readonly rows: ImportRows;
}

export interface ImportOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: (step: string) => void;
}

/**
 * Makes an artifact like those that are trained here of an ONNX file from elsewhere: the file is checked, its graph put
 * between our inputs and our output, run on difficult compounds, calibrated where held-out rows are given, and measured
 * on the evaluation rows. Nothing is written unless all of it succeeds. Equal files give equal bytes (`build` in the
 * manifest apart).
 * @throws ERR_USAGE, ERR_CONTRACT_MISMATCH, ERR_ENDPOINT_UNKNOWN, ERR_ENDPOINT_DEFINITION, ERR_MODEL_IMPORT,
 *   ERR_MODEL_INTERFACE, ERR_MODEL_ANSWERS, ERR_INPUT_*, ERR_DATA_*, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function importModel(
  engine: Engine,
  request: ImportRequest,
  { signal, onStep = () => undefined }: ImportOptions = {},
): Promise<ImportSummary> {
  requireVersion(request.version);
  requireDistinctTables(request);
  await requireNamedContract(request.contract, engine.contract, request.model);
  const endpoint = await endpointDefinition(request.endpoint, request.definition, request.modelsFolder);
  onStep('reading the model');
  const graph = await readGraph(request, endpoint.kind);
  await using resources = new AsyncDisposableStack();
  const open = async (onnx: Uint8Array): Promise<Probed> => {
    const predictor = resources.use(await loadImported(engine, onnx, request.model));
    return { path: request.model, predictor, outputKind: graph.outputKind };
  };
  const plain = graph.wrap(null);
  const raw = await open(plain);
  onStep('probe compounds');
  await probeModel(engine, raw, signal);

  onStep('features of the tables');
  const workspace = await openWorkspace(request.workspace);
  const { smilesColumn, valueColumn } = request;
  const recipe = Object.hasOwn(DATASET_RECIPES, endpoint.id) ? DATASET_RECIPES[endpoint.id] : null;
  const reading = {
    endpoint,
    ...(smilesColumn !== undefined && { smilesColumn }),
    ...(valueColumn !== undefined && { valueColumn }),
    ...(recipe?.plausible && { plausible: recipe.plausible }),
  };
  const rows = await readImportRows(engine, request, reading, workspace, signal);
  const training = resources.use(await engine.createNeighborIndex(rows.training.rows.fingerprints));

  const held = rows.calibration?.rows;
  if (held) onStep('calibration');
  const calibration = held
    ? await calibrateImport(endpoint.kind, held, await answersOf(raw, held, held.y.length), training)
    : ({ kind: 'none' } as const);
  const onnx = calibration.kind === 'platt' ? graph.wrap(calibration) : plain;
  const model = calibration.kind === 'platt' ? await open(onnx) : raw;

  onStep('evaluation');
  const evaluated = [rows.evaluation.rows, rows.evaluation.at.length] as const;
  requireVaried(raw, await answersOf(raw, ...evaluated));
  if (graph.outputKind === 'logit') {
    const columns: Float32Array[] = [];
    for (const column of graph.wrapColumns()) {
      columns.push(await answersOf({ ...(await open(column)), outputKind: 'value' }, ...evaluated));
    }
    requireLogits(request.model, columns);
  }
  const scored = await score(model, rows, training);
  const { manifest, reference } = importedArtifact(engine, {
    request,
    endpoint,
    graph,
    rows,
    calibration,
    scored,
    onnx,
  });
  const folder = join(request.modelsFolder, endpoint.id, request.version);
  const files = {
    [ARTIFACT_FILES.model]: onnx,
    [ARTIFACT_FILES.reference]: reference,
    [ARTIFACT_FILES.manifest]: `${JSON.stringify(manifest, null, 2)}\n`,
    [ARTIFACT_FILES.card]: importCard(manifest),
  };
  if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
  await writeArtifactFolder(folder, manifest.hash, files, request.replace);
  return { manifest, folder, rows };
}

function requireVersion(version: string): void {
  if (/^[1-9]\d{0,8}$/.test(version)) return;
  const problem = `Version ${version} is not a whole number. Give 1, 2, 3 and so on.`;
  throw new AssayerError('ERR_USAGE', { problem });
}

/** Loading is the last check of a graph: shapes that do not fit and operators without code for their types show here. */
async function loadImported(engine: Engine, onnx: Uint8Array, path: string): Promise<Predictor> {
  try {
    return (await engine.loadPredictor(onnx, path)).predictor;
  } catch (cause) {
    if (!(cause instanceof AssayerError) || cause.code !== 'ERR_MODEL_CORRUPT') throw cause;
    const problem = `ONNX Runtime refuses it (${cause.details.problem ?? describeCause(cause)})`;
    throw new AssayerError('ERR_MODEL_IMPORT', { path, problem }, { cause });
  }
}

async function score(
  model: Probed,
  { training, evaluation }: ImportRows,
  index: NeighborIndex,
): Promise<ScoredRows> {
  const { rows, rejectedY, fileRows } = evaluation;
  const values = await answersOf(model, rows, rows.y.length);
  // A rejected row is a group of its own: numbers past those of the accepted rows.
  const rejectedGroups = Int32Array.from(rejectedY, (_, i) => fileRows + i);
  const { y } = training.rows;
  const mean = y.reduce((sum, label) => sum + label, 0) / y.length;
  return scoreRows({ accepted: rows, rejectedY, rejectedGroups }, { values, spreads: null }, index, mean);
}
