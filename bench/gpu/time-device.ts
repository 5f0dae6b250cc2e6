import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import type { OperationName } from '../../src/core/ops.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { type Bench, MATRIX_CAPABILITY, say } from './bench.ts';
import type { Limits } from './limits.ts';
import { runPeers } from './peers.ts';
import { short, summarize } from './summary.ts';
import { timeIntersections, timeMmd } from './time-pairs.ts';
import { timeSearch } from './time-search.ts';
import { TimedContext } from './timed-context.ts';
import type { Figure } from './timing.ts';

/** Times every operation whose answers were right, and the peers beside. */
export async function timeDevice(
  { sizes, seed, real, fast, results, deadline, python }: Bench,
  limits: Limits,
  failed: ReadonlySet<OperationName>,
): Promise<Figure[]> {
  const { times } = sizes;
  const context = new TimedContext(openCudaContext());
  await using device = new CudaDevice(context);
  const effort = { runs: times.runs, secondsPerFigure: times.secondsPerFigure, deadline };
  const report = (figure: Figure) => say(summarize([figure]).split('\n')[1]);
  const options = { sizes: times, effort, limits, real, seed, fast, report };
  const hasMatrix = device.info.computeCapability >= MATRIX_CAPABILITY;
  const figures: Figure[] = [];
  const wrong = (operation: OperationName) => failed.has(operation);
  const skip = (name: string, skipped: string) => figures.push({ name, skipped });

  if (wrong('mmd')) skip('MMD', 'its answers were wrong');
  else if (!hasMatrix) skip('MMD', `sm_${device.info.computeCapability} does not have it`);
  else figures.push(...(await timeMmd(device, context, options)));
  if (wrong('intersections')) skip('intersections', 'its answers were wrong');
  else figures.push(await timeIntersections(device, context, options));
  results.write('gpu-pairs', { limits, figures });

  if (wrong('search')) skip('search', 'its answers were wrong');
  else {
    const search = await timeSearch(device, context, options);
    figures.push(...search.figures);
    results.write('gpu-search', { limits, ...search });
  }

  const mayCompare = failed.size === 0 && hasMatrix && performance.now() < deadline;
  const peers = mayCompare
    ? await runPeers(device, context, { python, sizes: times, real, seed })
    : [{ peer: python, what: 'peers', absent: 'not asked: an answer was wrong, or the time was used up' }];
  for (const { peer, what, absent, rate = 0, timesAsFast = 0 } of peers) {
    say(
      `${peer}, ${what}: ${absent ?? `${short(rate)}/s; this project is ${timesAsFast.toPrecision(3)} times as fast`}`,
    );
  }
  results.write('gpu-peers', { peers });
  return figures;
}
