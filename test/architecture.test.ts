import { expect, test } from 'vitest';
import { architectureViolations, readSources } from './architecture.ts';

const src = new URL('../src', import.meta.url).pathname;

test('the sources keep the dependency rule', () => {
  const files = readSources(src);
  expect(files.size).toBeGreaterThan(10);
  expect(architectureViolations(files)).toEqual([]);
});

/** One planted breach of each kind: the file, its text, and what the check must say. */
const PLANTED: [kind: string, file: string, source: string, says: RegExp][] = [
  ['upward import', 'core/x.ts', "import { screen } from '../flows/screen.ts';", /imports upwards: flows/],
  ['binding under the vocabulary', 'core/x.ts', "import { a } from '../native/a.ts';", /upwards: native/],
  ['stranger of the same layer', 'store/x.ts', "import { a } from '../chemistry/a.ts';", /strangers/],
  ['stranger backend', 'backends/ort/x.ts', "import { a } from '../wasm/a.ts';", /strangers/],
  ['type-only import', 'trainers/x.ts', "import type { A } from '../statistics/a.ts';", /strangers/],
  ['inline type import', 'trainers/x.ts', "let a: typeof import('../statistics/a.ts');", /strangers/],
  ['dynamic import', 'chemistry/x.ts', "const a = await import('../flows/a.ts');", /imports upwards/],
  ['re-export', 'core/x.ts', "export * from '../store/a.ts';", /imports upwards/],
  ['side-effect import', 'core/x.ts', "import '../store/a.ts';", /imports upwards/],
  [
    'import over several lines',
    'core/x.ts',
    "import {\n  a,\n  b,\n} from '../store/a.ts';",
    /imports upwards/,
  ],
  [
    'worker entry by path',
    'chemistry/x.ts',
    "new URL('../workers/featurize.ts', import.meta.url)",
    /upwards/,
  ],
  ['required package', 'store/x.ts', "const r = require('@rdkit/rdkit');", /belongs to chemistry/],
  [
    'package of another owner',
    'flows/x.ts',
    "import { DuckDBInstance } from '@duckdb/node-api';",
    /belongs to store/,
  ],
  ['subpath of an owned package', 'http/x.ts', "import x from 'bullmq/dist/x';", /belongs to queue/],
  ['importing main.ts', 'cli/x.ts', "import { main } from '../main.ts';", /nothing imports main.ts/],
  ['leaving src', 'flows/x.ts', "import x from '../../bench/x.ts';", /leaves src/],
  ['dashboard beyond core', 'dashboard/x.ts', "import { a } from '../flows/a.ts';", /only core/],
  ['unknown folder', 'helpers/x.ts', '', /no part of the design/],
  ['unknown file at the top', 'run.ts', '', /no part of the design/],
];

test.each(PLANTED)('a planted %s is caught', (_, file, source, says) => {
  const violations = architectureViolations(new Map([[file, source]]));
  expect(violations).toHaveLength(1);
  expect(violations[0]).toMatch(says);
});

test('what the rule allows passes', () => {
  const allowed = new Map([
    ['main.ts', "import { runCli } from './cli/run.ts'; import { f } from './backends/ort/a.ts';"],
    ['flows/screen.ts', "import { a } from '../store/a.ts'; import type { B } from '../core/b.ts';"],
    ['backends/ort/a.ts', "import * as ort from 'onnxruntime-node'; import { b } from './b.ts';"],
    ['core/wire.ts', "import { tableFromIPC } from 'apache-arrow';"],
    ['native/a.ts', "import koffi from 'koffi'; import { AssayerError } from '../core/errors.ts';"],
    ['workers/featurize.ts', "import { featurize } from '../chemistry/featurize.ts';"],
  ]);
  expect(architectureViolations(allowed)).toEqual([]);
});
