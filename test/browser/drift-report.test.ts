import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawCompounds } from '../../src/chemistry/draw-compounds.ts';
import { Toolkit } from '../../src/chemistry/toolkit.ts';
import { driftReportHtml, shownStructures } from '../../src/dashboard/drift-report.ts';
import { DARK, LIGHT } from '../../src/dashboard/palette.ts';
import { STRUCTURE_SIZE } from '../../src/dashboard/structure.ts';
import { emptyReport, fullReport, hostileReport, manyModelsReport } from '../unit/drift-report-fixtures.ts';
import { BrowserPage, browserPath, noBrowser } from './chromium.ts';

describe.skipIf(!browserPath)(`the drift report in a browser${noBrowser}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'assayer-report-'));
  const urls: Record<string, string> = {};
  let page: BrowserPage;

  beforeAll(async () => {
    const report = fullReport();
    const drawings = await drawCompounds(await Toolkit.load(), shownStructures(report), STRUCTURE_SIZE);
    const pages = {
      full: driftReportHtml(report, drawings),
      hostile: driftReportHtml(hostileReport(), new Map()),
      empty: driftReportHtml(emptyReport(), new Map()),
      many: driftReportHtml(manyModelsReport(), new Map()),
    };
    for (const [name, source] of Object.entries(pages)) {
      const path = join(folder, `${name}.html`);
      writeFileSync(path, source);
      urls[name] = pathToFileURL(path).href;
    }
    page = await BrowserPage.open();
  });

  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  // Rows as blocks, sentences under the figures, tables; both schemes.
  const WINDOWS = [
    [320, 'light'],
    [400, 'dark'],
    [800, 'light'],
    [1000, 'dark'],
    [1280, 'light'],
  ] as const;

  test.each(['full', 'hostile', 'empty', 'many'])(
    'the %s report fits its window and asks for nothing',
    async (name) => {
      for (const [width, scheme] of WINDOWS) {
        await page.show(urls[name], { width, scheme });
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} ${scheme}`).toBe(width);
        expect(page.requests).toEqual([urls[name]]);
        expect(page.log).toEqual([]);
        expect(await page.evaluate('typeof globalThis.hacked')).toBe('undefined');
      }
    },
  );

  test('its colours follow the scheme, and are light on paper', async () => {
    const ground = () =>
      page.evaluate('getComputedStyle(document.documentElement).getPropertyValue("--ground")');
    await page.show(urls.full, { width: 800, scheme: 'light' });
    expect(await ground()).toBe(LIGHT.ground);
    await page.show(urls.full, { width: 800, scheme: 'dark' });
    expect(await ground()).toBe(DARK.ground);
    const oxygen = 'getComputedStyle(document.querySelector(".molecule path[fill*=oxygen]")).fill';
    expect(await page.evaluate(oxygen)).toBe('rgb(255, 143, 134)');
    await page.show(urls.full, { width: 800, scheme: 'dark', print: true });
    expect(await ground()).toBe(LIGHT.ground);
  });

  test('text in plots can be read at phone width, and stays within its plot', async () => {
    await page.show(urls.full, { width: 320, scheme: 'light' });
    const found = (await page.evaluate(`[...document.querySelectorAll('.plot text')].map((text) => {
      const [own, plot] = [text.getBoundingClientRect(), text.closest('svg').getBoundingClientRect()];
      return { size: parseFloat(getComputedStyle(text).fontSize) * plot.width / 320,
        out: Math.max(plot.left - own.left, own.right - plot.right, plot.top - own.top, own.bottom - plot.bottom) };
    })`)) as { size: number; out: number }[];
    expect(found.length).toBeGreaterThan(60);
    expect(Math.min(...found.map(({ size }) => size))).toBeGreaterThanOrEqual(8);
    expect(Math.max(...found.map(({ out }) => out))).toBeLessThanOrEqual(1);
  });

  test('a table is blocks with labels on a phone, and still a table to a screen reader', async () => {
    await page.show(urls.full, { width: 320, scheme: 'light' });
    expect(await page.evaluate('getComputedStyle(document.querySelector("td"), "::before").content')).toBe(
      'none',
    );
    expect(
      await page.evaluate('getComputedStyle(document.querySelector("td.numeric"), "::before").content'),
    ).toBe('"Effect"');
    expect(await page.evaluate('getComputedStyle(document.querySelector("td.numeric")).textAlign')).toBe(
      'left',
    );
    expect(await page.evaluate('getComputedStyle(document.querySelector("tr[role=row] td")).display')).toBe(
      'block',
    );
    const roles = async () => {
      const tree = await page.send('Accessibility.getFullAXTree');
      return (tree.nodes as { role?: { value: string } }[]).map(({ role }) => role?.value);
    };
    const wanted = ['table', 'columnheader', 'rowheader', 'cell'];
    expect(await roles()).toEqual(expect.arrayContaining(wanted));
    await page.show(urls.full, { width: 1000, scheme: 'light' });
    expect(await roles()).toEqual(expect.arrayContaining(wanted));
  });

  test('every plot is an image with a name and a description', async () => {
    await page.show(urls.full, { width: 1280, scheme: 'light' });
    const tree = await page.send('Accessibility.getFullAXTree');
    const images = (tree.nodes as { role?: { value: string }; name?: { value: string } }[])
      .filter(({ role }) => role?.value === 'image')
      .map(({ name }) => name?.value ?? '');
    expect(images.length).toBeGreaterThan(20);
    for (const name of images) expect(name.length).toBeGreaterThan(10);
    expect(
      images.filter((name) => /compounds?, .* of them up to|permutations, /.test(name)).length,
    ).toBeGreaterThan(6);
  });

  test('on paper no plot, card, row or command is cut', async () => {
    await page.show(urls.many, { width: 800, scheme: 'light', print: true });
    for (const part of ['.plotted', 'article', 'tbody tr', 'pre']) {
      expect(
        await page.evaluate(`getComputedStyle(document.querySelector('${part}')).breakInside`),
        part,
      ).toBe('avoid');
    }
    // Sentences have the whole width of the table.
    const [words, table] = (await page.evaluate(
      `['.told td.wide', '.told'].map((part) => document.querySelector(part).getBoundingClientRect().width)`,
    )) as number[];
    expect(words / table).toBeGreaterThan(0.98);
  });

  test('it prints on A4 pages', async () => {
    await page.show(urls.full, { width: 800, scheme: 'dark' });
    const text = (await page.pdf()).toString('latin1');
    expect(text.startsWith('%PDF-')).toBe(true);
    expect(text.match(/\/Type\s*\/Page\b/g)?.length).toBeGreaterThan(4);
    const [, width, height] = /\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/.exec(text) ?? [];
    expect([Number(width), Number(height)].map((points) => Math.round((points / 72) * 25.4))).toEqual([
      210, 297,
    ]);
  });
});
