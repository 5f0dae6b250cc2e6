import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** What a figure depends on besides the code. */
export function machine(): Record<string, string | number> {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return {
    commit:
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', 'src', 'kernels') ? '+changes' : ''),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Writes one result file, below bench/results/<machine>/ unless the caller names another path. */
export function writeResult(name: string, result: object): string {
  const folder = `${process.platform}-${process.arch}-${cpus().length}x-${(cpus()[0]?.model ?? 'cpu').replace(/\W+/g, '-').toLowerCase()}`;
  const path = join(new URL('results', import.meta.url).pathname, folder, `${name}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `${JSON.stringify({ name, measuredAt: new Date().toISOString(), machine: machine(), ...result }, null, 2)}\n`,
  );
  return path;
}
