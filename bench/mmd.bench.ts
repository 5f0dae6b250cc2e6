/**
 * MMD between two samples of real fingerprints: seconds of CPU by size, beside alibi-detect's MMDDrift in the same run
 * where a Python that has it is named, and the product with the labels beside ONNX Runtime's MatMul.
 *
 *     node bench/mmd.bench.ts --sizes 500,1000,2000,5000 --permutations 999 --runs 6 --python /tmp/venv/bin/python
 *
 * Fingerprints are the first 2,048 bits of library compounds in a seeded order. One thread unless --threads says more.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { createSession } from '../src/backends/ort/session.ts';
import { createWasmBackend } from '../src/backends/wasm/backend.ts';
import { CHUNK, LANES, loadMmdKernel, TABLES_BYTES } from '../src/backends/wasm/mmd-kernel.ts';
import { STACK_BYTES } from '../src/backends/wasm/search-kernel.ts';
import { Arena, allocateMemory } from '../src/backends/wasm/search-memory.ts';
import { BLOCK } from '../src/backends/wasm/search-shard.ts';
import { createFeaturizer } from '../src/chemistry/featurizer.ts';
import { FINGERPRINT_BYTES, MORGAN_BITS, MORGAN_BYTES } from '../src/core/fingerprint.ts';
import { sha256 } from '../src/core/hash.ts';
import type { MmdKernel, MmdResult } from '../src/core/mmd.ts';
import { seededRandom } from '../src/core/random.ts';
import { OnnxGraph } from '../src/trainers/onnx.ts';
import { median, writeResult } from './machine.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    sizes: { type: 'string', default: '500,1000,2000,5000' },
    permutations: { type: 'string', default: '999' },
    runs: { type: 'string', default: '6' },
    threads: { type: 'string', default: '1' },
    python: { type: 'string' },
    'peer-size': { type: 'string', default: '1000' },
    'peer-permutations': { type: 'string', default: '100' },
  },
});
const sizes = options.sizes.split(',').map(Number);
const permutations = Number(options.permutations);
const runs = Number(options.runs);
const threads = Number(options.threads);
const peerSize = Number(options['peer-size']);
const peerPermutations = Number(options['peer-permutations']);

const fingerprints = await featurizeLibrary(2 * Math.max(peerSize, ...sizes));
const mmd = createWasmBackend({
  workerUrl: new URL('../src/workers/search.ts', import.meta.url),
  mmdWorkerUrl: new URL('../src/workers/mmd.ts', import.meta.url),
  threads,
}).ops.mmd!;
const bandwidth = medianDistance();

const bySize: Record<string, unknown> = {};
for (const size of sizes) {
  const kernels: Record<string, readonly MmdKernel[]> = {
    tanimoto: [{ kind: 'tanimoto' }],
    'tanimoto and rbf at two bandwidths': [
      { kind: 'tanimoto' },
      { kind: 'rbf-bits', bandwidth },
      { kind: 'rbf-bits', bandwidth: bandwidth / 2 },
    ],
  };
  for (const [name, list] of Object.entries(kernels)) {
    const seconds = await sample(() => run(size, permutations, list));
    bySize[`${size}+${size}, ${name}`] = seconds;
    console.error(
      `${size}+${size}, ${permutations} permutations, ${name}: ${seconds.medianCpu.toFixed(3)} s of CPU`,
    );
  }
}
const path = writeResult('mmd', {
  unit: `seconds of CPU, ${threads} thread${threads === 1 ? '' : 's'}`,
  permutations,
  runs,
  input: { compounds: fingerprints.length / MORGAN_BYTES, sha256: sha256(fingerprints) },
  results: bySize,
  product: await compareProducts(),
  peer: await comparePeer(),
});
console.log(path);

function run(size: number, count: number, kernels: readonly MmdKernel[]): Promise<MmdResult> {
  const rows = 2 * size;
  const observed = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < size; row++) observed[row >> 3] |= 1 << (row & 7);
  return mmd({
    samples: { fingerprints: fingerprints.subarray(0, rows * MORGAN_BYTES), bits: MORGAN_BITS },
    labels: { observed, permutations: count, seed: 1 },
    kernels,
  });
}

/** Warms up once, then times; CPU seconds are those of the whole process. */
async function sample(work: () => unknown) {
  await work();
  const wallSeconds: number[] = [];
  const cpuSeconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const wall = performance.now();
    const cpu = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(cpu);
    cpuSeconds.push((user + system) / 1e6);
    wallSeconds.push((performance.now() - wall) / 1000);
  }
  return { medianCpu: median(cpuSeconds), medianWall: median(wallSeconds), cpuSeconds, wallSeconds };
}

/** uint8 [count, 256], Morgan bits of library compounds in a seeded order. */
async function featurizeLibrary(count: number): Promise<Uint8Array> {
  const text = gunzipSync(readFileSync(join(options.shared, 'data/raw/library/library-220k.csv.gz')));
  const smiles = text.toString().trimEnd().split('\n').slice(1);
  const random = seededRandom(1);
  const out = new Uint8Array(count * MORGAN_BYTES);
  const workerUrl = new URL('../src/workers/featurize.ts', import.meta.url);
  const featurizer = createFeaturizer({ workerUrl, threads: 2 });
  let made = 0;
  while (made < count) {
    const chosen = Array.from({ length: Math.min(1000, count - made) }, () => {
      const line = smiles.splice(Math.floor(random() * smiles.length), 1)[0];
      return line.slice(0, line.lastIndexOf(','));
    });
    const batch = await featurizer.featurize(chosen);
    for (let i = 0; i < batch.count; i++) {
      const row = batch.fingerprints.subarray(i * FINGERPRINT_BYTES, i * FINGERPRINT_BYTES + MORGAN_BYTES);
      out.set(row, made++ * MORGAN_BYTES);
    }
  }
  await featurizer[Symbol.asyncDispose]();
  return out;
}

