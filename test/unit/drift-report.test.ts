import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawCompounds } from '../../src/chemistry/draw-compounds.ts';
import { Toolkit } from '../../src/chemistry/toolkit.ts';
import { type Moved, NOT_EVALUABLE, type Verdict } from '../../src/core/drift.ts';
import { driftReportHtml, shownStructures } from '../../src/dashboard/drift-report.ts';
import { DARK, LIGHT } from '../../src/dashboard/palette.ts';
import { STRUCTURE_SIZE } from '../../src/dashboard/structure.ts';
import { emptyReport, exampleReport, fullReport, manyModelsReport } from './drift-report-fixtures.ts';
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
    expect([...shapes.keys()].sort()).toEqual(['drift', 'forecast', 'not evaluable', 'steady']);
    expect(new Set(shapes.values()).size).toBe(4);
    expect(marks.length).toBeGreaterThan(report.verdicts.length);
  });

  test.each([
    [
      'chemistry',
      ['0.0311', 'MMD2 (Tanimoto)', '0.001', 'α 0.00833', '43 against 183', 'in 193 clusters', '0.0214'],
    ],
    ['distance', ['steady', '0.0179', '0.235', '43 against 91', 'in 116 clusters', '0.0624']],
    [
      'performance',
      [
        '0.512 log10(octanol/buffer), limits -3 to 6; 95 % interval 0.431 to 0.604; mean absolute error',
        '0.21',
        '37 against 2,609',
        '0.180',
      ],
    ],
    ['estimate', ['forecast', '0.498 log10(octanol/buffer)', 'none37 against 2,609none']],
    ['labels', ['none', 'not known', `Not judged, because ${NOT_EVALUABLE['not-measured']}. Too early.`]],
  ])('the row of %s has its effect, p, n and smallest detectable effect', (stream, parts) => {
    const rows = source.slice(source.indexOf('<tbody'), source.indexOf('</tbody>')).split('<tr').slice(1);
    const row = rows[report.verdicts.findIndex((verdict) => verdict.stream === stream)];
    const text = squeezed(row.replace(/<[^>]*>/g, '').replaceAll('\u00a0', ' '));
    for (const part of parts) expect(text).toContain(part);
  });

  test.each(Object.entries(NOT_EVALUABLE))('the reason %s is given in words, once', (reason, words) => {
    const [verdict] = report.verdicts;
    const refused = {
      ...verdict,
      state: 'not-evaluable',
      reason: reason as keyof typeof NOT_EVALUABLE,
    } as const;
    for (const inWords of ['Too early.', `Not judged, because ${words}: too early.`]) {
      const { text } = readPage(
        driftReportHtml({ ...report, inWords: '', verdicts: [{ ...refused, inWords }] }, none),
      );
      expect(text.split(words)).toHaveLength(2);
    }
  });

  test('streams are named by state before anything else, a forecast never among the steady', () => {
    const header = source.slice(source.indexOf('<header'), source.indexOf('</header>'));
    const tally = [
      ...header.matchAll(
        /<dt><span class="state state-([\w-]+)">.*?(\d+ of \d+)<\/span><\/dt><dd>(.*?)<\/dd>/g,
      ),
    ];
    expect(tally.map(([, state, share, names]) => [state, share, names])).toEqual([
      ['drift', '3 of 9', 'Chemistry, Descriptors and covariates, Classifier between the two sides'],
      ['steady', '3 of 9', 'Distance to the training set, Predictions, Performance'],
      ['forecast', '1 of 9', 'Expected performance'],
      ['not-evaluable', '2 of 9', 'Confidence against chemistry, Measured values'],
    ]);
  });

  test('hashes, tests, null, B and seed are there, and the command to the letter', () => {
    for (const part of [
      report.reference.hash,
      report.batch.hash,
      report.contractHash,
      ...report.models.map(({ hash }) => hash),
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

  test('what a steady stream lists is not named as moved, but for compounds beyond the domain', () => {
    const moved = (state: Verdict['state']) => {
      const verdicts = report.verdicts.map((verdict) => ({ ...verdict, state }));
      const page = driftReportHtml(
        { ...report, verdicts, state: state === 'drift' ? state : 'steady' },
        none,
      );
      const part = page.slice(page.indexOf('<h2>What moved'), page.indexOf('<h2>Distributions'));
      return [...part.matchAll(/<h3>([\w ]+?) </g)].map(([, name]) => name);
    };
    expect(moved('drift')).toEqual([
      'Chemistry',
      'Distance to the training set',
      'Descriptors and covariates',
      'Classifier between the two sides',
    ]);
    expect(moved('steady')).toEqual(['Distance to the training set']);
    expect(moved('not-evaluable')).toEqual([]);
  });

  test('a series beyond the domain has its compounds counted there, in the batch and in the reference', () => {
    const verdicts = report.verdicts.filter(({ stream }) => stream === 'distance');
    const [series] = verdicts[0].moved;
    const moved = [{ ...series, effect: { ...series.effect, value: 2 }, batch: 7, reference: 4 }];
    const source = driftReportHtml({ ...report, verdicts: [{ ...verdicts[0], moved }] }, none);
    const card = source.slice(source.indexOf('<article>'), source.indexOf('<div class="structures">'));
    const text = squeezed(card.replace(/<[^>]*>/g, ' ').replaceAll('\u00a0', ' '));
    expect(text).toContain(
      'Beyond the domain 2 compounds In the batch 7 compounds In the reference 4 compounds',
    );
    expect(text.match(/eyond the domain/g)).toHaveLength(1);
  });

  const headsOf = (caption: string, from = source) => {
    const [, table] = from.split(`<caption>${caption}`);
    return [
      ...table.slice(0, table.indexOf('</thead>')).matchAll(/<th [^>]*scope="col"[^>]*>(.*?)<\/th>/g),
    ].map(([, head]) => head);
  };

  test('columns are headed by what their figures are', () => {
    expect(headsOf('Both sides of what moved')).toEqual([
      'Descriptor',
      'Batch, median',
      'Reference, median',
      'Kolmogorov-Smirnov distance',
      'p, corrected',
    ]);
    expect(headsOf('What the classifier tells')).toEqual([
      'Descriptor',
      'Batch, mean in SD',
      'Reference, mean in SD',
      'log odds of the batch for each deviation',
    ]);
  });

  test('where measures differ, each figure says its own', () => {
    const verdicts = report.verdicts.filter(({ stream }) => stream === 'descriptors');
    const [median] = verdicts[0].moved;
    const effect = { name: 'difference in the share of Basel', value: 0.494, unit: '' };
    const share: Moved = {
      ...median,
      kind: 'covariate',
      name: 'site',
      measure: 'share',
      batch: 0.614,
      reference: 0.12,
      effect,
    };
    const count: Moved = { ...median, measure: 'compounds', batch: 1200, reference: 3 };
    const shown = driftReportHtml(
      { ...report, verdicts: [{ ...verdicts[0], moved: [median, share, count] }] },
      none,
    );
    expect(headsOf('Both sides', shown)).toEqual(['Column', 'Batch', 'Reference', 'Effect', 'p, corrected']);
    const table = shown.slice(shown.indexOf('<caption>Both sides'));
    const rows = table.slice(table.indexOf('<tbody'), table.indexOf('</tbody>')).split('<tr').slice(1);
    const cells = (row: string) =>
      [...row.matchAll(/<td[^>]*><div>(.*?)<\/div>/g)].map(([, cell]) =>
        cell.replace(/<[^>]*>/g, '').replaceAll('\u00a0', ' '),
      );
    expect(rows.map((row) => cells(row).slice(0, 2))).toEqual([
      ['1 median', '2 median'],
      ['61 % share', '12 % share'],
      ['1,200 compounds', '3 compounds'],
    ]);
  });

  test('series without drawings, by plate or by SMILES that cannot be drawn, are named in text', () => {
    const undrawn = driftReportHtml(exampleReport(), none);
    expect(undrawn).not.toContain('class="molecule"');
    expect(readPage(undrawn).text).toContain(exampleReport().verdicts[0].moved[0].name);
  });

  test('every plot has a title, a description and axes with their units', () => {
    const plots = source.split('<svg class="plot"').slice(1);
    // 2 of compounds, 1 of predictions, 5 of descriptors, reliability and maturity
    expect(plots).toHaveLength(10);
    for (const plot of plots) {
      expect(plot).toMatch(/<title id="[\w-]+">[^<]+<\/title>\n<desc id="[\w-]+">[^<]{20,}<\/desc>/);
      expect(plot.match(/class="label"/g)).toHaveLength(2);
      expect(plot).not.toMatch(/NaN|Infinity|undefined/);
    }
    expect(source).toContain('>distance (1 - Tanimoto)</text>');
    expect(source).toContain('>predicted logd (logD at pH 7.4)</text>');
    expect(source).toContain('>end of the domain 0.843</text>');
    expect(source).toContain('from 43\u00a0compounds: labels still to come count as such');
  });
});

test('a table has a caption, and headings that say of what they are', () => {
  const tables = source.match(/<table.*?<\/table>/gs) ?? [];
  // Streams, two of what moved, bins, tests, models
  expect(tables).toHaveLength(6);
  for (const table of tables) {
    expect(table).toMatch(/<caption>[^<]{10,}<\/caption>/);
    const [head, ...rows] = table.split('<tr').slice(1);
    const columns = head.match(/<th role="columnheader" scope="col"/g)?.length;
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.match(/<th /g)).toHaveLength(1);
      // Short, since it is read out before each cell.
      expect(
        /<th role="rowheader" scope="row"[^>]*>(.*?)<\/th>/.exec(row)?.[1].replace(/<[^>]*>/g, '').length,
      ).toBeLessThan(60);
      expect(1 + (row.match(/<td role="cell"/g)?.length ?? 0)).toBe(columns);
    }
  }
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
  expect(text).toContain(
    'Not drawn: compounds (not looked at), predictions (not looked at), descriptors and covariates (not looked at), labels (not looked at).',
  );
});

