import { expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import {
  comparisonVersions,
  differingVersions,
  requireComparable,
} from '../../src/core/comparison-versions.ts';
import { createEngine } from '../../src/main.ts';

const { contract } = createEngine();
const manifest = {
  endpoint: { id: 'herg' },
  version: '1',
  hash: 'model',
  contract,
  dataset: { assaySource: 'assay', compounds: 'compounds' },
  split: { name: 'scaffold-hash', hash: 'split' },
  evaluation: { hash: 'rows', rows: 3 },
} as Manifest;
const { dataset } = manifest;

test('a model differs from itself in nothing, and has seven versions', () => {
  expect(differingVersions(manifest, structuredClone(manifest))).toEqual([]);
  expect(new Set(Object.values(comparisonVersions(manifest))).size).toBe(7);
});

test.each<[string, string, Partial<Manifest>]>([
  ['assaySource', 'assay source', { dataset: { ...dataset, assaySource: 'other' } }],
  ['rawCompounds', 'raw compound set', { dataset: { ...dataset, compounds: 'other' } }],
  [
    'featurization',
    'featurization code',
    { contract: { ...contract, fingerprint: { ...contract.fingerprint, radius: 3 } } },
  ],
  [
    'descriptorDictionary',
    'descriptor dictionary',
    {
      contract: {
        ...contract,
        descriptors: { ...contract.descriptors, names: contract.descriptors.names.toReversed() },
      },
    },
  ],
  ['splitRule', 'split rule', { split: { name: 'random', hash: 'split' } }],
  ['splitRule', 'split rule', { split: { name: 'scaffold-hash', hash: 'other' } }],
  ['evaluationSet', 'evaluation set', { evaluation: { hash: 'other', rows: 3 } }],
])('another %s is named, and its figures are refused', (name, words, change) => {
  const other = { ...manifest, ...change, version: '2' };
  expect(differingVersions(manifest, other)).toEqual([name]);
  expect(() => requireComparable(manifest, other)).toThrow(
    `herg@1 and herg@2 cannot stand side by side: they differ in ${words}.`,
  );
});

test('another model under equal conditions is what a comparison is for', () => {
  const other = { ...manifest, hash: 'other' };
  expect(differingVersions(manifest, other)).toEqual(['modelArtifact']);
  expect(() => requireComparable(manifest, other)).not.toThrow();
});
