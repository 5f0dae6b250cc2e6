import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawCompounds } from '../../src/chemistry/draw-compounds.ts';
import { Toolkit } from '../../src/chemistry/toolkit.ts';
import { NOT_EVALUABLE } from '../../src/core/drift.ts';
import { driftReportHtml, shownStructures } from '../../src/dashboard/drift-report.ts';
import { DARK, LIGHT } from '../../src/dashboard/palette.ts';
import { STRUCTURE_SIZE } from '../../src/dashboard/structure.ts';
import { emptyReport, exampleReport, fullReport } from './drift-report-fixtures.ts';
import { type ReadPage, readPage } from './html-reader.ts';

const report = fullReport();
const none = new Map<string, string>();
let drawings: Map<string, string>;
let source: string;
let page: ReadPage;

beforeAll(async () => {
  drawings = await drawCompounds(await Toolkit.load(), shownStructures(report), STRUCTURE_SIZE);
  source = driftReportHtml(report, drawings);
  page = readPage(source);
});

const styleOf = (text: string) => text.slice(text.indexOf('<style>') + 7, text.indexOf('</style>'));
const squeezed = (text: string) => text.replace(/\s+/g, ' ');

test('the same report gives the same bytes, and leaves its arguments as they were', () => {
  const again = fullReport();
  const kept = structuredClone(again);
  expect(driftReportHtml(again, new Map(drawings))).toBe(source);
  expect(again).toEqual(kept);
});

