import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CaseRows, readCases, readParts } from '../../bench/proof/cases.ts';
import { checkBridge } from '../../src/flows/drift/bridge.ts';
import { assayer, temporaryFolder } from '../assayer.ts';
import { noShared, readShared, shared } from '../shared.ts';

const page = readFileSync(new URL('../../docs/bridge-compounds.md', import.meta.url), 'utf8');
const SETTINGS = { before: 'old', after: 'new', margin: 0.3, alpha: 0.05, log10: false };

/** Writes pairs as `compound,old,new`. */
function pairsFile(lines: readonly string[], name = 'pairs.csv'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, `${['compound,old,new', ...lines].join('\n')}\n`);
  return path;
}

/** Twelve controls with the scatter of a good assay, all moved by the same. */
const controls = (moved: number) =>
  [0.1, -0.12, 0.05, 0.2, -0.18, 0.02, -0.05, 0.15, -0.1, 0.08, -0.2, 0.04].map(
    (noise, i) => `C-${i + 1},${5 + i / 4},${(5 + i / 4 + noise + moved).toFixed(3)}`,
  );

const bridge = (lines: readonly string[], settings: Partial<typeof SETTINGS> = {}) =>
  checkBridge({ path: pairsFile(lines), idColumn: 'compound', ...SETTINGS, ...settings });

describe('verdicts', () => {
  test('controls that scatter about no change are equivalent', async () => {
    const { state, inWords, pairs, figures } = await bridge(controls(0));
    expect(state).toBe('equivalent');
    expect(inWords[0]).toMatch(/^Equivalent\. .*within the margin of 0\.3/);
    expect(figures.pairs).toBe(12);
    expect(pairs.map(({ id }) => id).slice(0, 3)).toEqual(['C-4', 'C-11', 'C-5']);
    expect(pairs[1].difference).toBeCloseTo(-0.2, 9);
  });

  test('controls that all read twice as much have changed, by more than a margin of 0.1 and by less than 0.3 is open', async () => {
    const narrow = await bridge(controls(0.3), { margin: 0.1 });
    expect(narrow.state).toBe('changed');
    expect(narrow.inWords[0]).toMatch(
      /^Changed\. .*\+0\.30 log units, 1.99-fold higher.*by more than the margin/,
    );
    const wide = await bridge(controls(0.3), { margin: 0.3 });
    expect(wide.state).toBe('changed');
    expect(wide.inWords[0]).toContain('it was not shown that this is within the margin');
    expect((await bridge(controls(-0.3), { margin: 0.1 })).inWords[0]).toContain('2-fold lower');
  });

  test('a small change that was found is equivalent where it lies within the margin, and the words say both', async () => {
    const { state, inWords, figures } = await bridge(controls(0.15));
    expect(figures.t.p).toBeLessThan(0.05);
    expect(state).toBe('equivalent');
    expect(inWords[0]).toContain('They do differ');
  });

  test('three noisy pairs show nothing, and how many would is said', async () => {
    const { state, inWords, figures } = await bridge(['A,5.1,5.3', 'B,6.0,6.1', 'C,7.2,6.4']);
    expect(state).toBe('undecided');
    expect(figures.pairsNeeded).toBe(31);
    expect(inWords[0]).toContain('about 31 pairs would settle it in 8 cases of 10 (28 more)');
    expect(inWords.join(' ')).toContain('The rank test cannot reach p = 0.05 with 3 pairs');
  });

  test('alpha is that of the test for a change too', async () => {
    const lines = controls(0.09);
    const settings = { margin: 0.01 };
    const { state, figures } = await bridge(lines, settings);
    expect(figures.t.p).toBeGreaterThan(0.01);
    expect(figures.t.p).toBeLessThan(0.05);
    expect(state).toBe('changed');
    expect((await bridge(lines, { ...settings, alpha: 0.01 })).state).toBe('undecided');
  });

  test('one large difference is told where the rank test does not agree', async () => {
    const { figures, inWords } = await bridge([...controls(0.14), 'odd,5,9']);
    expect(figures.wilcoxon.p <= 0.05).not.toBe(figures.t.p <= 0.05);
    expect(inWords.join(' ')).toContain('look at the largest differences below');
  });

  test('without spread only a change by more than the margin is one', async () => {
    const one = await bridge(['A,5.1,6.9']);
    expect([one.state, one.figures.pairsNeeded]).toEqual(['not-evaluable', Number.NaN]);
    expect(one.inWords[0]).toContain('At least 2 are needed');
    const copies = await bridge(['A,5.1,5.1', 'B,6,6']);
    expect([copies.state, copies.inWords[0]]).toEqual([
      'not-evaluable',
      expect.stringContaining('equal to the last digit'),
    ]);
    const unit = await bridge(['A,5,5000', 'B,70,70000'], { log10: true });
    expect([unit.state, unit.inWords[0]]).toEqual(['changed', expect.stringContaining('1,000-fold higher')]);
    expect((await bridge(['A,5,5.1', 'B,6,6.1'])).state).toBe('not-evaluable');
  });

  test('values as measured give what their log10 give', async () => {
    const raw = controls(0.4).map((line) => {
      const [id, ...values] = line.split(',');
      return [id, ...values.map((value) => 10 ** Number(value))].join(',');
    });
    const [logged, taken] = [await bridge(controls(0.4)), await bridge(raw, { log10: true })];
    expect(taken.state).toBe(logged.state);
    expect(taken.figures.t.mean).toBeCloseTo(logged.figures.t.mean, 9);
  });
});

