import { MACHINE_LEARNING_DOMAIN } from './operators.ts';
import { type OnnxModel, readOnnxModel } from './read-model.ts';

/** Largest file, in bytes: it is read whole, and hashed at each use. */
const LARGEST_MODEL_BYTES = 256 << 20;
/** Versions of the format, of ONNX's own operators and of those of classical models that ONNX Runtime 1.30 runs. */
export const IR_VERSIONS = { least: 3, most: 13 };
export const OPSETS = { least: 9, most: 26 };
export const MACHINE_LEARNING_OPSETS = { least: 1, most: 5 };

/** Why a file of this size is not read; null when it is. */
export function sizeProblem(bytes: number): string | null {
  if (bytes <= LARGEST_MODEL_BYTES) return null;
  return `it has ${bytes} bytes, and ${LARGEST_MODEL_BYTES} is the most. Export fewer trees or a smaller network`;
}

/**
 * Reads an ONNX file and checks what does not depend on what is asked of it.
 * @returns the model, or what is wrong with the file, in words
 */
export function openModel(bytes: Uint8Array): OnnxModel | string {
  let model: OnnxModel;
  try {
    model = readOnnxModel(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) return `it is no ONNX file (${cause.message})`;
    throw cause;
  }
  return versionProblem(model) ?? contentProblem(model) ?? model;
}

function versionProblem({ irVersion, opsets }: OnnxModel): string | null {
  const own = opsets.get('');
  const learning = opsets.get(MACHINE_LEARNING_DOMAIN);
  return (
    outside('it is of ONNX format (IR) version', irVersion, IR_VERSIONS) ??
    (own === undefined && learning === undefined ? 'it names no set of operators' : null) ??
    (own === undefined ? null : outside('its operators are of opset', own, OPSETS)) ??
    (learning === undefined
      ? null
      : outside(`its operators are of ${MACHINE_LEARNING_DOMAIN} opset`, learning, MACHINE_LEARNING_OPSETS))
  );
}

function outside(what: string, version: number, { least, most }: typeof OPSETS): string | null {
  if (version >= least && version <= most) return null;
  return `${what} ${version}, and ${least} to ${most} are run here. Export it again with such a target`;
}

function contentProblem({ nodes, functions, hasSparseConstants }: OnnxModel): string | null {
  if (nodes.length === 0) return 'its graph computes nothing';
  if (functions.length > 0) {
    return `it defines functions of its own (${functions.slice(0, 3).join(', ')}), which are not taken. Export it with plain operators`;
  }
  return hasSparseConstants ? 'it holds sparse constants, which are not taken' : null;
}
