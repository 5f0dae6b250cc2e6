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
import { emptyReport, fullReport, hostileReport } from '../unit/drift-report-fixtures.ts';
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

  const WIDTHS = [320, 800, 1280] as const;
  const SCHEMES = ['light', 'dark'] as const;

  test.each(['full', 'hostile', 'empty'])(
    'the %s report fits its window and asks for nothing',
    async (name) => {
      for (const width of WIDTHS) {
        for (const scheme of SCHEMES) {
          await page.show(urls[name], { width, scheme });
          expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} ${scheme}`).toBe(
            width,
          );
          expect(page.requests).toEqual([urls[name]]);
          expect(page.log).toEqual([]);
          expect(await page.evaluate('typeof globalThis.hacked')).toBe('undefined');
        }
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
    expect(found.length).toBeGreaterThan(100);
    expect(Math.min(...found.map(({ size }) => size))).toBeGreaterThanOrEqual(8);
    expect(Math.max(...found.map(({ out }) => out))).toBeLessThanOrEqual(1);
  });

  test('a table is blocks with labels on a phone, and still a table to a screen reader', async () => {
    await page.show(urls.full, { width: 320, scheme: 'light' });
    expect(await page.evaluate('getComputedStyle(document.querySelector("td"), "::before").content')).toBe(
      '"State"',
    );
    expect(await page.evaluate('getComputedStyle(document.querySelector("tr[role=row] td")).display')).toBe(
      'block',
    );
    const tree = await page.send('Accessibility.getFullAXTree');
    const roles = (tree.nodes as { role?: { value: string } }[]).map(({ role }) => role?.value);
    for (const role of ['table', 'columnheader', 'rowheader', 'cell']) expect(roles).toContain(role);
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