describe('what cannot be used', () => {
  test('every bad row is named with what to do, up to five', async () => {
    const lines = ['A,5.1,5.3', 'B,<4.0,4.2', 'C,,6.0', 'D,7.0,7 nM', 'A,5,5', 'E,"5,1",5', 'F,1250,9'];
    await expect(bridge(lines)).rejects.toMatchObject({ code: 'ERR_PAIRS' });
    const message = await bridge(lines).catch((error: Error) => error.message);
    for (const part of [
      'row 2 (B), column old, reads "<4.0", a bound: how far that value moved is not known',
      'row 3 (C), column old, is empty: measure it, or delete the row',
      'row 4 (D), column new, reads "7 nM", no number',
      'row 5 (A) is the compound of row 1 again',
      'row 6 (E), column old, reads "5,1", no number: write the decimal as a point',
      'and 1 more (rows counted from 1',
    ]) {
      expect(message).toContain(part);
    }
  });

  test.each([
    ['A,1250,900', false, 'is no log10 of a measured value: give log10 values (pIC50, logS), or add --log10'],
    ['A,0,900', true, 'which has no log10'],
    ['A,-3,900', true, 'which has no log10'],
    ['A,7e300,900', true, 'which nothing measures'],
    ['A,NaN,5', false, 'no number'],
    ['A,1e999,5', false, 'no number'],
    ['A,5', false, 'column new, is empty'],
  ])('%s with --log10 %s is refused', async (line, log10, message) => {
    await expect(bridge([line], { log10 })).rejects.toThrow(message);
  });

  test('rows without a name may repeat', async () => {
    expect((await bridge([',5.1,5.3', ',5.1,5.3', ',5.0,5.3'])).pairs.map(({ id }) => id)).toContain('row 2');
  });

  test.each([
    [{ after: 'old' }, 'before and after are one column'],
    [{ after: 'newer' }, 'has no column newer'],
    [{ margin: 0 }, 'margin is 0'],
    [{ alpha: 0.6 }, 'alpha of the equivalence test is 0.6'],
  ])('%j is refused', async (settings, message) => {
    await expect(bridge(controls(0), settings)).rejects.toThrow(message);
  });

  test('a table without rows, and one that is no delimited text', async () => {
    await expect(bridge([])).rejects.toMatchObject({ code: 'ERR_INPUT_EMPTY' });
    const path = pairsFile(controls(0), 'pairs.jsonl');
    await expect(checkBridge({ path, ...SETTINGS })).rejects.toThrow('save the table as CSV or TSV');
  });
});

test('the command tells verdict and largest differences, and ends with code 3 where asked to', async () => {
  const path = pairsFile(controls(0.5));
  const call = ['monitor', 'bridge', path, '--before', 'old', '--after', 'new', '--margin', '0.3'];
  const changed = await assayer([...call, '--id', 'compound', '--fail-on-change'], {
    cwd: temporaryFolder(),
  });
  expect([changed.code, changed.stderr]).toEqual([3, '']);
  expect(changed.stdout.split('\n')[0]).toMatch(/^Changed\./);
  expect(changed.stdout).toMatch(/^C-4 +5\.75 +6\.45 +0\.70 +5\.01$/m);
  const json = await assayer([...call, '--json'], { cwd: temporaryFolder() });
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({
    schema: 'assayer.bridge/1',
    state: 'changed',
    pairs: { length: 12 },
  });
});

describe.skipIf(noShared)('AqSolDB, the same compounds in two sources', () => {
  test.each([
    ['aqsoldb-paired-a-c', 223],
    ['aqsoldb-paired-a-d', 520],
  ])('%s is equivalent on average, by %d pairs of which some differ a thousandfold', async (id, count) => {
    const one = readCases(shared).find((drift) => drift.id === id);
    if (!one) throw new Error(`no case ${id}`);
    const values = one.files.map((file) => solubilities(readShared(`data/${file}`)));
    const [before, after] = [...readParts(shared, one).values()].map(({ file, rows }: CaseRows) =>
      rows.map((row) => values[file][row]),
    );
    const { state, figures, pairs, inWords } = await bridge(
      before.map((value, k) => `${k},${value},${after[k]}`),
    );
    expect([state, figures.pairs]).toEqual(['equivalent', count]);
    // The means that were measured when the case was made.
    const { label } = one.measured[one.batchParts[0]];
    expect(figures.t.mean).toBeCloseTo((label?.meanBatch ?? 0) - (label?.meanReference ?? 0), 2);
    expect(Math.abs(pairs[1].difference)).toBeGreaterThan(3);
    expect(figures.agreement.upper.value).toBeGreaterThan(1);
    // docs/bridge-compounds.md shows these figures.
    const row = new RegExp(`\\| ${count} \\| (\\S+) \\((.+?)\\) \\| (.+?) \\|`).exec(page);
    expect(inWords.join(' ')).toContain(`by ${row?.[1]} log units`);
    expect(inWords.join(' ')).toContain(`90 % interval ${row?.[2]}`);
    expect(inWords.join(' ')).toContain(`expected to move by ${row?.[3]} (limits of agreement)`);
  });
});

/** The last but some column of these files, whose quoted names hold commas and quotes. */
function solubilities(text: string): string[] {
  const [head, ...lines] = text.trimEnd().split(/\r?\n/);
  const at = head.split(',').indexOf('Solubility');
  return lines.map((line) => {
    const cells = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell);
    return cells[at];
  });
}
