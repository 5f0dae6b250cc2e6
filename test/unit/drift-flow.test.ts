import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DriftReport } from '../../src/core/drift.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { createEngine } from '../../src/main.ts';
import { COMPOUNDS, DriftBench, STRANGERS, verdictOf } from './drift-flow-fixtures.ts';

const bench = new DriftBench();
afterAll(() => bench.close());
const reference = bench.write('reference.csv', COMPOUNDS.slice(0, 120));
const batch = bench.write('batch.csv', COMPOUNDS.slice(120));
const strange = bench.write('strange.csv', STRANGERS);
let quiet: DriftReport;
let moved: DriftReport;

beforeAll(async () => {
  quiet = await bench.check(reference, batch, { permutations: 999 });
  moved = await bench.check(reference, strange);
});

describe('verdicts on real compounds', () => {
  test('two random parts of one collection are steady in every stream, and each says what it would have found', () => {
    expect(quiet.state).toBe('steady');
    expect(quiet.verdicts.map(({ stream, state }) => [stream, state])).toEqual([
      ['chemistry', 'steady'],
      ['distance', 'steady'],
      ['descriptors', 'steady'],
      ['classifier', 'steady'],
    ]);
    for (const verdict of quiet.verdicts) {
      expect(verdict).toMatchObject({
        alpha: 0.05 / 4,
        nullHypothesis: 'clusters',
        permutations: 999,
        seed: 1,
      });
      expect(verdict.p).toBeGreaterThan(verdict.alpha);
      expect(verdict.counts.batch).toBe(106);
      if (verdict.stream === 'distance' && (verdict.effect?.value ?? 0) < 0) {
        // How much farther would be found is not known of compounds that lie nearer.
        expect(verdict.minimumDetectable).toBeNull();
        expect(verdict.inWords).toContain('It lies nearer by');
        continue;
      }
      expect(verdict.minimumDetectable).toBeGreaterThan(0);
      expect(verdict.inWords).toContain('would have been found 8 times in 10');
    }
  });

  test('polycyclic aromatics are seen as another chemistry, and the series that moved are named by their scaffolds', () => {
    for (const stream of ['chemistry', 'descriptors', 'classifier'] as const) {
      expect(verdictOf(moved, stream)).toMatchObject({ state: 'drift', p: 1 / 400 });
    }
    const { moved: series } = verdictOf(moved, 'chemistry');
    const anthracene = series.find(({ name }) => name === 'c1ccc2cc3ccccc3cc2c1');
    expect(anthracene).toMatchObject({ kind: 'series', batch: 6 });
    expect(anthracene?.examples.length).toBe(3);
    expect(series.every(({ effect }) => effect.value > 0)).toBe(true);
    expect(moved.inWords).toContain('another chemistry');
  });

  test('what reference and batch are is told of everything that moved', () => {
    for (const { measure, reference: own, batch: other } of verdictOf(moved, 'classifier').moved) {
      expect(measure).toBe('mean in standard deviations');
      // About the mean of both sides: 120 compounds and 36.
      expect(120 * (own ?? Number.NaN) + 36 * other).toBeCloseTo(0, 9);
      expect(own).not.toBe(0);
    }
    for (const { measure } of verdictOf(moved, 'descriptors').moved) expect(measure).toBe('median');
    const { distance } = moved.plots;
    expect(distance?.domainLimit).toBeGreaterThan(0.5);
    expect(distance?.domainLimit).toBeLessThanOrEqual(1);
  });

  test('no name of the inside leaks into a report', () => {
    for (const report of [quiet, moved]) {
      expect(JSON.stringify(report)).not.toMatch(/\brow \d|training group|Infinity|NaN|undefined/);
    }
  });

  test('the same files give the same bytes, on one thread or two', async () => {
    const two = createEngine({ threads: 2, devices: ['cpu'] });
    const workspace = join(bench.folder, 'ws-two');
    const again = await bench.check(reference, batch, { permutations: 999, workspace }, { engine: two });
    expect(JSON.stringify(again)).toBe(JSON.stringify(quiet));
  });

  test('the order of rows changes no verdict', async () => {
    const [one, other] = [
      bench.write('reference-turned.csv', COMPOUNDS.slice(0, 120).toReversed()),
      bench.write('batch-turned.csv', COMPOUNDS.slice(120).toReversed()),
    ];
    const turned = await bench.check(one, other, { permutations: 999 });
    expect(turned.verdicts).toEqual(quiet.verdicts);
    expect(turned.plots).toEqual(quiet.plots);
  });

  test('another seed draws other permutations of the same statistic', async () => {
    const [mine, other] = [quiet, await bench.check(reference, batch, { permutations: 999, seed: 2 })].map(
      (report) => verdictOf(report, 'chemistry'),
    );
    expect(other.effect).toEqual(mine.effect);
    expect(other.p).not.toBe(mine.p);
  });
});

