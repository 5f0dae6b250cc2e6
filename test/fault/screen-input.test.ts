import {
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { assayer, readCsv, temporaryFolder } from '../assayer.ts';
import { noShared, readShared } from '../shared.ts';

/** Screens `name` in a fresh folder with one small model. */
async function screenFile(name: string, content: string | Uint8Array, ...more: string[]) {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, name), content);
  const run = await assayer(['screen', name, '--out', 'out.csv', '--endpoints', 'herg', ...more], { cwd });
  return { cwd, run };
}

const BAD_FILES: [what: string, name: string, content: string | Uint8Array, code: string, says: RegExp][] = [
  ['an empty file', 'a.csv', '', 'ERR_INPUT_EMPTY', /a\.csv/],
  ['a header alone', 'a.csv', 'id,smiles\n', 'ERR_INPUT_EMPTY', /a\.csv/],
  [
    'no SMILES column',
    'a.csv',
    'name,weight\nx,12\ny,13\n',
    'ERR_INPUT_NO_SMILES_COLUMN',
    /name, weight.*--smiles-column/,
  ],
  [
    'a damaged gzip',
    'a.csv.gz',
    gzipSync('smiles\nCCO\n').subarray(0, 20),
    'ERR_INPUT_CORRUPT',
    /a\.csv\.gz/,
  ],
  ['a damaged Parquet file', 'a.parquet', 'PAR1 and then nothing', 'ERR_INPUT_CORRUPT', /a\.parquet/],
  ['UTF-16 text', 'a.csv', Buffer.from('\ufeffsmiles\nCCO\n', 'utf16le'), 'ERR_INPUT_FORMAT', /UTF-16/],
  ['an unterminated quote', 'a.csv', 'smiles,id\n"CCO,1\nCC,2\n', 'ERR_INPUT_FORMAT', /line 2/],
];

test.each(BAD_FILES)('%s is refused with its own code', async (_, name, content, code, says) => {
  const { cwd, run } = await screenFile(name, content);
  expect(run.stderr).toContain(code);
  expect(run.stderr).toMatch(says);
  expect(run.code).toBe(2);
  expect(existsSync(join(cwd, 'out.csv'))).toBe(false);
});

test('a missing input, an unknown column and a folder as input are refused', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'a.csv'), 'smiles\nCCO\n');
  const missing = await assayer(['screen', 'none.csv', '--out', 'o.csv'], { cwd });
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('ERR_INPUT_NOT_FOUND')]);
  const column = await assayer(['screen', 'a.csv', '--out', 'o.csv', '--smiles-column', 'x'], { cwd });
  expect([column.code, column.stderr]).toEqual([2, expect.stringContaining('ERR_INPUT_COLUMN_NOT_FOUND')]);
  const folder = await assayer(['screen', '.', '--out', 'o.csv', '--format', 'csv'], { cwd });
  expect([folder.code, folder.stderr]).toEqual([2, expect.stringContaining('ERR_INPUT_UNREADABLE')]);
});

test('2 GB in one line are refused without being read', async () => {
  const cwd = temporaryFolder();
  const path = join(cwd, 'one-line.csv');
  writeSync(openSync(path, 'w'), `smiles\n${'C'.repeat(1 << 20)}`);
  // A sparse file: the disk holds one megabyte, the reader would see two gigabytes.
  truncateSync(path, 2 * 1024 ** 3);
  const run = await assayer(['screen', 'one-line.csv', '--out', 'out.csv'], { cwd });
  expect(run.stderr).toMatch(/ERR_INPUT_LINE_TOO_LONG.*line 2/);
  expect(run.code).toBe(2);
});

test('with --json an error is one line of JSON', async () => {
  const { run } = await screenFile('a.csv', 'name\nx\n', '--json');
  expect(JSON.parse(run.stderr).error).toMatchObject({
    code: 'ERR_INPUT_NO_SMILES_COLUMN',
    details: { path: 'a.csv' },
  });
});

test('a bad call is exit code 2 and ERR_USAGE with a hint', async () => {
  const cwd = temporaryFolder();
  for (const [args, says] of [
    [['screen'], "missing required argument 'input'"],
    [['screen', 'a.csv'], "required option '-o, --out <file>' is missing"],
    [['screen', 'a.csv', '--outt', 'o.csv'], "unknown option '--outt' (Did you mean --out?)"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['screen', 'a.csv', '--out', 'o.csv', '--threads', '0'], 'Give a whole number of at least 1'],
    [['screen', 'a.csv', '--out', 'o.csv', '--device', 'cpu,tpu'], 'no device tpu. Known: cuda, webgpu, cpu'],
  ] as const) {
    const run = await assayer(args, { cwd });
    expect([run.code, run.stdout], args.join(' ')).toEqual([2, '']);
    expect(run.stderr).toMatch(/^assayer: ERR_USAGE: [^\n]* See --help\.\n$/);
    expect(run.stderr).toContain(says);
    const json = await assayer([...args, '--json'], { cwd });
    expect([json.code, JSON.parse(json.stderr).error.code]).toEqual([2, 'ERR_USAGE']);
  }
});

