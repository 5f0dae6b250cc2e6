import { execFileSync } from 'node:child_process';
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { describeCause } from '../../src/core/errors.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { measureBandwidth } from './bandwidth.ts';
import { type Bench, MATRIX_CAPABILITY, say } from './bench.ts';
import { isEmulated } from './device-facts.ts';
import { probeDoubles } from './double-probe.ts';
import { probeFragments } from './fragment-probe.ts';
import { type Limits, limitsFrom } from './limits.ts';
import { measureRates, type Rate } from './rates.ts';
import { short } from './summary.ts';

const WGMMA_CAPABILITY = 90;

/**
 * Probes the matrix instructions, then measures what bounds the kernels.
 * @returns undefined where an instruction reads its registers otherwise than the kernels believe: all else would be wrong
 */
export async function measureLimits({ sizes, results }: Bench): Promise<Limits | undefined> {
  await using device = new CudaDevice(openCudaContext());
  if (!(await areFragmentsRight(device, sizes.probes.stride, results))) return undefined;
  const { rounds, deviceBytes, pinnedBytes } = sizes.probes;
  const { runs } = sizes.times;
  const rates: Record<string, Rate> = await measureRates(device, { rounds, runs });
  const wgmma = addWgmma(device, rates, { rounds, runs });
  const bandwidth = await measureBandwidth(device, { deviceBytes, pinnedBytes, runs });
  const limits = limitsFrom(rates, bandwidth);
  for (const { counted, perClockPerMultiprocessor, perSecond } of Object.values(rates)) {
    const perClock = perClockPerMultiprocessor.toPrecision(3);
    say(`${counted}: ${perClock} a clock and multiprocessor, ${short(perSecond)}/s`);
  }
  if (wgmma) say(`wgmma: ${wgmma.absent}`);
  for (const { what, bytesPerSecond } of Object.values(bandwidth)) {
    say(`${what}: ${short(bytesPerSecond)} bytes/s`);
  }
  say(`limit: ${short(limits.pairs.value)} pairs/s (${limits.pairs.from})`);
  results.write('gpu-limits', { rates, ...(wgmma && { wgmma }), bandwidth, limits });
  return limits;
}

async function areFragmentsRight(
  device: CudaDevice,
  stride: number,
  results: Bench['results'],
): Promise<boolean> {
  const { computeCapability } = device.info;
  if (computeCapability < MATRIX_CAPABILITY) {
    say(`fragments: sm_${computeCapability} is not asked for matrix instructions`);
    return true;
  }
  const fragments = [...(await probeFragments(device, stride)), await probeDoubles(device)];
  const path = results.write('gpu-probes', { stride, fragments });
  const wrong = fragments.reduce((sum, found) => sum + found.wrong, 0);
  const counts = fragments.map(({ kernel, probes }) => `${kernel} ${probes}`).join(', ');
  say(`fragments: ${counts} probes, ${wrong} wrong`);
  if (wrong === 0) return true;
  for (const { mismatches } of fragments) for (const line of mismatches) say(`  ${line}`);
  say(
    `Matrix instructions read registers otherwise than kernels/cuda.h says; no kernel can be right: ${path}`,
  );
  return false;
}

/** @returns why there is no such rate; undefined where it was added */
function addWgmma(
  device: CudaDevice,
  rates: Record<string, Rate>,
  { rounds, runs }: { readonly rounds: number; readonly runs: number },
): { readonly absent: string } | undefined {
  const { computeCapability } = device.info;
  if (computeCapability !== WGMMA_CAPABILITY)
    return { absent: `sm_${computeCapability} has no such instruction` };
  if (isEmulated(device.info)) return { absent: 'not emulated' };
  try {
    const program = new URL('wgmma.ts', import.meta.url).pathname;
    const args = [program, String(rounds), String(runs)];
    const text = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const answer = JSON.parse(text) as Rate | { readonly absent: string };
    if ('absent' in answer) return answer;
    rates.wgmma = answer;
    return undefined;
  } catch (cause) {
    return { absent: describeCause(cause) };
  }
}