describe('the page needs nothing but itself', () => {
  test('it has no script, no style attribute, no frame and no address', () => {
    const names = new Set(page.tags.map(({ name }) => name));
    for (const name of ['script', 'link', 'img', 'iframe', 'object', 'use', 'image', 'a', 'base', 'form']) {
      expect(names).not.toContain(name);
    }
    for (const { name, attributes } of page.tags) {
      const bad = [...attributes.keys()].filter((key) =>
        /^on|^(style|src|href|srcset|action|xlink.*)$/.test(key),
      );
      expect(bad, name).toEqual([]);
    }
    expect(source.match(/url\((?!#[\w-]+\))/g)).toBeNull();
    expect(source).not.toMatch(/@import|@font-face|https?:/);
  });

  test('its policy allows its own style sheet by hash, and nothing else', () => {
    const policy = page.tags
      .find(({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy')
      ?.attributes.get('content');
    const hash = createHash('sha256').update(styleOf(source)).digest('base64');
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
  });

  test('ids are unique, and whatever is referred to by id is there', () => {
    const ids = page.tags.flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
    const wanted = page.tags.flatMap(({ attributes }) => [
      ...(attributes.get('aria-labelledby')?.split(' ') ?? []),
      ...[...(attributes.get('fill') ?? '').matchAll(/url\(#(.*?)\)/g)].map(([, id]) => id),
    ]);
    expect(wanted.length).toBeGreaterThan(20);
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe('what a reader finds', () => {
  test('the verdict in words stands before any figure of the streams', () => {
    const text = squeezed(page.text);
    const at = [report.inWords, 'What was looked at', 'What moved', 'Distributions', 'How it was done'].map(
      (part) => text.indexOf(part),
    );
    expect(at[0]).toBeGreaterThan(0);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(text).toContain('The batch has drifted');
  });

  test('each state has its word and a shape of its own, not only a colour', () => {
    const marks = [
      ...source.matchAll(/<span class="state state-[\w-]+"><svg[^>]*>(.*?)<\/svg>([\w ]+)<\/span>/g),
    ];
    const shapes = new Map(marks.map(([, shape, word]) => [word, shape]));
    expect([...shapes.keys()].sort()).toEqual(['drift', 'not evaluable', 'steady']);
    expect(new Set(shapes.values()).size).toBe(3);
    expect(marks.length).toBeGreaterThan(report.verdicts.length);
  });

  test.each([
    [
      'chemistry',
      ['0.0311', 'MMD2 (Tanimoto)', '0.001', 'α 0.0125', '43 against 183', 'in 193 clusters', '0.0146'],
    ],
    ['distance', ['0.0394', '0.041', '43 against 91', 'in 115 clusters', '0.0683']],
    [
      'performance',
      ['0.512 log units', '95 % interval 0.431 to 0.604', '0.21', '37 against 2,609', '0.180 log units'],
    ],
    ['labels', ['none', 'not known', NOT_EVALUABLE['not-measured']]],
  ])('the row of %s has its effect, p, n and smallest detectable effect', (stream, parts) => {
    const rows = source.slice(source.indexOf('<tbody'), source.indexOf('</tbody>')).split('<tr').slice(1);
    const row = rows[report.verdicts.findIndex((verdict) => verdict.stream === stream)];
    const text = squeezed(row.replace(/<[^>]*>/g, '').replaceAll('\u00a0', ' '));
    for (const part of parts) expect(text).toContain(part);
  });

  test('every reason for having no verdict is given in words', () => {
    for (const { reason } of report.verdicts) {
      if (reason) expect(page.text).toContain(NOT_EVALUABLE[reason]);
    }
    expect(report.verdicts.filter(({ reason }) => reason)).not.toHaveLength(0);
  });

  test('hashes, tests, null, B and seed are there, and the command to the letter', () => {
    for (const part of [
      report.reference.hash,
      report.batch.hash,
      report.contractHash,
      report.model?.hash ?? '-',
    ]) {
      expect(page.text).toContain(part);
    }
    for (const { test: name } of report.verdicts) expect(page.text).toContain(name);
    expect(page.text).toContain(
      'null: whole clusters of compounds are exchangeable, B = 999, seed 20261121.',
    );
    const command = /<pre[^>]*>(.*?)<\/pre>/s.exec(source)?.[1].replace(/<[^>]*>/g, '');
    expect(command).toBe(report.command);
  });

  test('a series shows its scaffold, at most three examples, and its compounds on both sides', () => {
    const [first] = source.split('<article>').slice(1);
    const card = first.slice(0, first.indexOf('</article>'));
    const [series] = report.verdicts[0].moved;
    expect(card.match(/role="img"/g)).toHaveLength(1 + Math.min(3, series.examples.length));
    expect(card).toContain(drawings.get(series.name) ?? 'no drawing');
    const text = squeezed(card.replace(/<[^>]*>/g, ' ').replaceAll('\u00a0', ' '));
    expect(text).toContain('Part of MMD2 0.00476, 15 % of all'.replace('Part', 'part'));
    expect(text).toContain('In the batch 3 compounds In the reference 0 compounds');
  });

  test('series without drawings, by plate or by SMILES that cannot be drawn, are named in text', () => {
    const undrawn = driftReportHtml(exampleReport(), none);
    expect(undrawn).not.toContain('class="molecule"');
    expect(readPage(undrawn).text).toContain(exampleReport().verdicts[0].moved[0].name);
  });

  test('every plot has a title, a description and axes with their units', () => {
    const plots = source.split('<svg class="plot"').slice(1);
    // 2 of compounds, 2 of predictions, 10 of descriptors, reliability and maturity
    expect(plots).toHaveLength(16);
    for (const plot of plots) {
      expect(plot).toMatch(/<title id="[\w-]+">[^<]+<\/title>\n<desc id="[\w-]+">[^<]{20,}<\/desc>/);
      expect(plot.match(/class="label"/g)).toHaveLength(2);
      expect(plot).not.toMatch(/NaN|Infinity|undefined/);
    }
    expect(source).toContain('>distance (1 - Tanimoto)</text>');
    expect(source).toContain('>logd (log10(octanol/buffer))</text>');
    expect(source).toContain('>95 % of held-out ≤ 0.850</text>');
  });
});

test('a drawing that holds more than lines is refused', () => {
  const [smiles] = shownStructures(report);
  for (const svg of [
    '<svg><script>1</script></svg>',
    '<svg viewBox="0 0 1 1"><path d="M0 0" onload="x"/></svg>',
    '<svg viewBox="0 0 1 1"><path d="M0 0" fill="url(#a)"/></svg>',
    '<svg viewBox="0 0 1 1"><path id="a" d="M0 0"/></svg>',
    '<svg viewBox="0 0 1 1"></svg><b>',
  ]) {
    expect(() => driftReportHtml(report, new Map([[smiles, svg]]))).toThrow(/holds more than lines/);
  }
});

test('an empty report is a page that says so', () => {
  const { text } = readPage(driftReportHtml(emptyReport(), none));
  expect(text).toContain('The batch could not be judged');
  expect(text).toContain('The report holds no verdict.');
  expect(text).toContain('Nothing could be judged');
  expect(text.match(/Not drawn: the check has no figures for it/g)).toHaveLength(4);
});

describe('colours', () => {
  const luminance = (colour: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };

  test.each([
    ['light', LIGHT],
    ['dark', DARK],
  ])('in %s, text, marks and atoms have a contrast of 4.5 or more', (_, palette) => {
    const { ground, surface, rule, ...inks } = palette;
    expect(rule).not.toBe(ground);
    for (const [role, ink] of Object.entries(inks)) {
      expect(Math.min(contrast(ink, ground), contrast(ink, surface)), role).toBeGreaterThanOrEqual(4.5);
    }
  });

  test('every custom property that is used is defined, for both schemes', () => {
    const used = new Set([...source.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
    expect(used).toContain('--atom-oxygen');
    const style = styleOf(source);
    for (const name of used) {
      const wanted = name === '--mono' ? 1 : 2;
      expect(style.split(`${name}:`).length - 1, name).toBe(wanted);
    }
  });
});
