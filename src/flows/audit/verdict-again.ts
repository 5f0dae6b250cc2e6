import { readFile } from 'node:fs/promises';
import type { AuditEvidence } from '../../core/audit.ts';
import { contractHash } from '../../core/contract.ts';
import type { DriftReport } from '../../core/drift.ts';
import { AssayerError } from '../../core/errors.ts';
import { canonicalJson, sha256 } from '../../core/hash.ts';
import type { MonitorEvidence } from '../../core/monitor-decision.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import type { Workspace } from '../../store/workspace.ts';
import { dayAt } from '../drift/calendar-day.ts';
import { checkDrift } from '../drift/check-drift.ts';
import { modelNamed } from '../drift/model-named.ts';
import { keptPath } from '../monitor/kept-files.ts';
import type { Registry } from '../registry/open-registry.ts';
import type { Attempt } from './attempts.ts';
import { failureText, findInput, sameMachine } from './recorded-input.ts';

/**
 * Makes the last check of a monitor again: the same batch, reference, labels as they were known then, and settings. The
 * report must be the kept one, byte by byte.
 * @param scratch  a workspace that holds nothing; what is made goes there
 */
export async function verdictAgain(
  { engine, workspace }: Pick<Registry, 'engine' | 'workspace'>,
  scratch: Workspace,
  modelsFolder: string,
  monitor: string,
  { id, report: hash, time }: MonitorEvidence,
  run: RegistryRecord<'run'>,
  signal?: AbortSignal,
): Promise<Attempt> {
  const evidence: AuditEvidence[] = [
    { name: 'evidence', value: id },
    { name: 'recorded report', value: hash },
  ];
  const attempt = (outcome: Attempt['outcome'], inWords: string, remedy: string): Attempt => ({
    what: `${monitor}, check of ${time}`,
    outcome,
    inWords,
    evidence,
    remedy,
  });
  const check = `assayer monitor check ${monitor} --batch <file>`;
  try {
    const path = await keptPath(workspace, 'reports', hash).catch((cause: unknown) => {
      if (cause instanceof AssayerError && cause.code === 'ERR_WORKSPACE') return null;
      throw cause;
    });
    if (path === null)
      return attempt(
        'gone',
        'its report is not in the workspace any more',
        `restore reports/${hash}.json, or ${check}`,
      );
    const text = await readFile(path, 'utf8');
    if (sha256(text) !== hash) {
      evidence.push({ name: 'what lies there', value: sha256(text) });
      return attempt('differs', `its report ${path} was changed`, 'restore it from a copy');
    }
    const report = JSON.parse(text) as DriftReport;
    if (report.engine !== ENGINE_VERSION || report.contractHash !== contractHash(engine.contract)) {
      const inWords = `it was made by Assayer ${report.engine} under contract ${report.contractHash.slice(0, 12)}`;
      return attempt('not-tried', inWords, `npx assayer@${report.engine} audit --rerun`);
    }
    const found = await findInput(report.batch.name, inputOf(run), signal);
    if (found.is !== 'same') {
      const inWords = `its batch ${report.batch.name} is ${found.is === 'other' ? 'another file now' : 'gone'}`;
      return attempt('not-tried', inWords, `put the file of SHA-256 ${inputOf(run).slice(0, 12)}... back`);
    }
    const made = canonicalJson(
      await repeat({ engine, workspace }, scratch, modelsFolder, report, time, run, signal),
    );
    evidence.push({ name: 'report made again', value: sha256(made) });
    if (made === text) return attempt('same', 'its report came out again, byte by byte', '');
    const where = firstDifference(text, made);
    if (sameMachine(engine, run.body.environment))
      return attempt('differs', `its report came out otherwise, from ${where} on`, check);
    const inWords = `its report came out otherwise on another machine (from ${where} on), where the last digits may differ`;
    return { ...attempt('differs', inWords, check), isExpected: true };
  } catch (cause) {
    return attempt('differs', `making it again failed: ${failureText(cause)}`, check);
  }
}

const inputOf = ({ body }: RegistryRecord<'run'>) =>
  body.inputs.find(({ role }) => role === 'input')?.hash ?? '';

/** In a workspace without anything that an earlier check left there to be read instead of computed. */
async function repeat(
  { engine, workspace }: Pick<Registry, 'engine' | 'workspace'>,
  scratch: Workspace,
  modelsFolder: string,
  report: DriftReport,
  time: string,
  run: RegistryRecord<'run'>,
  signal?: AbortSignal,
): Promise<DriftReport> {
  const { alpha, permutations, seed, cluster, covariates } = report.settings;
  const reference = report.reference.name;
  const trained = await modelNamed(engine, reference, modelsFolder);
  const labels = run.body.inputs.find(({ role }) => role === 'labels');
  return await checkDrift(
    engine,
    {
      alpha,
      permutations,
      seed,
      cluster,
      covariates,
      reference,
      batch: report.batch.name,
      modelsFolder,
      workspace: scratch.path,
      ...(trained === null && {
        endpoints: report.models.map(({ endpoint, version }) => `${endpoint}@${version}`),
      }),
      ...(labels && {
        labels: await keptPath(workspace, 'labels', labels.hash),
        labelsAsOf: dayAt(Date.parse(time)),
      }),
      command: report.command,
    },
    signal ? { signal } : {},
  );
}

/** The place of the first character that differs, with what stands around it. */
function firstDifference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return `character ${at}, after ${JSON.stringify(one.slice(Math.max(0, at - 40), at))}`;
}
