import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { packParameters } from '../../src/backends/cuda/parameters.ts';
import {
  COLUMNS,
  FRAGMENT_KINDS,
  type FragmentKind,
  LANES,
  type Place,
  placeInA,
  placeInB,
  placeInD,
  REGISTERS,
  ROWS,
} from './fragment-layout.ts';

const ACCUMULATORS = LANES * 4;
/** Mismatches that are kept of one kind; all are counted. */
const KEPT = 32;

export interface FragmentResult {
  readonly kernel: string;
  readonly probes: number;
  readonly wrong: number;
  /** The first of them, in words. */
  readonly mismatches: readonly string[];
}

interface Probe {
  readonly row: number;
  readonly k: number;
  /** B's one element stands in row k of this column; where absent, B is full but for row k. */
  readonly column?: number;
}

/**
 * Checks, one element at a time, that matrix instructions see registers as fragment-layout.ts has it: an element of A
 * meets the one of B in each column, which adds to one accumulator, and it meets nothing else of B.
 * @param stride  every so many elements of A are probed; 1 for all
 */
export async function probeFragments(device: CudaDevice, stride: number): Promise<FragmentResult[]> {
  const results: FragmentResult[] = [];
  for (const kind of FRAGMENT_KINDS) {
    const probes = makeProbes(kind, stride);
    const found = await runProbes(device, kind, probes);
    const mismatches: string[] = [];
    let wrong = 0;
    for (const [i, probe] of probes.entries()) {
      const text = compare(kind, probe, found.subarray(i * ACCUMULATORS, (i + 1) * ACCUMULATORS));
      if (text === undefined) continue;
      if (wrong++ < KEPT) mismatches.push(text);
    }
    results.push({ kernel: kind.kernel, probes: probes.length, wrong, mismatches });
  }
  return results;
}

function makeProbes({ elements }: FragmentKind, stride: number): Probe[] {
  const probes: Probe[] = [];
  for (let i = 0; i < ROWS * 8 * elements; i += stride) {
    const at = { row: i % ROWS, k: Math.floor(i / ROWS) };
    for (let column = 0; column < COLUMNS; column++) probes.push({ ...at, column });
    probes.push(at);
  }
  return probes;
}

/** @returns accumulators less what they started at, [probes, 128] */
async function runProbes(
  device: CudaDevice,
  kind: FragmentKind,
  probes: readonly Probe[],
): Promise<Int32Array | Float32Array> {
  const fragments = new Uint32Array(probes.length * LANES * REGISTERS);
  for (const [i, probe] of probes.entries()) {
    writeFragments(kind, probe, fragments.subarray(i * LANES * REGISTERS, (i + 1) * LANES * REGISTERS));
  }
  const bytes = new ArrayBuffer(probes.length * ACCUMULATORS * 4);
  await device.exclusive(async () => {
    using input = await device.upload(fragments, 'probes of fragments');
    using output = device.context.allocate(bytes.byteLength, 'accumulators of probes');
    device.stream.fill(output, 0, output.sizeBytes, 0xa5);
    const launch = { blocks: probes.length, threads: LANES, sharedBytes: 0 };
    const parameters = packParameters([{ address: input }, { address: output }]);
    device.kernel('probe', kind.kernel).launch(device.stream, launch, parameters);
    await device.read(output, 0, new Uint8Array(bytes));
  });
  const found = kind.accumulators === 'int32' ? new Int32Array(bytes) : new Float32Array(bytes);
  for (let i = 0; i < found.length; i++) found[i] -= i % ACCUMULATORS;
  return found;
}

function writeFragments({ elements, a, b }: FragmentKind, { row, k, column }: Probe, out: Uint32Array): void {
  const set = ({ lane, register, shift }: Place, value: number) => {
    out[lane * REGISTERS + register] |= value << shift;
  };
  set(placeInA(elements, row, k), a);
  if (column !== undefined) {
    set(placeInB(elements, k, column), b);
    return;
  }
  for (let other = 0; other < COLUMNS; other++) {
    for (let at = 0; at < 8 * elements; at++) if (at !== k) set(placeInB(elements, at, other), b);
  }
}

/** What differs from the documented layout, undefined where nothing does. */
function compare(
  { kernel, product }: FragmentKind,
  { row, k, column }: Probe,
  found: Int32Array | Float32Array,
): string | undefined {
  const expected = column === undefined ? -1 : placeInD(row, column);
  if (found.every((value, i) => value === (i === expected ? product : 0))) return undefined;
  const lit = [...found.entries()].filter(([, value]) => value !== 0);
  const text = lit.map(([i, value]) => `lane ${i >> 2} d${i & 3} by ${value}`).join(', ') || 'nothing';
  const with_ = column === undefined ? 'all of B but row k' : `column ${column} of B`;
  const should =
    expected < 0
      ? 'should change nothing'
      : `should change lane ${expected >> 2} d${expected & 3} by ${product}`;
  return `${kernel}: row ${row}, k ${k} of A with ${with_} ${should}, and changed ${text}`;
}
