/**
 * All benches of the CPU's kernels and indexes, one after the other, and then the report.
 *
 *     npm run bench:cpu -- [--shared ../shared] [--python /tmp/venv/bin/python ...] [--runs 6]
 *
 * Peers are asked of the Pythons named: each of the first that can import it. Those that none can are skipped with a line.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: process.env.ASSAYER_SHARED ?? '../shared' },
    python: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: '6' },
  },
});

runBench('index.bench.ts', []);
runBench('nearest.bench.ts', ['FPSim2', 'usearch']);
runBench('mmd.bench.ts', ['alibi_detect']);
runBench('drift.bench.ts', []);
execFileSync(process.execPath, [pathOf('report.ts')], { stdio: 'inherit' });

function runBench(name: string, modules: readonly string[]): void {
  const python = options.python.find((path) => modules.some((module) => canImport(path, module)));
  if (modules.length > 0 && !python) console.error(`${modules.join(', ')} skipped: no --python has it`);
  const args = ['--shared', options.shared, '--runs', options.runs, ...(python ? ['--python', python] : [])];
  console.error(name);
  execFileSync(process.execPath, [pathOf(name), ...args], { stdio: 'inherit' });
}

function canImport(python: string, module: string): boolean {
  const find = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  try {
    execFileSync(python, ['-c', find], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function pathOf(name: string): string {
  return new URL(name, import.meta.url).pathname;
}
