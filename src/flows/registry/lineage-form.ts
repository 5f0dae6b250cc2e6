import { AssayerError, describeCause } from '../../core/errors.ts';
import { isoTime } from '../../core/iso-time.ts';
import type { LineageRecord } from '../../core/lineage.ts';
import { workHash } from '../lineage.ts';

/** What a field of a lineage record must be, by its path; `[]` goes through an array, `?` stands for "or null". */
const FORM: readonly (readonly [path: string, form: keyof typeof FORMS])[] = [
  ['schema', 'schema'],
  ['run', 'name'],
  ['workHash', 'hash'],
  ['input', 'text'],
  ['startedAt', 'time'],
  ['finishedAt', 'time'],
  ['work.engine', 'text'],
  ['work.contract', 'hash'],
  ['work.input.sha256', 'hash'],
  ['work.models[].endpoint', 'text'],
  ['work.models[].version', 'text'],
  ['work.models[].hash', 'hash'],
  ['work.models[].unit', 'text'],
  ['output.path', 'text'],
  ['output.format', 'text'],
  ['output.sha256', 'hash'],
  ['output.sizeBytes', 'count'],
  ['rejects?.path', 'text'],
  ['rejects?.sha256', 'hash'],
  ['featureSet.sha256?', 'hash'],
  ['featureSet.reused', 'flag'],
  ['counts.rows', 'count'],
  ['counts.accepted', 'count'],
  ['counts.rejected', 'count'],
  ['devices', 'texts'],
  ['environment', 'texts'],
];

const FORMS = {
  schema: (value: unknown) => value === 'assayer.lineage/1',
  name: (value: unknown) => typeof value === 'string' && /^[\w.-]{1,128}$/.test(value),
  hash: (value: unknown) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  text: (value: unknown) => typeof value === 'string' && value !== '',
  time: (value: unknown) => typeof value === 'string' && isoTime(value) === value,
  count: (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0,
  flag: (value: unknown) => typeof value === 'boolean',
  texts: (value: unknown) =>
    isObject(value) && Object.values(value).every((each) => typeof each === 'string'),
} as const;

/**
 * Reads a lineage record and checks what a registry relies on: its form, and that its work has the hash it names.
 * @throws ERR_LINEAGE
 */
export function requireLineage(text: string): LineageRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AssayerError('ERR_LINEAGE', { problem: `it is no JSON (${describeCause(cause)})` }, { cause });
  }
  for (const [path, form] of FORM) {
    const wrong = valuesAt(value, path).find((each) => !FORMS[form](each));
    if (wrong === undefined && valuesAt(value, path).every((each) => each !== undefined)) continue;
    const shown = JSON.stringify(wrong)?.slice(0, 80) ?? 'missing';
    throw new AssayerError('ERR_LINEAGE', { problem: `its field ${path} is ${shown}` });
  }
  const record = value as LineageRecord;
  const actual = workHash(record.work);
  if (actual === record.workHash) return record;
  throw new AssayerError('ERR_LINEAGE', {
    problem: `it was changed: its work has the hash ${actual}, and it names ${record.workHash}`,
  });
}

/** The values of a path; `undefined` where one is missing. */
function valuesAt(value: unknown, path: string): unknown[] {
  const [first, ...rest] = path.split('.');
  const [, name, mark] = /^(\w+)(\[\]|\?)?$/.exec(first) ?? [];
  const found = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (mark === '?' && found === null) return [];
  const each = mark === '[]' ? (Array.isArray(found) ? found : [undefined]) : [found];
  return rest.length === 0 ? each : each.flatMap((one) => valuesAt(one, rest.join('.')));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
