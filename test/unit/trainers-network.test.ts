import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { createNetwork } from '../../src/backends/wasm/mlp.ts';
import type { NetworkInputs, NetworkOptions } from '../../src/core/network.ts';
import { philox, philoxKey } from '../../src/core/philox.ts';
import { seededRandom } from '../../src/core/random.ts';

const kernels = new URL('../../kernels/', import.meta.url).pathname;

/** Rows with up to five of `bitCount` bits (the second row has none) and three dense inputs. */
function inputsOf(rows: number, bitCount: number): NetworkInputs {
  const random = seededRandom(rows);
  const starts = new Uint32Array(rows + 1);
  const bits: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let bit = 0; bit < bitCount; bit++) if (row !== 1 && random() < 0.3) bits.push(bit);
    starts[row + 1] = bits.length;
  }
  const dense = Float32Array.from({ length: rows * 3 }, () => random() * 2 - 1);
  return { starts, bits: Uint16Array.from(bits), bitCount, dense, denseCount: 3 };
}

/** A layer's matrix, [inputs + 1][outputs], the last row the bias. */
type Matrix = number[][];

function matrixOf(weights: Float32Array, outputs: number): Matrix {
  const rows = weights.length / outputs;
  return Array.from({ length: rows }, (_, i) => [...weights.subarray(i * outputs, (i + 1) * outputs)]);
}

/** Dense inputs of a row with dropped bits left out, by the counters that kernels/mlp/mlp.c states. */
function textbookInput(inputs: NetworkInputs, row: number, keep: (entry: number) => boolean, share: number) {
  const x = new Array<number>(inputs.bitCount + inputs.denseCount).fill(0);
  for (let at = inputs.starts[row], entry = 0; at < inputs.starts[row + 1]; at++, entry++) {
    if (keep(entry)) x[inputs.bits[at]] = 1 / share;
  }
  for (let d = 0; d < inputs.denseCount; d++)
    x[inputs.bitCount + d] = inputs.dense[row * inputs.denseCount + d];
  return x;
}

/** One step of Adam by plain loops over dense arrays in float64; returns the new matrices. */
function textbookStep(
  inputs: NetworkInputs,
  options: NetworkOptions,
  matrices: Matrix[],
  rows: number[],
  slopeOf: (row: number, output: number) => number,
  rate: number,
): Matrix[] {
  const key = philoxKey(options.seed);
  const gradients = matrices.map((matrix) => matrix.map((row) => row.map(() => 0)));
  rows.forEach((row, b) => {
    const keepOf = (layer: number) => {
      const chance = Math.round((1 - options.dropout[layer]) * 65536);
      const share = chance / 65536;
      const keep = (entry: number) => {
        if (chance === 65536) return true;
        const out = new Uint32Array(4);
        philox(Uint32Array.of(entry >> 3, (layer << 16) | b, 0, 0), key, out);
        const word = out[(entry & 7) >> 1];
        return (entry & 1 ? word >>> 16 : word & 0xffff) < chance;
      };
      return { keep, share };
    };
    const first = keepOf(0);
    const values = [textbookInput(inputs, row, first.keep, first.share)];
    const slopesThrough: number[][] = [values[0].map(() => 1)];
    let sums: number[] = [];
    matrices.forEach((matrix, layer) => {
      sums = matrix[0].map((_, j) =>
        [...values[layer], 1].reduce((sum, value, i) => sum + value * matrix[i][j], 0),
      );
      if (layer === matrices.length - 1) return;
      const { keep, share } = keepOf(layer + 1);
      let entry = 0;
      const through = sums.map((sum) => (sum > 0 && keep(entry++) ? 1 / share : 0));
      slopesThrough.push(through);
      values.push(sums.map((sum, j) => sum * through[j]));
    });
    let slopes = [slopeOf(row, sums[0]) / rows.length];
    for (let layer = matrices.length - 1; layer >= 0; layer--) {
      [...values[layer], 1].forEach((value, i) => {
        slopes.forEach((slope, j) => {
          gradients[layer][i][j] += value * slope;
        });
      });
      slopes = values[layer].map(
        (_, i) =>
          slopesThrough[layer][i] * slopes.reduce((sum, slope, j) => sum + slope * matrices[layer][i][j], 0),
      );
    }
  });
  // The first step: both moments are the gradient's own, once their start from zero is corrected.
  return matrices.map((matrix, layer) =>
    matrix.map((row, i) =>
      row.map((weight, j) => {
        const gradient = gradients[layer][i][j];
        const decay = i < matrix.length - 1 ? options.decay[layer] : 0;
        return weight * (1 - rate * decay) - (rate * gradient) / (Math.abs(gradient) + 1e-8);
      }),
    ),
  );
}

const slopeOf = (row: number, output: number) => output - (row % 3);

