import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { packParameters } from '../../src/backends/cuda/parameters.ts';
import type { FragmentResult } from './fragment-probe.ts';

const LANES = 32;
/** Rows of A and columns of B. */
const SIDE = 8;
/** Products that an accumulator is the sum of. */
const DEPTH = 4;
/** The elements of A and B that are set. */
const A = 1.5;
const B = -2;

/**
 * Checks, one pair of elements at a time, the layout of the float64 instruction m8n8k4 (PTX manual, "Matrix fragments
 * for mma"): lane 4 g + t holds row g, product t of A; column g, product t of B; and row g, columns 2 t and 2 t + 1 of D.
 */
export async function probeDoubles(device: CudaDevice): Promise<FragmentResult> {
  const pairs = Array.from({ length: LANES * LANES }, (_, i) => ({
    ofA: i % LANES,
    ofB: Math.floor(i / LANES),
  }));
  const fragments = new Float64Array(pairs.length * LANES * 2);
  for (const [i, { ofA, ofB }] of pairs.entries()) {
    fragments[(i * LANES + ofA) * 2] = A;
    fragments[(i * LANES + ofB) * 2 + 1] = B;
  }
  const found = new Float64Array(fragments.length);
  await device.exclusive(async () => {
    using input = await device.upload(fragments, 'probes of fragments');
    using output = device.context.allocate(found.byteLength, 'accumulators of probes');
    device.stream.fill(output, 0, output.sizeBytes, 0xa5);
    const launch = { blocks: pairs.length, threads: LANES, sharedBytes: 0 };
    const parameters = packParameters([{ address: input }, { address: output }]);
    device.kernel('probe', 'fragment_doubles').launch(device.stream, launch, parameters);
    await device.read(output, 0, found);
  });
  const mismatches = pairs.flatMap(({ ofA, ofB }, i) => {
    const meets = ofA % DEPTH === ofB % DEPTH;
    const row = Math.floor(ofA / DEPTH);
    const column = Math.floor(ofB / DEPTH);
    const expected = meets ? row * SIDE + column : -1;
    const lit = Array.from(found.subarray(i * 2 * LANES, (i + 1) * 2 * LANES), (value, at) => value - at);
    const wrong = lit.flatMap((value, at) =>
      value === (at === expected ? A * B : 0) ? [] : [`lane ${at >> 1} d${at & 1} by ${value}`],
    );
    if (wrong.length === 0) return [];
    const pair = `fragment_doubles: A of lane ${ofA} with B of lane ${ofB}`;
    return [
      `${pair} should change ${meets ? `lane ${expected >> 1} d${expected & 1}` : 'nothing'}: ${wrong.join(', ')}`,
    ];
  });
  return {
    kernel: 'fragment_doubles',
    probes: pairs.length,
    wrong: mismatches.length,
    mismatches: mismatches.slice(0, 32),
  };
}