test('many models are listed with their hashes, and have a plot of each output, those that moved first', () => {
  const many = manyModelsReport();
  const source = driftReportHtml(many, none);
  const { text } = readPage(source);
  expect(squeezed(text)).toContain('ames 1 , bbb 1 , herg 1 , hlm-clearance 1 and 12 more');
  const [, table] = source.split('<caption>Whose answers were looked at');
  expect(table.slice(0, table.indexOf('</table>')).split('<th role="rowheader" scope="row">')).toHaveLength(
    1 + many.models.length,
  );
  const [, predictions] = source.split('<h3>Predictions</h3>');
  const titles = [...predictions.slice(0, predictions.indexOf('<h3>')).matchAll(/<h4>(.*?)<\/h4>/g)].map(
    ([, title]) => title.replace(/<[^>]*>/g, ''),
  );
  expect(titles).toHaveLength(many.plots.outputs.length);
  expect(titles.slice(0, 3)).toEqual([
    'predicted ppb@1 moved, p 0.001',
    'predicted solubility@2 moved, p 0.001',
    'predicted ames@1',
  ]);
  // All are of as many compounds, so one key does for them.
  expect(predictions.slice(0, predictions.indexOf('<h3>')).match(/class="legend"/g)).toHaveLength(1);
  const plots = {
    ...many.plots,
    outputs: many.plots.outputs.map((output, i) => (i === 5 ? { ...output, batch: [1] } : output)),
  };
  const unlike = driftReportHtml({ ...many, plots }, none).split('<h3>Predictions</h3>')[1];
  expect(unlike.slice(0, unlike.indexOf('<h3>')).match(/class="legend"/g)).toHaveLength(16);
});

