import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditReportHtml } from '../../src/dashboard/audit-report.ts';
import { DARK, LIGHT } from '../../src/dashboard/palette.ts';
import { emptyAudit, exampleAudit } from '../unit/audit-fixtures.ts';
import { HOSTILE_TEXTS } from '../unit/drift-report-fixtures.ts';
import { BrowserPage, browserPath, noBrowser } from './chromium.ts';

describe.skipIf(!browserPath)(`the audit in a browser${noBrowser}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'assayer-audit-'));
  const urls: Record<string, string> = {};
  let page: BrowserPage;

  beforeAll(async () => {
    const pages = {
      full: exampleAudit(),
      empty: emptyAudit(),
      hostile: exampleAudit((text) => `${HOSTILE_TEXTS.join(' ')} ${text}`),
    };
    for (const [name, report] of Object.entries(pages)) {
      const path = join(folder, `${name}.html`);
      writeFileSync(path, auditReportHtml(report));
      urls[name] = pathToFileURL(path).href;
    }
    page = await BrowserPage.open();
  });

  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const WINDOWS = [
    [320, 'light'],
    [400, 'dark'],
    [800, 'light'],
    [1280, 'dark'],
  ] as const;

  test.each(['full', 'empty', 'hostile'])(
    'the %s audit fits its window and asks for nothing',
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
    await page.show(urls.full, { width: 800, scheme: 'dark' });
    expect(await ground()).toBe(DARK.ground);
    await page.show(urls.full, { width: 800, scheme: 'dark', print: true });
    expect(await ground()).toBe(LIGHT.ground);
  });

  test('findings stand in cards that paper does not cut, and the page prints on A4', async () => {
    await page.show(urls.full, { width: 800, scheme: 'light', print: true });
    expect(await page.evaluate('document.querySelectorAll("article").length')).toBe(6);
    expect(await page.evaluate('getComputedStyle(document.querySelector("article")).breakInside')).toBe(
      'avoid',
    );
    const text = (await page.pdf()).toString('latin1');
    const [, width, height] = /\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/.exec(text) ?? [];
    expect([Number(width), Number(height)].map((points) => Math.round((points / 72) * 25.4))).toEqual([
      210, 297,
    ]);
  });

  test('states are words to a screen reader, and the bars an image with a name', async () => {
    await page.show(urls.full, { width: 1280, scheme: 'light' });
    const tree = await page.send('Accessibility.getFullAXTree');
    const nodes = tree.nodes as { role?: { value: string }; name?: { value: string } }[];
    const named = (role: string) =>
      nodes.filter((node) => node.role?.value === role).map(({ name }) => name?.value ?? '');
    expect(named('image').join()).toContain('Hours by command and device');
    expect(named('cell')).toEqual(expect.arrayContaining(['passed', 'not tried']));
  });
});
