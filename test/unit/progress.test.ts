import { expect, test } from 'vitest';
import { durationText, progressText } from '../../src/cli/progress.ts';
import { textTable } from '../../src/cli/text-table.ts';

test('a progress line tells rows, rate and the time left', () => {
  expect(progressText('screening', 500, 0.25, 10)).toBe(
    'screening ██████░░░░░░░░░░░░░░░░░░ 25 %  500 rows, 50/s, 30 s left',
  );
});

test('without a known end it tells rows and rate only', () => {
  expect(progressText('screening', 1500, null, 3)).toBe('screening  1,500 rows, 500/s');
});

test.each([
  [59, '59 s'],
  [185, '3 min 05 s'],
  [7800, '2 h 10 min'],
])('%i seconds read as %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test('a table pads its columns and puts numbers to the right', () => {
  const table = textTable(
    ['name', 'n'],
    [
      ['a', '5'],
      ['long', '12'],
    ],
  );
  expect(table.split('\n')).toEqual(['name   n', '----  --', 'a      5', 'long  12']);
});
