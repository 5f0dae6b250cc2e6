import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { AuditEvidence } from '../../core/audit.ts';
import type { LineageRecord } from '../../core/lineage.ts';
import { monitoringState } from '../../core/monitoring-state.ts';
import type { ReleaseDecision } from '../../core/release.ts';
import { DEFAULT_RELEASE_POLICY, policyHash } from '../../core/release-policy.ts';
import { MONITORING_FILE } from '../../store/monitoring-state.ts';
import { appendRelease } from '../../store/release-records.ts';
import type { TableFormat } from '../../store/table-format.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import { screen } from '../screen.ts';
import type { Attempt } from './attempts.ts';
import { failureText, findInput, otherEngine, sameMachine } from './recorded-input.ts';

/**
 * Screens the input of a recorded run again, with the same models under the same states, and compares the result's hash.
 * @param scratch  a workspace that holds nothing; what is made goes there
 */
export async function screenAgain(
  engine: Engine,
  scratch: Workspace,
  modelsFolder: string,
  run: LineageRecord,
  signal?: AbortSignal,
): Promise<Attempt> {
  const { work, output } = run;
  const evidence: AuditEvidence[] = [
    { name: 'recorded result', value: `${output.path}, SHA-256 ${output.sha256}` },
  ];
  const attempt = (outcome: Attempt['outcome'], inWords: string, remedy: string): Attempt => ({
    what: `run ${run.run}`,
    outcome,
    inWords,
    evidence,
    remedy,
  });
  const remedy = `assayer screen ${run.input} --out <file>`;
  const other = otherEngine(engine, run);
  if (other) return attempt('not-tried', other, `npx assayer@${work.engine} audit`);
  try {
    const found = await findInput(run.input, work.input.sha256, signal);
    if (found.is !== 'same') {
      const inWords = `its input ${run.input} is ${found.is === 'other' ? 'another file now' : 'gone'}`;
      return attempt(
        'not-tried',
        inWords,
        `put the file of SHA-256 ${work.input.sha256.slice(0, 12)}... back`,
      );
    }
    await pretend(scratch, run);
    const name = output.path === '-' ? 'out.csv' : basename(output.path);
    const { lineage } = await screen(
      engine,
      {
        input: run.input,
        output: join(scratch.path, name),
        models: work.models.map(({ endpoint, version }) => `${endpoint}@${version}`),
        modelsFolder,
        workspace: scratch.path,
        format: work.input.format as TableFormat,
        smilesColumn: work.input.smilesColumn,
        ...(work.input.idColumn !== null && { idColumn: work.input.idColumn }),
        notes: work.notes,
      },
      signal ? { signal } : {},
    );
    evidence.push({ name: 'result made again', value: lineage.output.sha256 });
    if (lineage.output.sha256 === output.sha256)
      return attempt('same', 'its result came out again, byte by byte', '');
    const changed = work.models.filter(({ hash }, i) => lineage.work.models[i]?.hash !== hash);
    if (changed.length > 0) {
      const names = changed.map(({ endpoint, version }) => `${endpoint}@${version}`).join(', ');
      return attempt(
        'differs',
        `${names} in the models folder is another artifact than answered then`,
        `assayer audit --models <folder with the artifacts of the run>`,
      );
    }
    if (sameMachine(engine, run.environment) && sameDevices(run, lineage))
      return attempt('differs', 'its result does not come out again on the same machine', remedy);
    const inWords =
      'its result came out otherwise on another machine or device, where the last digits may differ';
    return { ...attempt('differs', inWords, remedy), isExpected: true };
  } catch (cause) {
    return attempt('differs', `screening its input again failed: ${failureText(cause)}`, remedy);
  }
}

function sameDevices(one: LineageRecord, other: LineageRecord): boolean {
  return Object.entries(one.devices).every(([endpoint, device]) => other.devices[endpoint] === device);
}

/** Gives the scratch workspace the releases and states that the run's record tells of, since a result holds both. */
async function pretend(scratch: Workspace, { work, startedAt: time }: LineageRecord): Promise<void> {
  const watched = [];
  for (const { endpoint, version, hash: artifact, released, states = [] } of work.models) {
    let record = artifact;
    if (released !== null) {
      const decision: ReleaseDecision = {
        schema: 'assayer.release/1',
        endpoint,
        version,
        outcome: 'released',
        artifact: released ? artifact : OTHER,
        contract: work.contract,
        engine: { contract: work.contract, environment: {} },
        evaluation: { hash: OTHER, rows: 0, source: 'none' },
        policy: { hash: policyHash(DEFAULT_RELEASE_POLICY), content: DEFAULT_RELEASE_POLICY },
        checks: [],
        waivers: [],
        approver: { name: 'audit', mail: 'audit@localhost' },
        replaces: null,
        time,
      };
      const { hash } = await appendRelease(scratch, decision, null);
      if (released) record = hash;
    }
    watched.push({ endpoint, version, record, artifact, states });
  }
  const state = monitoringState(watched);
  if (state.releases.length > 0)
    await writeFile(join(scratch.path, MONITORING_FILE), `${JSON.stringify(state, null, 2)}\n`);
}

/** An artifact that there is none of. */
const OTHER = '0'.repeat(64);
