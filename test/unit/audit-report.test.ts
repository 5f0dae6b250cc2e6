import { describe, expect, test } from 'vitest';
import { auditReport } from '../../src/core/audit.ts';
import { auditReportHtml } from '../../src/dashboard/audit-report.ts';
import { emptyAudit, exampleAudit } from './audit-fixtures.ts';
import { HOSTILE_TEXTS } from './drift-report-fixtures.ts';
import { readPage } from './html-reader.ts';

describe('the page of an audit', () => {
  const { text, tags } = readPage(auditReportHtml(exampleAudit()));

  test('says the verdict first, then each release with what needs somebody', () => {
    const order = [
      'Not everything that is claimed holds',
      'Of 2 releases',
      'model.onnx was changed.',
      'Registry',
      'Device hours',
    ];
    const places = order.map((part) => text.indexOf(part));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('puts errors before warnings before notes, each with its remedy', () => {
    const found = ['model.onnx was changed.', 'Nobody watches it.', 'calibration was waived.'].map((part) =>
      text.indexOf(part),
    );
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    for (const remedy of ['assayer train herg --model-version 1', 'What settles it: watch it'])
      expect(text).toContain(remedy);
  });

  test('shows what was not tried as not tried, never as passed', () => {
    const { text: shown } = readPage(auditReportHtml(exampleAudit()));
    expect(shown).toMatch(/Rebuild\s+not tried/);
    expect(shown).toMatch(/Inputs again\s+tried in part/);
    expect(shown).toMatch(/Chain\s+passed/);
    const row = (name: string) => shown.slice(shown.indexOf(name), shown.indexOf(name) + 60);
    expect(row('Rebuild')).not.toContain('passed');
  });

  test('tells replaced releases from current ones', () => {
    expect(text).toContain('the endpoint answers with it');
    expect(text).toContain('another release took its place');
  });

  test('runs no script and names no address', () => {
    const names = new Set(tags.map(({ name }) => name));
    for (const name of ['script', 'img', 'link', 'iframe', 'a']) expect(names.has(name)).toBe(false);
    expect(auditReportHtml(exampleAudit())).not.toMatch(/https?:\/\//);
  });

  test('equal reports give equal bytes, and an empty registry has a page too', () => {
    expect(auditReportHtml(exampleAudit())).toBe(auditReportHtml(exampleAudit()));
    const { text: empty } = readPage(auditReportHtml(emptyAudit()));
    expect(empty).toContain('No release is recorded');
    expect(empty).toContain('No run is recorded');
  });

  test('has a headline for every state', () => {
    const { schema: _, state: __, inWords: ___, counts: ____, ...parts } = exampleAudit();
    const withChecks = (registry: typeof parts.registry) =>
      auditReportHtml(auditReport({ ...parts, releases: [], registry }));
    const [chain] = parts.registry;
    const [, , rebuild, , monitored] = parts.releases[0].checks;
    expect(withChecks([chain])).toContain('<h1>Everything that is claimed holds</h1>');
    expect(withChecks([chain, rebuild])).toContain('<h1>What was tried holds, and not all was tried</h1>');
    expect(withChecks([rebuild, monitored])).toContain('<h1>What is claimed holds, with warnings</h1>');
  });
});

test('text from outside adds no element and no attribute, wherever it stands', () => {
  const structure = (source: string) =>
    readPage(source).tags.map(({ name, attributes }) => `${name} ${[...attributes.keys()].join()}`);
  const own = new Set(structure(auditReportHtml(exampleAudit())));
  for (const hostile of HOSTILE_TEXTS) {
    const found = structure(auditReportHtml(exampleAudit((text) => `${hostile}${text}`)));
    expect(
      found.filter((tag) => !own.has(tag)),
      hostile,
    ).toEqual([]);
    expect(() => readPage(auditReportHtml(exampleAudit(() => hostile)))).not.toThrow();
  }
});

test('hours that are no numbers are drawn as none', () => {
  const hours = [Number.NaN, Number.POSITIVE_INFINITY, 0].map((time) => ({
    command: 'screen',
    device: 'cpu',
    runs: 1,
    hours: time,
  }));
  const source = auditReportHtml({ ...exampleAudit(), hours });
  expect(() => readPage(source)).not.toThrow();
  expect(source).not.toMatch(/h(NaN|Infinity)/);
});
