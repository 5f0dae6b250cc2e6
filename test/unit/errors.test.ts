import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AssayerError, ERRORS, type ErrorCode } from '../../src/core/errors.ts';
import { isTransientReject, REJECTS, type RejectCode, rejectReason } from '../../src/core/rejects.ts';
import { readSources } from '../architecture.ts';

const src = new URL('../../src', import.meta.url).pathname;
const codes = Object.keys(ERRORS) as ErrorCode[];

function errorDocs(): string {
  const rows = codes.map((code) => {
    const { status, retryable, exitCode, message } = ERRORS[code];
    return `| \`${code}\` | ${status} | ${exitCode} | ${retryable ? 'yes' : 'no'} | ${message.replaceAll('|', '\\|')} |`;
  });
  const rejects = Object.entries(REJECTS).map(([code, text]) => `| \`${code}\` | ${text} |`);
  return [
    '# Errors',
    '',
    'Written from `src/core/errors.ts` and `src/core/rejects.ts` (`npx vitest run test/unit/errors.test.ts -u`).',
    '',
    'An error ends the call. Its code is stable, its message says what was wrong, where, and what to do.',
    'Exit code 2: the call or the input cannot be used; 1: Assayer failed; 130: cancelled.',
    '',
    '| code | HTTP | exit | retry helps | message |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '# Rejected compounds',
    '',
    'A compound that cannot be used is an answer, not an error: its row stays in the output with `status` = `rejected`',
    'and one of these codes in `reason`, and the other rows are unharmed.',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...rejects,
    '',
  ].join('\n');
}

test('docs/errors.md lists exactly the catalogue', async () => {
  await expect(errorDocs()).toMatchFileSnapshot('../../docs/errors.md');
});

test.each(codes)('%s has a message that names its places, and sane numbers', (code) => {
  const kind = ERRORS[code];
  expect(kind.status).toBeGreaterThanOrEqual(400);
  expect(kind.status).toBeLessThan(600);
  const places = [...kind.message.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const details = Object.fromEntries(places.map((place) => [place, `<${place}>`]));
  const error = new AssayerError(code, details as never);
  expect(error.message).not.toMatch(/\{|undefined/);
  for (const place of places) expect(error.message).toContain(`<${place}>`);
});

test('every code of the catalogue is thrown somewhere in the sources', () => {
  const thrown = new Set(
    [...readSources(src).values()].flatMap((text) =>
      [...text.matchAll(/AssayerError\(\s*'(\w+)'/g)].map((m) => m[1]),
    ),
  );
  expect(codes.filter((code) => !thrown.has(code))).toEqual([]);
});

test('an error keeps its cause and its details', () => {
  const cause = new Error('disk gone');
  const error = new AssayerError('ERR_INPUT_NOT_FOUND', { path: 'a.csv' }, { cause });
  expect(error.cause).toBe(cause);
  expect(error.details).toEqual({ path: 'a.csv' });
  expect(error.exitCode).toBe(2);
  expect(error.message).toContain('a.csv');
});

test('a reject reason starts with its code', () => {
  expect(rejectReason('EMPTY')).toBe('EMPTY: no SMILES');
  expect(rejectReason('TOO_LONG', '5,000 characters, limit 2,000')).toContain('(5,000 characters');
});

test('only what the machine may have caused is a transient refusal', () => {
  const refused = (Object.keys(REJECTS) as RejectCode[]).filter((code) =>
    isTransientReject(rejectReason(code, 'TIMEOUT: took too long')),
  );
  expect(refused).toEqual(['TIMEOUT', 'TOOLKIT_FAILED']);
  expect(isTransientReject(null)).toBe(false);
});

test('the read-me does not name a code that does not exist', () => {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const named = [...text.matchAll(/ERR_[A-Z_]+/g)].map((match) => match[0]);
  expect(named.filter((code) => !(code in ERRORS))).toEqual([]);
});