describe('inputs that warrant no number', () => {
  const numberless = (report: DriftReport, reason: string) => {
    expect(report.state).toBe('not-evaluable');
    expect(report.inWords).toContain('Nothing could be judged');
    for (const verdict of report.verdicts) {
      expect(verdict).toMatchObject({ state: 'not-evaluable', reason, p: null, effect: null, moved: [] });
      expect(verdict.minimumDetectable).toBeNull();
    }
  };

  test.each([1, 5])('a batch of %i compounds', async (size) => {
    const small = bench.write(`batch-${size}.csv`, COMPOUNDS.slice(120, 120 + size));
    const report = await bench.check(reference, small);
    numberless(report, 'too-few-compounds');
    expect(report.verdicts[0].inWords).toContain(`the batch has ${size} `);
  });

  test('a batch of which every row is rejected', async () => {
    const report = await bench.check(reference, bench.write('rejects.csv', ['a,C1CC', 'b,not-a-compound']));
    numberless(report, 'too-few-compounds');
    expect(report.batch).toMatchObject({ rows: 0, rejected: 2 });
    expect(report.verdicts[0].inWords).toContain('2 were rejected');
  });

  test('a batch without rows is refused by name', async () => {
    const none = bench.write('none.csv', []);
    await expect(bench.check(reference, none)).rejects.toMatchObject({ code: 'ERR_INPUT_EMPTY' });
  });

  test('one scaffold only, on either side', async () => {
    const benzenes = Array.from({ length: 30 }, (_, i) => `b${i},${'C'.repeat(i + 1)}c1ccccc1`);
    const one = bench.write('benzenes.csv', benzenes);
    const inBatch = await bench.check(reference, one);
    numberless(inBatch, 'too-few-compounds');
    expect(inBatch.verdicts[0].inWords).toContain('the batch has 1 cluster, and 5 are needed');
    numberless(await bench.check(one, batch), 'too-few-compounds');
  });

  test('an alpha that so few permutations cannot reach', async () => {
    const report = await bench.check(reference, strange, { permutations: 78 });
    numberless(report, 'cannot-fire-at-this-alpha');
    // Four streams share 0.05, and 1 / 80 is a fourth of that.
    expect(verdictOf(report, 'descriptors').inWords).toContain('give at least 79 permutations');
    expect((await bench.check(reference, strange, { permutations: 79 })).state).toBe('drift');
  });

  test('hardly any permutations give a verdict without a detectable effect', async () => {
    const report = await bench.check(reference, strange, { permutations: 9, alpha: 0.9 });
    for (const verdict of report.verdicts) {
      if (verdict.stream !== 'descriptors') expect(verdict.minimumDetectable).toBeNull();
    }
    expect(JSON.stringify(report)).not.toMatch(/Infinity|NaN/);
  });
});

describe('a batch that is the reference', () => {
  test.each(['scaffold', 'none'])(
    'is steady, and said to be the same compounds (clusters: %s)',
    async (cluster) => {
      const report = await bench.check(reference, reference, { cluster });
      expect(report.state).toBe('steady');
      expect(report.inWords).toContain('120 of them are in the reference, too');
      for (const verdict of report.verdicts) expect(verdict.p).toBeGreaterThan(0.5);
      expect(JSON.stringify(report)).not.toMatch(/Infinity|NaN/);
      // A shift that would be found is one of the size of a distance, never a negative one.
      for (const { minimumDetectable } of report.verdicts) expect(minimumDetectable ?? 1).toBeGreaterThan(0);
    },
  );
});

