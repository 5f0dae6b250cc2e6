import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documentOf } from '../../bench/proof/document.ts';

const at = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;

test('docs/drift-proof.md says what the result files say', () => {
  const written = readFileSync(at('docs/drift-proof.md'), 'utf8');
  expect(written).toBe(documentOf(at('bench/results')));
});
