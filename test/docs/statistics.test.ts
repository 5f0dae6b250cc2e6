import { execFile, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as statistics from '../../src/statistics/index.ts';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/statistics.md');

/** Rows of the page's tables: function, question, null, source. */
const rows = [...page.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$/gm)].map(
  ([, name, , , source]) => ({
    name,
    source,
  }),
);

/** File of each exported name, by the exports themselves. */
const fileOf = new Map(
  [...read('src/statistics/index.ts').matchAll(/export \{([^}]+)\} from '\.\/(.+?)'/g)].flatMap(
    ([, names, file]) => names.split(',').map((name): [string, string] => [name.trim(), file]),
  ),
);

describe('docs/statistics.md', () => {
  test('has a row for every function of assayer/statistics, and no other', () => {
    const functions = Object.entries(statistics).flatMap(([name, value]) =>
      typeof value === 'function' ? [name] : [],
    );
    expect(rows.map(({ name }) => name).sort()).toEqual(functions.sort());
  });

  test.each(rows)('$name has the source of its docstring', ({ name, source }) => {
    const text = read(`src/statistics/${fileOf.get(name)}`);
    const comment = new RegExp(
      `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*export (?:async )?function ${name}\\b`,
    ).exec(text);
    if (source === 'definition') {
      expect(comment?.[1] ?? '@source without a docstring').not.toContain('@source');
      return;
    }
    // Author and year as they stand in the file: "Lopez-Paz & Oquab 2017" of "Lopez-Paz & Oquab 2017, arXiv:1610.06545".
    for (const cited of source.replace(/ \(.+\)$/, '').split('; ')) {
      const [, author, year] = /^([A-Za-z -]+?)(?: & [A-Za-z -]+)? (\d{4})$/.exec(cited) ?? [];
      expect(text).toMatch(new RegExp(`${author}[^;]*?\\b${year}\\b`));
    }
  });
});

describe('the package as it is published', () => {
  let folder = '';
  const installed = () => join(folder, 'node_modules', 'assayer');

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assayer-package-'));
    mkdirSync(installed(), { recursive: true });
    copyFileSync(join(root, 'package.json'), join(installed(), 'package.json'));
    // What is published beside dist, and what npm would install.
    for (const name of ['kernels', 'node_modules']) symlinkSync(join(root, name), join(installed(), name));
    // What the compiler says of the types is `npm run types`; here counts what comes out.
    const compiler = join(root, 'node_modules/.bin/tsc');
    spawnSync(compiler, ['-p', 'tsconfig.build.json', '--outDir', join(installed(), 'dist')], { cwd: root });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds the files that its exports name', () => {
    const { exports } = JSON.parse(read('package.json')) as {
      exports: Record<string, Record<string, string>>;
    };
    expect(Object.keys(exports)).toEqual(['.', './statistics']);
    for (const target of Object.values(exports).flatMap((one) => Object.values(one)))
      expect([target, existsSync(join(installed(), target))]).toEqual([target, true]);
  });

  test('gives what people call: the flows behind the commands, and every statistic', async () => {
    const script = `
      const [flows, statistics] = await Promise.all([import('assayer'), import('assayer/statistics')]);
      console.log(JSON.stringify([Object.keys(flows), Object.keys(statistics)]));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    const [flows, names] = JSON.parse(stdout) as string[][];
    expect(flows).toEqual(
      expect.arrayContaining([
        ...['screen', 'findNeighbors', 'train', 'verifyArtifact', 'validate', 'release', 'importModel'],
        ...['checkDrift', 'replay', 'checkBridge', 'createEngine'],
      ]),
    );
    expect(names).toEqual(Object.keys(statistics).sort());
  });

  test.each(
    [...page.matchAll(/```ts\n([\s\S]*?)```\n\n```output\n([\s\S]*?)```/g)].map(([, code, output]) => ({
      code,
      output,
    })),
  )(
    'example %# of the page compiles against it, and prints what the page shows',
    async ({ code, output }) => {
      const path = join(folder, 'example.mts');
      writeFileSync(path, code);
      const options = [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2024',
        '--skipLibCheck',
      ];
      const lib = [
        '--lib',
        'es2024,esnext.disposable',
        '--types',
        'node',
        '--typeRoots',
        join(root, 'node_modules/@types'),
      ];
      const check = spawnSync(join(root, 'node_modules/.bin/tsc'), [...options, ...lib, path], {
        encoding: 'utf8',
        cwd: folder,
      });
      expect(check.stdout).toBe('');
      const { stdout } = await run(process.execPath, [path], { cwd: folder });
      expect(stdout).toBe(output);
    },
  );

  test('the page has an example of one column and one of compounds', () => {
    expect(page.match(/```output/g)).toHaveLength(2);
  });
});
