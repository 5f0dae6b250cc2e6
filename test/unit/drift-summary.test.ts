import { describe, expect, test } from 'vitest';
import type { DriftStream, NotEvaluable, Verdict } from '../../src/core/drift.ts';
import { stateOf, wordsOf } from '../../src/flows/drift/summary.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const check = {
  reference: madeSample(30, { seed: 1, prefix: 'r' }),
  batch: madeSample(20, { seed: 2, prefix: 'b' }),
};

/** A verdict as far as the summary reads it. */
function verdict(stream: DriftStream, state: Verdict['state'], reason?: NotEvaluable): Verdict {
  return { stream, state, ...(reason && { reason }) } as unknown as Verdict;
}

describe('the words before any figure', () => {
  test('what moved comes in the order of its importance, and at most four of it are named', () => {
    const all = (
      [
        'classifier',
        'descriptors',
        'outputs',
        'proxies',
        'distance',
        'chemistry',
        'labels',
        'performance',
      ] as const
    ).map((stream) => verdict(stream, 'drift'));
    expect(wordsOf(check, all)).toBe(
      'This batch of 20 compounds differs from the reference: the model errs more, measured values have moved, another chemistry, farther from the training set and 4 more.',
    );
    expect(wordsOf(check, [verdict('chemistry', 'steady'), verdict('outputs', 'drift')])).toBe(
      'This batch of 20 compounds differs from the reference: predictions have moved.',
    );
  });

  test('what could not be judged is a second sentence, by its reason', () => {
    const verdicts = [
      verdict('chemistry', 'steady'),
      verdict('distance', 'not-evaluable', 'too-few-compounds'),
      verdict('proxies', 'not-evaluable', 'too-few-compounds'),
      verdict('performance', 'not-evaluable', 'labels-immature'),
    ];
    expect(wordsOf(check, verdicts)).toBe(
      'No drift was seen in this batch of 20 compounds by 1 test. Not judged: distance to the training set, confidence against chemistry (there are too few compounds); performance (too few of the labels have arrived).',
    );
  });

  test('compounds that the reference holds are told, and a batch that nothing could judge', () => {
    const shared = { ...check, reference: check.batch };
    expect(wordsOf(shared, [verdict('chemistry', 'steady'), verdict('outputs', 'steady')])).toBe(
      'No drift was seen in this batch of 20 compounds (20 of them are in the reference, too) by 2 tests.',
    );
    expect(wordsOf(check, [verdict('chemistry', 'not-evaluable', 'contract-mismatch')])).toBe(
      'Nothing could be judged about this batch of 20 compounds: the two sides were made under different feature contracts.',
    );
  });

  test('what is merely inconclusive is named only where nothing was judged', () => {
    const open = verdict('proxies', 'not-evaluable', 'inconclusive');
    expect(wordsOf(check, [verdict('chemistry', 'steady'), open])).toBe(
      'No drift was seen in this batch of 20 compounds by 1 test.',
    );
    expect(wordsOf(check, [verdict('chemistry', 'drift'), open])).not.toContain('Not judged');
    expect(wordsOf(check, [open])).toContain('neither a shift nor its absence can be shown');
  });

  test('one compound is one', () => {
    const one = madeSample(1, { seed: 2, prefix: 'b' });
    expect(wordsOf({ reference: one, batch: one }, [verdict('chemistry', 'steady')])).toBe(
      'No drift was seen in this batch of 1 compound (1 of them is in the reference, too) by 1 test.',
    );
  });

  test('a forecast judges nothing', () => {
    const forecast = verdict('estimate', 'forecast');
    expect(stateOf([verdict('chemistry', 'not-evaluable', 'not-measured'), forecast])).toBe('not-evaluable');
    expect(stateOf([verdict('chemistry', 'steady'), forecast])).toBe('steady');
    expect(stateOf([verdict('chemistry', 'steady'), verdict('outputs', 'drift')])).toBe('drift');
    expect(wordsOf(check, [verdict('chemistry', 'steady'), forecast])).toContain('by 1 test.');
  });
});
