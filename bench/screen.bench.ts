/**
 * Whole screens through the command line, as a user runs them: start-up on 10 compounds, cold and warm screens of
 * 20,000, all by wall clock, with the peak memory of the process. `--library` adds the whole 220,000.
 *
 *     node bench/screen.bench.ts [--runs 6] [--library] [--shared ../shared]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { sha256 } from '../src/core/hash.ts';
import { median, writeResult } from './machine.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '6' },
    library: { type: 'boolean', default: false },
    shared: { type: 'string', default: process.env.ASSAYER_SHARED ?? '../shared' },
  },
});
const runs = Number(values.runs);
const bin = new URL('../bin/assayer.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'assayer-bench-'));

interface Sample {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly outputSha256: string;
}

/** One screen as a process of its own; its peak resident memory is polled from the kernel's high-water mark. */
async function screenOnce(input: string, workspace: string): Promise<Sample> {
  const started = performance.now();
  const args = [
    bin,
    'screen',
    input,
    '--out',
    join(folder, 'out.parquet'),
    '--workspace',
    workspace,
    '--json',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  let peakMiB = 0;
  const poll = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakMiB = Math.max(peakMiB, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // The process ended between two polls; the mark before stands.
    }
  }, 20);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(poll);
  if (code !== 0) throw new Error(`screen ended with ${code}`);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, peakMiB: Math.round(peakMiB), outputSha256: JSON.parse(stdout).output.sha256 };
}

const library = gunzipSync(readFileSync(join(values.shared, 'data/raw/library/library-220k.csv.gz')));
const lines = library.toString('utf8').trimEnd().split('\n');

function inputOf(count: number): string {
  const path = join(folder, `library-${count}.csv`);
  // Every k-th row, so that a small input has the same mix of sources as the whole.
  const step = Math.floor((lines.length - 1) / count);
  const rows = Array.from({ length: count }, (_, i) => lines[1 + i * step]);
  writeFileSync(path, `${lines[0]}\n${rows.join('\n')}\n`);
  return path;
}

function summary(count: number, samples: readonly Sample[]) {
  const seconds = samples.map((sample) => sample.seconds);
  return {
    compounds: count,
    medianSeconds: median(seconds),
    compoundsPerSecond: count / median(seconds),
    peakMiB: Math.max(...samples.map((sample) => sample.peakMiB)),
    samples,
  };
}

try {
  const result: Record<string, unknown> = {};
  const ten = inputOf(10);
  await screenOnce(ten, join(folder, 'ws-warm-up'));
  const startUp: Sample[] = [];
  for (let i = 0; i < runs; i++) startUp.push(await screenOnce(ten, join(folder, `ws-ten-${i}`)));
  result.startUp10 = summary(10, startUp);

  const many = inputOf(20_000);
  result.inputSha256 = sha256(readFileSync(many));
  const cold: Sample[] = [];
  const warm: Sample[] = [];
  for (let i = 0; i < runs; i++) {
    const workspace = join(folder, `ws-${i}`);
    cold.push(await screenOnce(many, workspace));
    warm.push(await screenOnce(many, workspace));
  }
  if (new Set([...cold, ...warm].map((sample) => sample.outputSha256)).size !== 1) {
    throw new Error('cold and warm screens differ in their bytes');
  }
  result.cold20k = summary(20_000, cold);
  result.warm20k = summary(20_000, warm);
  result.warmOverCold = median(cold.map((sample, i) => sample.seconds / warm[i].seconds));

  if (values.library) {
    const all = inputOf(lines.length - 1);
    const workspace = join(folder, 'ws-all');
    result.coldLibrary = summary(lines.length - 1, [await screenOnce(all, workspace)]);
    result.warmLibrary = summary(lines.length - 1, [await screenOnce(all, workspace)]);
  }
  console.log(writeResult('screen', { endpoints: ['ames', 'herg', 'solubility'], runs, ...result }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
