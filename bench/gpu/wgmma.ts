/**
 * Measures the rate of Hopper's one-bit wgmma, and prints it, or why there is none, as JSON: node wgmma.ts ROUNDS RUNS
 *
 * A process of its own: nothing in the engine uses the instruction, and a fault of it would take the device's context, which
 * a process has but one of, away from all that comes after.
 */
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { describeCause } from '../../src/core/errors.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { measureWgmma, type Rate } from './rates.ts';

const [rounds, runs] = process.argv.slice(2).map(Number);
let answer: Rate | { readonly absent: string };
try {
  await using device = new CudaDevice(openCudaContext());
  answer = await measureWgmma(device, { rounds, runs });
} catch (cause) {
  answer = { absent: describeCause(cause) };
}
process.stdout.write(JSON.stringify(answer));
