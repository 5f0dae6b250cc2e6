/**
 * The statistical proofs of drift checks: real cases, false alarms over redraws, uniform p-values, power, estimates, and peers
 * beside them. Each writes its counts below bench/results as soon as it has some; docs/drift-proof.md is written from those.
 *
 *     node bench/proof.ts --shared ../shared [--only nulls,real-cases] [--redraws 100] [--python /tmp/peers/bin/python]
 *     node bench/proof.ts --document
 */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createEngine } from '../src/main.ts';
import { writeResult } from './machine.ts';
import type { ProofPlace } from './proof/compounds.ts';
import { writeDocument } from './proof/document.ts';
import { proveLateLabels } from './proof/late-labels.ts';
import { proveModelNulls } from './proof/model-nulls.ts';
import { proveMonitor } from './proof/monitor.ts';
import { proveNullRedraws } from './proof/null-redraws.ts';
import { provePeers } from './proof/peers.ts';
import { provePower } from './proof/power.ts';
import { proveRealCases } from './proof/real-cases.ts';
import { proveSequential } from './proof/sequential.ts';
import { proveSuppression } from './proof/suppression.ts';
import { proveUniformity } from './proof/uniformity.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    only: { type: 'string' },
    part: { type: 'string' },
    workspace: { type: 'string', default: join(tmpdir(), 'assayer-proof') },
    threads: { type: 'string', default: '1' },
    alpha: { type: 'string', default: '0.05' },
    permutations: { type: 'string', default: '399' },
    'case-permutations': { type: 'string', default: '499' },
    redraws: { type: 'string', default: '100' },
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    python: { type: 'string', multiple: true, default: [] },
    document: { type: 'boolean', default: false },
  },
});
const [alpha, permutations, redraws, runs, seed] = [
  options.alpha,
  options.permutations,
  options.redraws,
  options.runs,
  options.seed,
].map(Number);
const command = `node bench/proof.ts ${process.argv.slice(2).join(' ')}`.trim();
const parts = options.part?.split(',');
const only = (id: string): boolean => parts === undefined || parts.includes(id);

mkdirSync(options.workspace, { recursive: true });
const place: ProofPlace = {
  engine: createEngine({ threads: Number(options.threads), backends: ['wasm', 'reference'] }),
  shared: options.shared,
  workspace: options.workspace,
};
const write = (name: string) => (proof: object) => writeResult(`proof/${name}`, { command, ...proof });

const PROOFS: Readonly<Record<string, () => Promise<void>>> = {
  nulls: async () => {
    const onDesign = write('nulls');
    await proveNullRedraws(place, { alpha, permutations, seed, redraws }, { only, onDesign });
  },
  'real-cases': async () => {
    const settings = { alpha, permutations: Number(options['case-permutations']), seed };
    await proveRealCases(place, settings, { only, onBatch: write('real-cases') });
  },
  'model-nulls': async () => {
    const onModel = write('model-nulls');
    await proveModelNulls(place, { alpha, permutations: 999, seed, redraws }, { only, onModel });
  },
  power: async () => {
    await provePower(place, { alpha, permutations, seed, redraws }, { only, onShift: write('power') });
  },
  peers: async () => {
    await provePeers(place, { alpha, permutations, seed, redraws }, options.python, write('peers'));
  },
  monitor: async () => {
    write('monitor')(await proveMonitor(place, { alpha, redraws, seed }));
  },
  uniformity: async () => {
    write('uniformity')(proveUniformity({ runs, permutations: 999, seed }));
  },
  'late-labels': async () => {
    write('late-labels')(proveLateLabels({ batches: runs, seed }));
  },
  suppression: async () => {
    write('suppression')(await proveSuppression(place, { redraws, seed }));
  },
  sequential: async () => {
    write('sequential')(proveSequential({ streams: runs, looks: 365, seed: 11 }));
  },
};

if (!options.document) {
  const asked = options.only?.split(',') ?? Object.keys(PROOFS);
  for (const name of asked) {
    const prove = PROOFS[name];
    if (!prove) throw new Error(`there is no proof ${name}: ${Object.keys(PROOFS).join(', ')}`);
    const from = performance.now();
    await prove();
    console.error(`${name}: ${((performance.now() - from) / 1000).toFixed(0)} s`);
  }
}
console.log(writeDocument());
