import { describe, expect, it } from 'vitest';
import { referenceLinearAlgebra } from '../../src/backends/reference/linear-algebra.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { seededRandom } from '../../src/core/random.ts';
import { roundToFloat16, toFloat16Bits } from '../../src/trainers/float16.ts';
import { heldOutPredictions } from '../../src/trainers/held-out.ts';
import { minimize } from '../../src/trainers/lbfgs.ts';
import { negativeLogPosterior, solve, startingParameters } from '../../src/trainers/marginal-likelihood.ts';
import { OnnxGraph, readInitializer, TREE_DOMAIN } from '../../src/trainers/onnx.ts';

describe('half precision', () => {
  it('bits and rounded values agree at known points', () => {
    expect([...toFloat16Bits([0, 1, -2, 65504, 2 ** -24, 0.1])]).toEqual([
      0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x2e66,
    ]);
    expect(roundToFloat16(Float64Array.of(1 + 2 ** -11, 0.1))).toEqual(Float64Array.of(1, 0.0999755859375));
  });
});

describe('minimizer', () => {
  it('finds the bottom of a curved valley', async () => {
    const rosenbrock = ([x, y]: Float64Array) => ({
      value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
      gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
    });
    const { x } = await minimize(rosenbrock, Float64Array.of(-1.2, 1), 200);
    expect(x[0]).toBeCloseTo(1, 3);
    expect(x[1]).toBeCloseTo(1, 3);
  });

  it('steps back from where the function is not defined', async () => {
    const barrier = ([x]: Float64Array) =>
      x > 0
        ? { value: x - Math.log(x), gradient: Float64Array.of(1 - 1 / x) }
        : { value: Number.POSITIVE_INFINITY, gradient: Float64Array.of(0) };
    const { x } = await minimize(barrier, Float64Array.of(0.9), 50);
    expect(x[0]).toBeCloseTo(1, 4);
  });
});

describe('marginal likelihood', () => {
  it('has the gradient that finite differences give', () => {
    const random = seededRandom(4);
    const n = 12;
    const z = Float64Array.from({ length: n * DESCRIPTOR_COUNT }, () => random() * 2 - 1);
    const similarities = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) similarities[i * n + j] = i === j ? 1 : 0.3 / (1 + i - j);
    }
    const y = Float64Array.from({ length: n }, () => random() * 3);
    const start = startingParameters(y);
    const at = start.map((v) => v + random() * 0.4 - 0.2);
    const problem = { similarities, z, y };
    const value = (x: Float64Array) => negativeLogPosterior(x, start, problem, referenceLinearAlgebra).value;
    const { gradient } = negativeLogPosterior(at, start, problem, referenceLinearAlgebra);
    const step = 1e-5;
    gradient.forEach((slope, k) => {
      const moved = (by: number) => at.map((v, i) => (i === k ? v + by : v));
      const difference = (value(moved(step)) - value(moved(-step))) / (2 * step);
      expect(Math.abs(slope - difference)).toBeLessThan(1e-6);
    });
  });
});

describe('held-out predictions', () => {
  it('are the same for a large group, taken through the blocked factor, as by elimination', () => {
    const n = 151;
    const random = seededRandom(6);
    const y = Float64Array.from({ length: n }, () => random());
    // Group 0 has 130 rows: above the size from which a group goes through the factor.
    const groups = Int32Array.from({ length: n }, (_, i) => (i < 130 ? 0 : i));
    const inverse = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) inverse[i * n + j] = (i === j ? 3 : 0) + Math.exp(-Math.abs(i - j));
    }
    const { weights, mean, rowSums } = solve(inverse, y);
    const heldOut = heldOutPredictions(inverse, rowSums, weights, y, groups, referenceLinearAlgebra);
    const total = rowSums.reduce((sum, value) => sum + value, 0);
    // The residuals of a group solve its block: put back, they give the weights.
    for (let i = 0; i < 130; i++) {
      let sum = 0;
      for (let j = 0; j < 130; j++) {
        sum += (inverse[i * n + j] - (rowSums[i] * rowSums[j]) / total) * (y[j] - heldOut[j]);
      }
      expect(Math.abs(sum - weights[i])).toBeLessThan(1e-10);
    }
    expect(Number.isFinite(mean)).toBe(true);
  });
});

describe('ONNX writer', () => {
  it('writes lists of numbers and texts, and imports the domain of trees where there are some', () => {
    const graph = new OnnxGraph();
    const plain = graph.finish('test', [], []);
    graph.node('A', ['x'], { some: Float32Array.of(1.5), names: ['p', 'q'] }, 'y', TREE_DOMAIN);
    const withTrees = graph.finish('test', [], []);
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    expect(text(plain)).not.toContain(TREE_DOMAIN);
    expect(text(withTrees).split(TREE_DOMAIN).length).toBe(3);
    expect(text(withTrees)).toContain(text(new Uint8Array(Float32Array.of(1.5).buffer)));
  });

  it('reads back a constant by name, with its shape', () => {
    const graph = new OnnxGraph();
    graph.float32('first', [1, 2, 3, 4], [2, 2]);
    graph.int64('second', [300]);
    graph.node('Identity', ['first'], {}, 'out');
    const bytes = graph.finish('test', [], [{ name: 'out', type: 'float32', dims: [2, 2] }]);
    const first = readInitializer(bytes, 'first');
    expect(first?.dims).toEqual([2, 2]);
    expect(new Float32Array(first?.data.slice().buffer as ArrayBuffer)).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(readInitializer(bytes, 'second')?.type).toBe('int64');
    expect(readInitializer(bytes, 'third')).toBeUndefined();
  });
});
