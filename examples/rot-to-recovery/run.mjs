/** node examples/rot-to-recovery/run.mjs --data ../shared/data [--case microsomal-human-lab] [--workspace folder] [--most 700] */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createEngine } from '../../src/main.ts';
import { readStream } from './cases.ts';
import { replay } from './replay.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    case: { type: 'string', default: 'microsomal-human-lab' },
    workspace: { type: 'string' },
    most: { type: 'string', default: '700' },
    periods: { type: 'string' },
  },
});
const workspace = values.workspace ?? mkdtempSync(join(tmpdir(), 'rot-to-recovery-'));
try {
  const stream = await readStream({
    dataFolder: values.data,
    spoolFolder: workspace,
    case: values.case,
    most: Number(values.most),
    ...(values.periods && { periods: Number(values.periods) }),
  });
  const engine = createEngine({ threads: 1, devices: ['cpu'], backends: ['wasm', 'reference'] });
  await replay(engine, stream, { workspace, say: (line) => process.stdout.write(`${line}\n`) });
} finally {
  if (values.workspace === undefined) rmSync(workspace, { recursive: true, force: true });
}
