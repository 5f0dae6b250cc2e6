import type { MmdKernel } from '../../core/mmd.ts';
import type { MmdFeatures } from './mmd-features.ts';
import type { KernelTile } from './mmd-tiles.ts';
import type { Tensor, TensorEngine } from './tensor-engine.ts';

/** Largest factor of a squared distance: of 1 it gives 0 as any larger one would, and float32 holds it. */
const LARGEST_SCALE = 1e30;

/**
 * Kernel values of two tiles' rows, one kernel after the other. What kernels share is computed once. Each float32 [x.count, y.count], disposed when the next is asked for.
 */
export function* kernelMatrices(
  engine: TensorEngine,
  kernels: readonly MmdKernel[],
  features: MmdFeatures | undefined,
  x: KernelTile,
  y: KernelTile,
): Generator<Tensor, void> {
  const held: Tensor[] = [];
  const hold = (tensor: Tensor) => {
    held.push(tensor);
    return tensor;
  };
  try {
    const shared = hold(engine.matMul(x.bits, y.bits, false, true));
    const setBits = hold(engine.tidy(() => engine.add(engine.reshape(x.setBits, [x.count, 1]), y.setBits)));
    const distances = features && hold(squaredDistances(engine, x, y));
    for (const kernel of kernels) {
      const values = engine.tidy(() => {
        if (kernel.kind === 'tanimoto') return tanimoto(engine, shared, setBits);
        if (kernel.kind === 'rbf-features') {
          return gaussian(engine, distances!, (features!.unit / kernel.bandwidth) ** 2 / 2);
        }
        const differing = engine.sub(setBits, engine.mul(shared, 2));
        return gaussian(engine, differing, 1 / (2 * kernel.bandwidth ** 2));
      });
      try {
        yield values;
      } finally {
        values.dispose();
      }
    }
  } finally {
    for (const tensor of held) tensor.dispose();
  }
}

/** c / union, and 1 where the union is empty. */
function tanimoto(engine: TensorEngine, shared: Tensor, setBits: Tensor): Tensor {
  const union = engine.sub(setBits, shared);
  const bothEmpty = engine.maximum(engine.sub(1, union), 0);
  return engine.add(engine.div(shared, engine.maximum(union, 1)), bothEmpty);
}

function gaussian(engine: TensorEngine, squared: Tensor, scale: number): Tensor {
  return engine.exp(engine.mul(squared, -Math.min(scale, LARGEST_SCALE)));
}

/** |x - y|^2 one dimension at a time; by products instead, rows far from the mean would lose their digits. */
function squaredDistances(engine: TensorEngine, x: KernelTile, y: KernelTile): Tensor {
  const dimensions = x.features![0].shape[0];
  const difference = (part: 0 | 1, d: number) =>
    engine.sub(
      engine.reshape(engine.slice(x.features![part], [d, 0], [1, x.count]), [x.count, 1]),
      engine.slice(y.features![part], [d, 0], [1, y.count]),
    );
  return engine.tidy(() => {
    let sum = engine.tensor(new Float32Array(x.count * y.count), [x.count, y.count], 'float32');
    for (let d = 0; d < dimensions; d++) {
      const before = sum;
      sum = engine.tidy(() =>
        engine.add(before, engine.square(engine.add(difference(0, d), difference(1, d)))),
      );
      before.dispose();
    }
    return sum;
  });
}