/** Median distance between the bits of neighbouring rows: the usual bandwidth. */
function medianDistance(): number {
  const distances: number[] = [];
  for (let row = 0; row < 500; row++) {
    let squared = 0;
    for (let i = row * MORGAN_BYTES; i < (row + 1) * MORGAN_BYTES; i++) {
      for (let differ = fingerprints[i] ^ fingerprints[i + MORGAN_BYTES]; differ; differ &= differ - 1)
        squared++;
    }
    distances.push(Math.sqrt(squared));
  }
  return median(distances);
}

/** One slab of 512 targets with 4,096 queries and 1,000 columns, by the kernel and by ONNX Runtime. */
async function compareProducts() {
  const queries = 4096;
  const columns = 1000;
  const random = seededRandom(3);
  const centred = Float32Array.from({ length: queries * BLOCK }, () => random() - 0.5);
  const labels = Uint8Array.from({ length: (queries / 8) * columns }, () => random() * 256);

  const arena = new Arena(65536);
  const stack = arena.take(STACK_BYTES);
  const at = {
    centred: arena.take(centred.byteLength),
    labels: arena.take(labels.length),
    tables: arena.take(TABLES_BYTES),
    sums: arena.take(columns * 16),
  };
  const memory = allocateMemory(arena.end, 'the bench');
  const kernel = loadMmdKernel(memory, stack);
  new Float32Array(memory.buffer, at.centred, centred.length).set(centred);
  new Uint8Array(memory.buffer, at.labels, labels.length).set(labels);
  const chunkLabels = (columns * CHUNK) / 8;
  const own = await sample(() => {
    for (let chunk = 0; chunk < queries / CHUNK; chunk++) {
      const tile = at.centred + chunk * CHUNK * BLOCK * 4;
      const bits = at.labels + chunk * chunkLabels;
      kernel.multiply(tile, 0, BLOCK / LANES, 1, bits, at.labels, columns, at.tables, at.sums);
    }
  });

  const dense = new Float32Array(queries * columns);
  for (let query = 0; query < queries; query++) {
    const bit = query % CHUNK;
    const from = Math.floor(query / CHUNK) * chunkLabels + (bit >> 3);
    for (let b = 0; b < columns; b++) dense[query * columns + b] = (labels[from + b * 16] >> (bit & 7)) & 1;
  }
  const graph = new OnnxGraph();
  graph.node('MatMul', ['c', graph.float32('labels', dense, [queries, columns])], {}, 'v');
  const model = graph.finish(
    'product',
    [{ name: 'c', type: 'float32', dims: [BLOCK, queries] }],
    [{ name: 'v', type: 'float32', dims: [BLOCK, columns] }],
  );
  const session = await createSession(model, 'cpu', 1);
  const { Tensor } = await import('onnxruntime-node');
  const c = new Tensor('float32', centred, [BLOCK, queries]);
  const peer = await sample(() => session.run({ c }));
  await session.release();
  const products = BLOCK * queries * columns;
  const rate = ({ medianCpu }: { medianCpu: number }) => products / medianCpu / 1e9;
  console.error(`product: own ${rate(own).toFixed(1)}, ONNX Runtime ${rate(peer).toFixed(1)} G/s of CPU`);
  return {
    unit: '1e9 multiply-adds per second of CPU',
    own: rate(own),
    onnxRuntime: rate(peer),
    samples: { own, peer },
  };
}

async function comparePeer() {
  if (!options.python) {
    console.error('alibi-detect skipped: name a Python that has it with --python');
    return { skipped: 'no --python was named' };
  }
  const folder = mkdtempSync(join(tmpdir(), 'mmd-'));
  try {
    const file = join(folder, 'fingerprints.bin');
    writeFileSync(file, fingerprints.subarray(0, 2 * peerSize * MORGAN_BYTES));
    const script = new URL('mmd-alibi-detect.py', import.meta.url).pathname;
    const numbers = [MORGAN_BYTES, peerSize, peerSize, peerPermutations, runs, bandwidth].map(String);
    const text = execFileSync(options.python, [script, file, ...numbers], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const peer = JSON.parse(text) as { cpuSeconds: number[]; float64: number };
    const kernels: MmdKernel[] = [{ kind: 'rbf-bits', bandwidth }];
    const { values } = await run(peerSize, peerPermutations, kernels);
    const own = await sample(() => run(peerSize, peerPermutations, kernels));
    const difference = Math.abs(values[0] / peer.float64 - 1);
    if (!(difference < 1e-9)) throw new Error(`observed ${values[0]}, alibi-detect ${peer.float64}`);
    const ratio = median(peer.cpuSeconds) / own.medianCpu;
    console.error(
      `${ratio.toFixed(0)} times alibi-detect, relative difference ${difference.toExponential(1)}`,
    );
    return {
      size: peerSize,
      permutations: peerPermutations,
      kernel: 'rbf-bits',
      ratio,
      difference,
      own,
      peer,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
