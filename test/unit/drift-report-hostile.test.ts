import { describe, expect, test } from 'vitest';
import { driftReportHtml } from '../../src/dashboard/drift-report.ts';
import { html } from '../../src/dashboard/escape.ts';
import { exampleReport, HOSTILE_TEXTS, hostileReport } from './drift-report-fixtures.ts';
import { readPage } from './html-reader.ts';

const none = new Map<string, string>();
const structureOf = (source: string) => {
  const { tags } = readPage(source);
  return {
    names: new Set(tags.map(({ name }) => name)),
    attributes: new Set(tags.flatMap(({ attributes }) => [...attributes.keys()])),
  };
};

describe('text from outside', () => {
  const source = driftReportHtml(hostileReport(), none);

  test('adds no element and no attribute to a page', () => {
    const { names, attributes } = structureOf(source);
    const ordinary = structureOf(driftReportHtml(exampleReport(), none));
    const own = new Set(['details', 'summary', 'circle', ...ordinary.names]);
    expect([...names].filter((name) => !own.has(name))).toEqual([]);
    const ownAttributes = new Set(['cx', 'cy', 'r', 'open', ...ordinary.attributes]);
    expect([...attributes].filter((name) => !ownAttributes.has(name))).toEqual([]);
  });

  test('is shown as it was written', () => {
    const { text } = readPage(source);
    for (const written of HOSTILE_TEXTS.slice(0, 6)) expect(text).toContain(written);
  });

  test('in every single place alone leaves the page well-formed', () => {
    const places: ((text: string) => object)[] = [
      (text) => ({ inWords: text }),
      (text) => ({ command: text }),
      (text) => ({ engine: text, contractHash: text, schema: text }),
      (text) => ({ batch: { ...exampleReport().batch, name: text, hash: text } }),
      (text) => ({ settings: { ...exampleReport().settings, cluster: text, covariates: [text] } }),
    ];
    for (const place of places) {
      for (const text of HOSTILE_TEXTS) {
        expect(() => readPage(driftReportHtml({ ...exampleReport(), ...place(text) }, none))).not.toThrow();
      }
    }
  });

  test('stays within an attribute: a label of columns, a SMILES that is drawn', () => {
    const report = exampleReport();
    const drawing = '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>';
    for (const text of HOSTILE_TEXTS) {
      const verdicts = report.verdicts.map((verdict) => ({
        ...verdict,
        moved: verdict.moved.map((one) => ({
          ...one,
          effect: { ...one.effect, name: text },
          examples: one.kind === 'series' ? [text] : [],
        })),
      }));
      const source = driftReportHtml({ ...report, verdicts }, new Map([[text, drawing]]));
      const labels = readPage(source).tags.flatMap(({ attributes }) => attributes.get('aria-label') ?? []);
      expect(labels.length).toBeGreaterThan(5);
      expect(source).toContain('data-label="');
    }
    expect(html`<i title="${`<>&"'`}"></i>`.text).toBe('<i title="&lt;&gt;&amp;&quot;&#39;"></i>');
  });

  test('shows marks that hide or turn text as replacement characters', () => {
    expect(html`${'a\u202eb\u0000c\u2066d\ud800'}`.text).toBe('a\ufffdb\ufffdc\ufffdd\ufffd');
    expect(source).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
  });

  test('of any length is cut, and says how long it was', () => {
    expect(source).toContain('(20010 characters)');
    expect(source).not.toContain('x'.repeat(2000));
  });
});

describe('figures that are none', () => {
  const source = driftReportHtml(hostileReport(), none);

  test('are words, never NaN, Infinity, null or undefined', () => {
    const { text } = readPage(source);
    for (const words of ['not a number', 'infinite', 'minus infinity']) expect(text).toContain(words);
    expect(source).not.toMatch(/\bNaN\b|\bInfinity\b|\bundefined\b|\bnull<|\[object/);
  });

  test('leave a plot out and say why, or are left out of it', () => {
    const { text } = readPage(source);
    for (const reason of [
      'its values are not finite',
      'all its values are the same',
      'no row has a value',
      'its counts are no numbers',
    ]) {
      expect(text).toContain(`Not drawn: ${reason}.`);
    }
    expect(source.match(/class="point"/g)).toHaveLength(1);
  });

  test('as JSON has them, null, are words too', () => {
    const read = JSON.parse(JSON.stringify(hostileReport()));
    expect(readPage(driftReportHtml(read, none)).text).toContain('not a number');
  });
});

test('lists of any length are cut where a page would be too long, and the rest is counted', () => {
  const report = exampleReport();
  const [first, ...rest] = report.verdicts;
  const many = { ...first, moved: Array.from({ length: 5000 }, () => first.moved[0]) };
  const source = driftReportHtml({ ...report, verdicts: [many, ...rest] }, none);
  expect(readPage(source).text).toContain("4,988 more series are in the report's JSON.");
  expect(source.length).toBeLessThan(300_000);
});