test('help wins over what is missing, and no command at all shows it', async () => {
  const cwd = temporaryFolder();
  const help = await assayer(['screen', '--help'], { cwd });
  expect([help.code, help.stderr]).toEqual([0, '']);
  expect(help.stdout).toContain('--out <file>');
  const none = await assayer([], { cwd });
  expect([none.code, none.stdout]).toEqual([2, '']);
  expect(none.stderr).toContain('Usage: assayer');
});

test('devices are named without regard to case', async () => {
  const { run } = await screenFile('a.csv', 'smiles\nCCO\n', '--device', 'CPU');
  expect([run.code, run.stderr]).toEqual([0, '']);
});

test('devices lists every device and backend that can be named, with a reason in one line each', async () => {
  const run = await assayer(['devices', '--json'], { cwd: temporaryFolder() });
  expect([run.code, run.stderr]).toEqual([0, '']);
  const { devices, backends } = JSON.parse(run.stdout) as {
    devices: { device: string; reason: string }[];
    backends: { backend: string; reason: string }[];
  };
  expect(devices.map(({ device }) => device)).toEqual(['cuda', 'webgpu', 'cpu']);
  expect(backends.map(({ backend }) => backend)).toEqual(['cuda', 'ort', 'tfjs', 'wasm', 'reference']);
  for (const { reason } of [...devices, ...backends]) expect(reason).toMatch(/^[^\n]+$/);
});

test('rejected rows keep their place, and also go to the rejects file', async () => {
  const content = 'id,smiles\na,CCO\nb,\nc,C1CC\nd,c1ccccc1O\ne,"C\tC"\n';
  const { cwd, run } = await screenFile('a.csv', content, '--rejects', 'rejected.csv');
  expect(run.code).toBe(0);
  const rows = readCsv(join(cwd, 'out.csv'));
  expect(rows.map((row) => [row.row, row.id, row.status])).toEqual([
    ['0', 'a', 'ok'],
    ['1', 'b', 'rejected'],
    ['2', 'c', 'rejected'],
    ['3', 'd', 'ok'],
    ['4', 'e', 'rejected'],
  ]);
  expect(rows[1].reason).toMatch(/^EMPTY/);
  expect(rows[2]).toMatchObject({
    reason: expect.stringMatching(/^SYNTAX/),
    smiles: '',
    herg: '',
    herg_in_domain: '',
  });
  const rejects = readCsv(join(cwd, 'rejected.csv'));
  expect(rejects.map((row) => row.row)).toEqual(['1', '2', '4']);
  expect(Object.keys(rejects[0])).toEqual(['row', 'id', 'input', 'reason']);
});

describe.skipIf(noShared)('hostile texts', () => {
  const cases = noShared
    ? []
    : readShared('oracles/bad-input.txt.gz')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as [kind: string, text: string, rdkit: string]);

  test('each line is answered in its row: accepted or rejected as its class says', async () => {
    const lines = cases.map(([, text], i) => JSON.stringify({ id: `x${i}`, smiles: text }));
    const { cwd, run } = await screenFile('bad.jsonl', `${lines.join('\n')}\n`, '--json');
    expect(run.stderr).toBe('');
    const { counts } = JSON.parse(run.stdout);
    expect(counts.rows).toBe(cases.length);
    expect(counts.accepted + counts.rejected).toBe(cases.length);
    const out = await assayer(['screen', 'bad.jsonl', '--out', 'out.jsonl', '--endpoints', 'herg'], { cwd });
    expect(out.code).toBe(0);
    const rows = readFileSync(join(cwd, 'out.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const never = [
      'empty',
      'syntax',
      'nul',
      'chemistry',
      'csv-injection',
      'smarts',
      'reaction',
      'molfile',
      'inchi',
    ];
    rows.forEach((row, i) => {
      const [kind, text] = cases[i];
      expect(row.input).toBe(text);
      const shown = `${kind} ${JSON.stringify(text).slice(0, 60)}: ${row.reason}`;
      if (never.includes(kind)) expect(row.status, shown).toBe('rejected');
      if (kind === 'valid') expect(row.status, shown).toBe('ok');
      if (row.status === 'rejected') expect(row.reason, shown).toMatch(/^[A-Z_]+: /);
    });
    expect(readdirSync(cwd).filter((name) => name.includes('partial') || name.endsWith('.lock'))).toEqual([]);
  });
});
