import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { report } from '../../bench/report.ts';

const bench = new URL('../../bench/', import.meta.url).pathname;

test('RESULTS.md says what the result files say', () => {
  expect(readFileSync(`${bench}RESULTS.md`, 'utf8')).toBe(report(`${bench}results`));
});
