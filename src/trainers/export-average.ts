import type { PlattCalibration } from '../core/artifact.ts';
import { AssayerError } from '../core/errors.ts';
import type { AssayLimits } from './assay-limits.ts';
import type { BoostedTrees } from './boosted-trees.ts';
import type { DescriptorEncoding } from './descriptor-encoding.ts';
import { addBoostedTrees } from './export-boosted-trees.ts';
import { addGaussianProcess } from './export-gaussian-process.ts';
import { addMlpEnsemble } from './export-mlp-ensemble.ts';
import { addSpread } from './export-spread.ts';
import type { GaussianProcess } from './gaussian-process.ts';
import {
  addBits,
  addEncodedDescriptors,
  MODEL_INPUTS,
  MODEL_OUTPUTS,
  SPREAD_OUTPUT,
} from './graph-inputs.ts';
import { addOutput } from './graph-output.ts';
import type { MlpEnsemble } from './mlp-ensemble.ts';
import { OnnxGraph } from './onnx.ts';
import type { SpreadModel } from './spread.ts';

/** Models of one set of training rows, each with the factor of its score (average.ts); those left out are absent. */
export interface AveragedModels {
  readonly process?: { readonly model: GaussianProcess; readonly factor: number };
  readonly ensemble?: { readonly model: MlpEnsemble; readonly factor: number };
  readonly trees?: { readonly model: BoostedTrees; readonly factor: number };
}

/**
 * One ONNX graph (opset 17, and ai.onnx.ml 3 where there are trees) of the models' scores times their factors, added
 * up, and of the spread where one is given. The fingerprints are unpacked once. Same arguments, same bytes.
 * @throws ERR_INTERNAL when the models encode descriptors differently, or there is none
 */
export function exportAverage(
  models: AveragedModels,
  calibration: PlattCalibration | null,
  limits: AssayLimits | null = null,
  spread: SpreadModel | null = null,
): Uint8Array {
  const { process, ensemble, trees } = models;
  const graph = new OnnxGraph();
  const unpacked = addBits(graph);
  const encoding = commonEncoding(models);
  const encoded = encoding ? addEncodedDescriptors(graph, encoding) : '';
  const terms: string[] = [];
  const add = (name: string, score: string, factor: number) => {
    terms.push(graph.node('Mul', [score, graph.float32(`${name}_factor`, [factor])]));
  };
  if (process) add('process', addGaussianProcess(graph, process.model, unpacked, encoded), process.factor);
  if (ensemble)
    add('ensemble', addMlpEnsemble(graph, ensemble.model, unpacked.bits, encoded), ensemble.factor);
  if (trees) add('trees', addBoostedTrees(graph, trees.model, unpacked.bits), trees.factor);
  if (terms.length === 0) throw new AssayerError('ERR_INTERNAL', { problem: 'an average of no models' });
  addOutput(graph, graph.node('Sum', terms), { calibration, limits });
  if (spread) addSpread(graph, spread, unpacked.bits);
  return graph.finish('average', MODEL_INPUTS, spread ? [...MODEL_OUTPUTS, SPREAD_OUTPUT] : MODEL_OUTPUTS);
}

function commonEncoding({ process, ensemble }: AveragedModels): DescriptorEncoding | undefined {
  const [first, second] = [process, ensemble].flatMap((part) => (part ? [part.model.encoding] : []));
  const equal = (a: Float32Array, b: Float32Array) => a.every((value, d) => value === b[d]);
  if (first && second && !(equal(first.means, second.means) && equal(first.scales, second.scales))) {
    throw new AssayerError('ERR_INTERNAL', { problem: 'models to average were fitted to different rows' });
  }
  return first;
}
