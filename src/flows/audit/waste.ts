import { type AuditCheck, auditCheck, type DeviceHours, type Finding } from '../../core/audit.ts';
import { identity } from '../../core/hash.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';

type Run = RegistryRecord<'run'>;

const HOUR_MS = 3_600_000;
const MOST = 10;

/** Hours of each device by command, the most first; a run counts once for each device that it used. */
export function deviceHours(runs: readonly Run[]): DeviceHours[] {
  const totals = new Map<string, { command: string; device: string; runs: number; hours: number }>();
  for (const { body } of runs) {
    for (const device of devicesOf(body.devices)) {
      const key = `${body.command}\n${device}`;
      const total = totals.get(key) ?? { command: body.command, device, runs: 0, hours: 0 };
      total.runs++;
      total.hours += hoursOf(body);
      totals.set(key, total);
    }
  }
  return [...totals.values()].sort((a, b) => b.hours - a.hours || (a.command < b.command ? -1 : 1));
}

function devicesOf(devices: Run['body']['devices']): Set<string> {
  const names = Object.values(devices);
  return new Set(names.length > 0 ? names : ['not named']);
}

function hoursOf({ startedAt, finishedAt }: Run['body']): number {
  return Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / HOUR_MS;
}

/** A time as a person says it. */
function durationText(hours: number): string {
  if (hours >= 1) return `${hours.toFixed(1)} h`;
  return hours >= 1 / 60 ? `${(hours * 60).toFixed(1)} min` : `${(hours * 3600).toFixed(1)} s`;
}

/**
 * Work that was done before: trainings of the same inputs are a warning, screens of the same input by the same models a
 * note. A check of a monitor is none: labels come in between.
 */
export function auditWaste(runs: readonly Run[]): AuditCheck {
  const work = runs.filter(({ body }) => isTraining(body.command) || body.command === 'screen');
  const alike = Map.groupBy(work, ({ body }) =>
    identity({
      command: body.command,
      engine: body.engine,
      inputs: body.inputs
        .map(({ role, hash }) => `${role} ${hash}`)
        .filter((edge) => !edge.startsWith('feature-set '))
        .sort(),
      work: body.lineage?.workHash ?? null,
    }),
  );
  const repeated = [...alike.values()].filter((group) => group.length > 1);
  const findings = repeated
    .map((group): Finding & { hours: number } => {
      const [{ body }] = group;
      const again = group.slice(1).reduce((sum, run) => sum + hoursOf(run.body), 0);
      const inputs = body.inputs
        .filter(({ role }) => role !== 'contract' && role !== 'feature-set')
        .slice(0, 4);
      return {
        severity: isTraining(body.command) ? 'warning' : 'note',
        inWords: `${body.command} was run ${group.length} times on the same inputs: ${durationText(again)} of work that was done before.`,
        evidence: [
          ...inputs.map(({ role, hash }) => ({ name: role, value: hash })),
          {
            name: 'runs',
            value: group
              .slice(0, 5)
              .map(({ subject }) => subject)
              .join(', '),
          },
        ],
        remedy: isTraining(body.command)
          ? 'use the artifact that was made first'
          : 'keep results where those who need them find them: assayer trace <input>',
        hours: again,
      };
    })
    .sort((a, b) => b.hours - a.hours);
  const hours = deviceHours(runs);
  const gpu = hours.filter(({ device }) => /cuda|gpu/i.test(device)).reduce((sum, one) => sum + one.hours, 0);
  const total = runs.reduce((sum, { body }) => sum + hoursOf(body), 0);
  return auditCheck('waste', {
    tried: runs.length > 0 ? 1 : 0,
    inWords:
      runs.length === 0
        ? 'No run is recorded.'
        : `${runs.length} runs took ${durationText(total)}, ${durationText(gpu)} of it with a GPU; ${durationText(findings.reduce((sum, one) => sum + one.hours, 0))} went into work that was done before.`,
    evidence: [
      { name: 'hours', value: total.toFixed(4) },
      { name: 'GPU hours', value: gpu.toFixed(4) },
    ],
    findings: findings.slice(0, MOST).map(({ hours: _, ...finding }) => finding),
  });
}

function isTraining(command: string): boolean {
  return /\b(re)?train/.test(command);
}