test('past 48 plots of a kind the rest is counted', () => {
  const [output] = report.plots.outputs;
  const outputs = Array.from({ length: 50 }, (_, i) => ({ ...output, name: `output ${i}` }));
  const source = driftReportHtml({ ...report, plots: { ...report.plots, outputs } }, none);
  expect(source.match(/<h4><bdi>output/g)).toHaveLength(48);
  expect(source).toContain("2\u00a0more are in the report's JSON.");
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

test('further figures are a table with their n, escaped, and a report without any has no such section', () => {
  const report = exampleReport();
  expect(driftReportHtml(report, new Map())).not.toContain('Further figures');
  const [verdict, ...others] = report.verdicts;
  const figures = [
    { name: 'AUROC <b>', value: 0.8123, low: 0.7, high: 0.9, unit: '', n: 1200 },
    { name: 'calibration error', value: 0.04, unit: '', n: 37 },
  ];
  const page = driftReportHtml({ ...report, verdicts: [{ ...verdict, figures }, ...others] }, new Map());
  const part = page.slice(page.indexOf('Further figures'), page.indexOf('How it was done'));
  for (const text of ['AUROC &lt;b&gt;', '0.812', '0.700 to 0.900', '1,200', 'none', 'test nothing']) {
    expect(part).toContain(text);
  }
});
