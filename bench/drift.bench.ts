/**
 * A whole drift check: 12 endpoints, a batch of 2,000 compounds against a reference of 10,000, 999 permutations. Cold in a new
 * workspace, and again once features, held-out distances and the reference's answers lie in it. Wall and CPU seconds, by step.
 *
 *     node bench/drift.bench.ts [--runs 6] [--cold-runs 3] [--threads 2] [--shared ../shared]
 *
 * Every check is a process of its own, from start to end as a user waits for it, and must give the same report.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { sha256 } from '../src/core/hash.ts';
import { checkDrift } from '../src/flows/drift/check-drift.ts';
import { createEngine } from '../src/main.ts';
import { median, writeResult } from './machine.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: process.env.ASSAYER_SHARED ?? '../shared' },
    runs: { type: 'string', default: '6' },
    'cold-runs': { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    /** One check in this process, which prints what it took; the input lies in the working directory. */
    check: { type: 'boolean', default: false },
    workspace: { type: 'string', default: '' },
  },
});
const SIDES = [
  { name: 'reference', path: 'data/raw/pharmabench/logd_reg_final_data.csv.gz', rows: 10_000 },
  { name: 'batch', path: 'data/raw/library/library-220k.csv.gz', rows: 2000 },
];
const PERMUTATIONS = 999;
const threads = Number(options.threads);

interface Seconds {
  readonly cpu: number;
  readonly wall: number;
}
interface Check {
  readonly endpoints: number;
  readonly reportSha256: string;
  /** From the process's start to the report. */
  readonly total: Seconds;
  readonly steps: Readonly<Record<string, Seconds>>;
}

if (options.check) console.log(JSON.stringify(await checkOnce(options.workspace)));
else measure();

function measure(): void {
  const missing = SIDES.map(({ path }) => join(options.shared, path)).find((path) => !existsSync(path));
  if (missing !== undefined) {
    console.error(`drift skipped: there is no ${missing}; name the folder of the data with --shared`);
    return;
  }
  const [loadAverage] = loadavg();
  const folder = mkdtempSync(join(tmpdir(), 'assayer-drift-'));
  try {
    const inputs = SIDES.map(({ name, path, rows }) => {
      const lines = gunzipSync(readFileSync(join(options.shared, path)))
        .toString()
        .split('\n');
      const text = `${lines.slice(0, rows + 1).join('\n')}\n`;
      writeFileSync(join(folder, `${name}.csv`), text);
      return [name, { compounds: rows, sha256: sha256(Buffer.from(text)) }];
    });
    const cold: Check[] = [];
    const cached: Check[] = [];
    for (let run = 0; run < Number(options['cold-runs']); run++) {
      cold.push(checkApart(folder, `workspace-${run}`, 'cold'));
    }
    for (let run = 0; run < Number(options.runs); run++) {
      cached.push(checkApart(folder, 'workspace-0', 'cached'));
    }
    if (new Set([...cold, ...cached].map(({ reportSha256 }) => reportSha256)).size !== 1) {
      throw new Error('the checks gave different reports');
    }
    const path = writeResult('drift', {
      unit: `seconds, ${threads} threads`,
      loadAverage,
      permutations: PERMUTATIONS,
      endpoints: cold[0].endpoints,
      input: Object.fromEntries(inputs),
      reportSha256: cold[0].reportSha256,
      results: { cold: summary(cold), cached: summary(cached) },
    });
    console.log(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkApart(folder: string, workspace: string, name: string): Check {
  const self = new URL(import.meta.url).pathname;
  const args = ['--check', '--workspace', join(folder, workspace), '--threads', options.threads];
  const text = execFileSync(process.execPath, [self, ...args], {
    // Inputs are named without their folder, which is another one in every bench: names are in the report.
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const check = JSON.parse(text) as Check;
  const { cpu, wall } = check.total;
  console.error(`${name}: ${cpu.toFixed(1)} s of CPU, ${wall.toFixed(1)} s`);
  return check;
}

async function checkOnce(workspace: string): Promise<Check> {
  const engine = createEngine({ threads });
  const steps: Record<string, Seconds> = {};
  let step = 'start';
  let from: Seconds = { cpu: 0, wall: 0 };
  const begin = (next: string) => {
    const now = sinceStart();
    steps[step] = { cpu: now.cpu - from.cpu, wall: now.wall - from.wall };
    from = now;
    step = next;
  };
  const report = await checkDrift(
    engine,
    {
      reference: 'reference.csv',
      batch: 'batch.csv',
      endpoints: ['all'],
      cluster: 'scaffold',
      covariates: [],
      alpha: 0.05,
      permutations: PERMUTATIONS,
      seed: 1,
      modelsFolder: engine.modelsFolder,
      workspace,
      command: '',
    },
    { onStep: begin },
  );
  begin('end');
  const reportSha256 = sha256(Buffer.from(JSON.stringify(report)));
  return { endpoints: report.models.length, reportSha256, total: sinceStart(), steps };
}

/** Of the whole process, its start among it. */
function sinceStart(): Seconds {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1e6, wall: performance.now() / 1000 };
}

function summary(checks: readonly Check[]) {
  const stepNames = Object.keys(checks[0].steps);
  return {
    ...samples(checks.map(({ total }) => total)),
    steps: Object.fromEntries(
      stepNames.map((name) => [name, samples(checks.map(({ steps }) => steps[name]))]),
    ),
  };
}

function samples(measured: readonly Seconds[]) {
  const cpuSeconds = measured.map(({ cpu }) => cpu);
  const wallSeconds = measured.map(({ wall }) => wall);
  return { medianCpu: median(cpuSeconds), medianWall: median(wallSeconds), cpuSeconds, wallSeconds };
}