// The kernel works on 16 and on 4 outputs at a time; batches of the largest size and smaller.
describe.each([
  { rows: 9, bits: 11, hidden: [20, 4], batch: 5, dropout: [0, 0, 0] },
  { rows: 9, bits: 40, hidden: [20, 8], batch: 9, dropout: [0.3, 0.5, 0.2] },
  { rows: 1, bits: 8, hidden: [4], batch: 3, dropout: [0, 0.4] },
  { rows: 4, bits: 9, hidden: [36, 16, 4], batch: 4, dropout: [0.1, 0, 0, 0] },
])('network of $hidden units, dropout $dropout', ({ rows, bits, hidden, batch, dropout }) => {
  const inputs = inputsOf(rows, bits);
  const options: NetworkOptions = { hidden, dropout, decay: [2, 1, 0.5, 0.1], batch, seed: 2 ** 33 + 5 };
  const widths = [...hidden, 1];
  const all = Uint32Array.from({ length: rows }, (_, i) => i);
  const read = (network: ReturnType<typeof createNetwork>) =>
    widths.map((width, layer) => matrixOf(network.weights(layer), width));

  it('steps as the textbook does', () => {
    const network = createNetwork(inputs, options);
    const before = read(network);
    const chosen = all.subarray(0, batch);
    network.step(chosen, slopeOf, 0.01);
    // After one step the averages are the weights.
    const expected = textbookStep(inputs, options, before, [...chosen], slopeOf, 0.01);
    read(network).forEach((matrix, layer) => {
      matrix.forEach((row, i) => {
        row.forEach((weight, j) => {
          // Where a gradient is all but zero its sign decides, and float32 sees another one than float64.
          const difference = Math.abs(weight - expected[layer][i][j]);
          expect(difference, `${layer} ${i} ${j}`).toBeLessThan(2e-5);
        });
      });
    });
  });

  it('predicts with the averaged weights, without dropout', () => {
    const network = createNetwork(inputs, options);
    for (let k = 0; k < 3; k++) network.step(all.subarray(0, batch), slopeOf, 0.01);
    const matrices = read(network);
    const expected = [...all].map((row) => {
      let values = textbookInput(inputs, row, () => true, 1);
      matrices.forEach((matrix, layer) => {
        const sums = matrix[0].map((_, j) => [...values, 1].reduce((sum, v, i) => sum + v * matrix[i][j], 0));
        values = layer < matrices.length - 1 ? sums.map((sum) => Math.max(0, sum)) : sums;
      });
      return values[0];
    });
    const predicted = network.predict(all);
    expect(predicted.length).toBe(rows);
    predicted.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(1e-5);
    });
    expect(network.predict(new Uint32Array(0)).length).toBe(0);
  });

  it('gives the same bytes again, and others with another seed', () => {
    const weightsWith = (seed: number) => {
      const network = createNetwork(inputs, { ...options, seed });
      for (let k = 0; k < 4; k++) network.step(all.subarray(0, batch), slopeOf, 0.01);
      return network.weights(0);
    };
    expect(weightsWith(7)).toEqual(weightsWith(7));
    expect(weightsWith(7)).not.toEqual(weightsWith(8));
  });

  it('predicts with a first layer that was put in its place', () => {
    const network = createNetwork(inputs, options);
    network.replaceFirst(network.weights(0).fill(0));
    // Nothing reaches the second layer, and biases start at zero.
    expect([...network.predict(all)]).toEqual([...all].map(() => 0));
  });
});

test('averaged weights follow: after two steps they are the mean of both', () => {
  const inputs = inputsOf(6, 9);
  const options: NetworkOptions = { hidden: [4], dropout: [0, 0], decay: [0, 0], batch: 6, seed: 1 };
  const all = Uint32Array.from({ length: 6 }, (_, i) => i);
  const network = createNetwork(inputs, options);
  network.step(all, slopeOf, 0.01);
  const first = network.weights(0);
  const standing = createNetwork(inputs, options);
  standing.step(all, slopeOf, 0.01);
  standing.step(all, slopeOf, 0);
  // A step of size zero leaves the weights, and so the mean of both.
  expect(standing.weights(0)).toEqual(first);
  network.step(all, slopeOf, 0.02);
  const second = network.weights(0);
  const furthest = second.reduce((most, weight, i) => Math.max(most, Math.abs(weight - first[i])), 0);
  expect(furthest).toBeGreaterThan(0.005);
  expect(furthest).toBeLessThan(0.015);
});

describe('committed kernel', () => {
  const wanted = readFileSync(join(kernels, 'BUILD.txt'), 'utf8').split('\n')[0];
  let found = 'no clang';
  try {
    found = execFileSync(process.env.CLANG ?? 'clang', ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    // Most machines have no compiler; the kernels are committed for them.
  }

  test.skipIf(found !== wanted)('is what its source compiles to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
    try {
      execFileSync('bash', [join(kernels, 'build.sh'), folder]);
      const built = readFileSync(join(folder, 'mlp/mlp.wasm'));
      expect(Buffer.compare(built, readFileSync(join(kernels, 'mlp/mlp.wasm')))).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