describe('covariates and clusters', () => {
  const head = 'name,smiles,site,plate,count,same';
  const lines = COMPOUNDS.map((line, row) =>
    row < 120
      ? `${line},${row % 4 ? 'north' : ''},p${row % 12},${row % 7},x`
      : `${line},south,p${row % 12},${row % 2 ? '' : row % 7},x`,
  );
  const north = bench.write('north.csv', lines.slice(0, 120), head);
  const south = bench.write('south.csv', lines.slice(120), head);

  test('a category that moved is told by its shares, and empty cells of numbers by themselves', async () => {
    const report = await bench.check(north, south, { covariates: ['site', 'count', 'same'] });
    const { state, moved: columns } = verdictOf(report, 'descriptors');
    expect(state).toBe('drift');
    expect(columns.map(({ name }) => name)).toEqual(['site', 'count (empty cells)']);
    expect(columns[0]).toMatchObject({ kind: 'covariate', reference: 0, batch: 1, p: 1 / 400 });
    expect(columns[0].effect).toEqual({ name: 'difference in the share of south', value: 1, unit: '' });
    expect(columns[1]).toMatchObject({ reference: 1, batch: 0.5 });
  });

  test('a column that is the same in all rows is left out', async () => {
    const report = await bench.check(north, south, { covariates: ['same'], permutations: 999 });
    expect(verdictOf(report, 'descriptors')).toEqual(verdictOf(quiet, 'descriptors'));
  });

  test('plates are permuted whole where they are the clusters, and name the series', async () => {
    const report = await bench.check(north, south, { cluster: 'plate' });
    expect(verdictOf(report, 'chemistry').counts.units).toBe(12);
    const far = verdictOf(report, 'distance').moved.map(({ name }) => name);
    expect(far.every((name) => /^p\d+$/.test(name))).toBe(true);
  });

  test('a column that one side lacks is refused by name', async () => {
    await expect(bench.check(north, batch, { covariates: ['site'] })).rejects.toMatchObject({
      code: 'ERR_INPUT_COLUMN_NOT_FOUND',
    });
    await expect(bench.check(north, batch, { cluster: 'plate' })).rejects.toMatchObject({
      code: 'ERR_INPUT_COLUMN_NOT_FOUND',
    });
  });
});

describe('what goes wrong on the way', () => {
  test('a check that is cancelled midway ends as cancelled', async () => {
    for (const at of ['batch', 'distance', 'classifier']) {
      const cancel = new AbortController();
      const onStep = (step: string) => {
        if (step === at) cancel.abort();
      };
      const options = { signal: cancel.signal, onStep };
      const ended = bench.check(reference, batch, {}, options);
      // The classifier is the last step, and is done.
      if (at === 'classifier') await expect(ended).resolves.toMatchObject({ state: 'steady' });
      else await expect(ended).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    }
  });

  test('kept distances that are damaged are refused, and made anew once deleted', async () => {
    const workspace = join(bench.folder, 'ws-damaged');
    const whole = await bench.check(reference, batch, { workspace });
    const [kept] = readdirSync(join(workspace, 'statistics'));
    truncateSync(join(workspace, 'statistics', kept), 100);
    await expect(bench.check(reference, batch, { workspace })).rejects.toMatchObject({
      code: 'ERR_BLOB_CORRUPT',
    });
    expect(verdictOf(whole, 'distance')).toEqual(verdictOf(await bench.check(reference, batch), 'distance'));
  });

  test('kept distances are those of the column that was read', async () => {
    const pairs = COMPOUNDS.slice(0, 60).map(
      (line, row) => `${line},${COMPOUNDS[row + 60].split(',').at(-1)}`,
    );
    const two = bench.write('two-columns.csv', pairs, 'name,smiles,other');
    const workspace = join(bench.folder, 'ws-columns');
    const options = { workspace, cluster: 'none', smilesColumn: 'smiles' };
    const named = bench.write(
      'named.csv',
      COMPOUNDS.slice(120).map((line) => `${line},${line.split(',').at(-1)}`),
      'name,smiles,other',
    );
    const first = verdictOf(await bench.check(two, named, options), 'distance');
    const other = verdictOf(await bench.check(two, named, { ...options, smilesColumn: 'other' }), 'distance');
    const apart = { ...options, smilesColumn: 'other', workspace: join(bench.folder, 'ws-other') };
    expect(other).toEqual(verdictOf(await bench.check(two, named, apart), 'distance'));
    expect(other).not.toEqual(first);
  });

  test('a model made under another contract is refused', async () => {
    const { contract } = bench.engine;
    const other: Engine = {
      ...bench.engine,
      contract: { ...contract, fingerprint: { ...contract.fingerprint, radius: 3 } },
    };
    await expect(bench.check('ppb', batch, {}, { engine: other })).rejects.toMatchObject({
      code: 'ERR_CONTRACT_MISMATCH',
    });
  });

  test('what a model does not keep cannot be asked of it', async () => {
    for (const change of [{ cluster: 'plate' }, { covariates: ['site'] }]) {
      const withColumns = bench.write(
        'columns.csv',
        COMPOUNDS.slice(120).map((line) => `${line},1,2`),
        'name,smiles,plate,site',
      );
      await expect(bench.check('ppb', withColumns, change)).rejects.toMatchObject({ code: 'ERR_USAGE' });
    }
    await expect(bench.check('no-such-model', batch)).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
    await expect(bench.check('ppb', batch, { endpoints: ['logd'] })).rejects.toMatchObject({
      code: 'ERR_USAGE',
    });
    await expect(bench.check(reference, batch, { labels: 'labels.csv' })).rejects.toMatchObject({
      code: 'ERR_USAGE',
    });
  });
});
