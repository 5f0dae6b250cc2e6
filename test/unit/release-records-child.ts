import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { AssayerError } from '../../src/core/errors.ts';
import { appendRelease } from '../../src/store/release-records.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { decisionOf } from './release-fixtures.ts';

/**
 * Records a release of herg, as a process of its own: `<workspace> <version> <step or -> <start file or ->`. It kills
 * itself at the step, or waits for the start file; it prints the sequence of its record, or the code of the error.
 */
const [path, version, fatalStep, start] = process.argv.slice(2);
const workspace = await openWorkspace(path);
process.stderr.write('ready\n');
while (start !== '-' && !existsSync(start)) await setTimeout(2);
try {
  const record = await appendRelease(workspace, decisionOf('released', version), null, (step) => {
    if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
  });
  process.stdout.write(`${record.sequence}`);
} catch (error) {
  process.stdout.write(error instanceof AssayerError ? error.code : String(error));
}
