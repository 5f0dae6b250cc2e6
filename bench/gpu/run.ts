import { availableParallelism } from 'node:os';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import { describeCause } from '../../src/core/errors.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { type Bench, say } from './bench.ts';
import { deviceFacts } from './device-facts.ts';
import { realFingerprints } from './fingerprints.ts';
import { measureLimits } from './measure-limits.ts';
import type { OrtFigure } from './ort.ts';
import { Results } from './results.ts';
import { summarize, summarizeOrt } from './summary.ts';
import { timeDevice } from './time-device.ts';
import { verifyDevice } from './verify-device.ts';

export interface GpuBenchOptions extends Pick<Bench, 'sizes' | 'seed' | 'python'> {
  /** Nothing new begins past so many minutes. */
  readonly minutes: number;
  /** Folder for the device's folder of results; bench/results when not said. */
  readonly out?: string;
}

/**
 * The bench from end to end: probes, limits, checks, times, ONNX Runtime.
 * @returns whether every answer was right and all memory came back
 * @throws ERR_GPU_DRIVER_ABSENT, ERR_GPU_DRIVER_OLD, ERR_GPU_ABSENT, ERR_KERNELS_MISSING, ERR_GPU_CALL, ERR_USAGE
 */
export async function runGpuBench({ minutes, out, ...given }: GpuBenchOptions): Promise<boolean> {
  const deadline = performance.now() + minutes * 60_000;
  using context = openCudaContext();
  const facts = deviceFacts(context.device);
  const results = new Results(facts, given.seed, out);
  const { name, computeCapability, multiprocessors, driverVersion } = facts.device;
  say(`${name}: sm_${computeCapability}, ${multiprocessors} multiprocessors, CUDA ${driverVersion / 1000}`);
  const emulated = 'EMULATED: nothing of this is a figure of a GPU\n';
  if (facts.emulated) say(emulated);
  const workers = (file: string) => new URL(`../../src/workers/${file}.ts`, import.meta.url);
  const fast = createWasmBackend({
    workerUrl: workers('search'),
    mmdWorkerUrl: workers('mmd'),
    threads: Math.min(16, availableParallelism()),
  });
  const bench: Bench = { ...given, deadline, context, results, real: realFingerprints(), fast };
  const limits = await measureLimits(bench);
  if (!limits) return false;
  const { failed, memoryReturned } = await verifyDevice(bench);
  const figures = await timeDevice(bench, limits, failed);
  const ort = await timeOnOrt(bench, facts.emulated);
  results.write('gpu-onnx-runtime', { figures: ort });
  process.stdout.write(`\n${facts.emulated ? emulated : ''}${summarize(figures)}\n${summarizeOrt(ort)}`);
  say(`results: ${results.folder}`);
  const isRight = ![...figures, ...ort].some((figure) => 'isWrong' in figure);
  return failed.size === 0 && memoryReturned && isRight;
}

/** ONNX Runtime's library is loaded late: a machine that cannot load it still runs all else. */
async function timeOnOrt(bench: Bench, cpuToo: boolean): Promise<OrtFigure[]> {
  let load: typeof import('./ort.ts');
  try {
    load = await import('./ort.ts');
  } catch (cause) {
    return [{ what: 'everything', provider: 'ONNX Runtime', refused: describeCause(cause) }];
  }
  return await load.timeOrt(bench, cpuToo);
}
