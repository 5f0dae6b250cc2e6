import { readFile, stat } from 'node:fs/promises';
import type { PlattCalibration } from '../../core/artifact.ts';
import { AssayerError } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { openModel, sizeProblem } from '../../onnx/check-file.ts';
import { livePart, refusedPart } from '../../onnx/live-part.ts';
import { bindInputs, describeInputs } from '../../onnx/model-input.ts';
import { bindOutput, type OutputKind } from '../../onnx/model-output.ts';
import { MACHINE_LEARNING_DOMAIN } from '../../onnx/operators.ts';
import { describeValue, type OnnxModel } from '../../onnx/read-model.ts';
import { wrapModel } from '../../onnx/wrap-model.ts';
import { inputError } from '../../store/file-error.ts';

/** What the caller says of a model file; '' for what is to be found. */
export interface GraphRequest {
  readonly model: string;
  /** `name=morgan+descriptors,other=bits` */
  readonly inputs: string;
  /** `name` or `name:column` */
  readonly output: string;
  readonly outputKind: OutputKind | '';
}

/** A model file that can be imported. */
export interface ImportedGraph {
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly outputKind: OutputKind;
  /** What the file is and how it is used, for the manifest. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** model.onnx of an artifact: the file's graph between our inputs and our output. */
  wrap(calibration: PlattCalibration | null): Uint8Array;
  /** The file's graph with the numbers of its output as they are, a graph for each column that the prediction is made of. */
  wrapColumns(): Uint8Array[];
}

/**
 * Reads a model file and checks everything that can be known without running it.
 * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_MODEL_IMPORT, ERR_MODEL_INTERFACE
 */
export async function readGraph(
  request: GraphRequest,
  endpointKind: 'regression' | 'classification',
): Promise<ImportedGraph> {
  const { model: path } = request;
  const bytes = await readWithinLimit(path);
  const model = openModel(bytes);
  if (typeof model === 'string') throw refused(path, model);
  const output = bindOutput(model, endpointKind, request.output, request.outputKind);
  if (typeof output === 'string') throw unfit(path, model, output);
  const part = livePart(model, output.tensor);
  const problem = refusedPart(part);
  if (problem !== null) throw refused(path, problem);
  const inputs = bindInputs(part.inputs, request.inputs);
  if (typeof inputs === 'string') throw unfit(path, model, inputs);
  const opset = model.opsets.get('');
  const learning = model.opsets.get(MACHINE_LEARNING_DOMAIN);
  return {
    sha256: sha256(bytes),
    outputKind: output.kind,
    parameters: {
      producer: model.producer || 'not stated',
      inputs: describeInputs(inputs),
      output: output.column === null ? output.name : `${output.name}:${output.column}`,
      outputKind: output.kind,
      irVersion: model.irVersion,
      ...(opset !== undefined && { opset }),
      ...(learning !== undefined && { [`opset.${MACHINE_LEARNING_DOMAIN}`]: learning }),
      operators: [...new Set(part.nodes.map(({ operation }) => operation))].sort().join(' '),
      sizeBytes: bytes.length,
    },
    wrap: (calibration) => wrapModel(model, part, inputs, output, calibration),
    wrapColumns: () =>
      (output.takesSoftmax ? [0, 1] : [output.column]).map((column) =>
        wrapModel(model, part, inputs, { ...output, column, kind: 'value', takesSoftmax: false }, null),
      ),
  };
}

async function readWithinLimit(path: string): Promise<Uint8Array> {
  try {
    const problem = sizeProblem((await stat(path)).size);
    if (problem !== null) throw refused(path, problem);
    return await readFile(path);
  } catch (cause) {
    throw inputError(path, cause);
  }
}

function refused(path: string, problem: string): AssayerError {
  return new AssayerError('ERR_MODEL_IMPORT', { path, problem });
}

function unfit(path: string, { inputs, outputs }: OnnxModel, problem: string): AssayerError {
  const list = (values: OnnxModel['inputs']) => values.map(describeValue).join(', ') || 'none';
  const has = `inputs ${list(inputs)} and outputs ${list(outputs)}`;
  return new AssayerError('ERR_MODEL_INTERFACE', { path, has, problem });
}
