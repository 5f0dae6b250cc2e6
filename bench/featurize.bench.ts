/**
 * Chemistry throughput on compounds of the library, each stage beside bare RDKit in the same run.
 *
 *     node bench/featurize.bench.ts --shared ../shared --molecules 5000 --runs 6
 *     node bench/featurize.bench.ts --shared ../shared --soak 1000000
 *
 * Rates are molecules per second; every sample is kept. Writes below bench/results, or to --out. --soak featurizes that many molecules in this process,
 * going round the library, and records resident memory on the way.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { readDescriptors } from '../src/chemistry/descriptors.ts';
import { emptyBatch } from '../src/chemistry/feature-batch.ts';
import { featurizeChunk } from '../src/chemistry/featurize-chunk.ts';
import { createFeaturizer } from '../src/chemistry/featurizer.ts';
import { parseGraph } from '../src/chemistry/graph.ts';
import { LIMITS } from '../src/chemistry/limits.ts';
import { packFingerprint } from '../src/chemistry/morgan.ts';
import { readSmiles } from '../src/chemistry/read-smiles.ts';
import { type JSMol, Toolkit } from '../src/chemistry/toolkit.ts';
import { FINGERPRINT_BYTES, MORGAN_BYTES } from '../src/core/fingerprint.ts';
import { sha256 } from '../src/core/hash.ts';
import { seededRandom } from '../src/core/random.ts';
import { machine, median, writeResult } from './machine.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: '../shared' },
    molecules: { type: 'string', default: '5000' },
    runs: { type: 'string', default: '6' },
    threads: { type: 'string', default: '1,2' },
    soak: { type: 'string', default: '0' },
    out: { type: 'string' },
  },
});
const library = gunzipSync(readFileSync(join(options.shared, 'data/raw/library/library-220k.csv.gz')))
  .toString()
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.slice(0, line.indexOf(',')));
const toolkit = await Toolkit.load();
const { rdkit } = toolkit;
const MORGAN_OPTIONS = '{"radius":2,"nBits":2048}';

const soak = Number(options.soak);
const name = soak > 0 ? 'featurize-memory' : 'featurize';
const measured = {
  rdkit: rdkit.version(),
  ...(soak > 0 ? await soakMemory(soak) : await throughput(Number(options.molecules), Number(options.runs))),
};
if (options.out)
  writeFileSync(options.out, `${JSON.stringify({ name, machine: machine(), ...measured }, null, 2)}\n`);
else process.stdout.write(`${writeResult(name, measured)}\n`);

async function throughput(count: number, runs: number) {
  const molecules = sample(count);
  assertEqualBits(molecules);
  const out = emptyBatch(1);
  const stages: Record<string, () => Promise<void> | void> = {
    rdkitParse: () => each(molecules, () => {}),
    rdkitParseMorgan: () => each(molecules, (mol) => mol.get_morgan_fp_as_uint8array(MORGAN_OPTIONS)),
    rdkitParseMorganText: () => each(molecules, (mol) => mol.get_morgan_fp(MORGAN_OPTIONS)),
    rdkitParseDescriptors: () => each(molecules, (mol) => mol.get_descriptors()),
    parseFingerprint: () =>
      each(molecules, (mol) => {
        packFingerprint(parseGraph(mol.get_json()), toolkit.massDifference, out.fingerprints.fill(0));
      }),
    parseFingerprintDescriptors: () =>
      each(molecules, (mol) => {
        packFingerprint(parseGraph(mol.get_json()), toolkit.massDifference, out.fingerprints.fill(0));
        readDescriptors(mol.get_descriptors(), out.descriptors);
      }),
    full: async () => void (await chunk(molecules)),
  };
  const rates: Record<string, number[]> = {};
  for (const threads of options.threads.split(',').map(Number)) {
    const name = `pool${threads}`;
    stages[name] = () =>
      pools
        .get(threads)!
        .featurize(molecules)
        .then(() => {});
  }
  const pools = new Map(
    options.threads.split(',').map((threads) => [
      Number(threads),
      createFeaturizer({
        workerUrl: new URL('../src/workers/featurize.ts', import.meta.url),
        threads: Number(threads),
      }),
    ]),
  );
  for (let run = -1; run < runs; run++) {
    for (const [name, stage] of Object.entries(stages)) {
      const start = performance.now();
      await stage();
      const rate = molecules.length / ((performance.now() - start) / 1000);
      // The first round warms up.
      if (run >= 0) rates[name] = [...(rates[name] ?? []), Math.round(rate)];
    }
  }
  for (const pool of pools.values()) await pool[Symbol.asyncDispose]();
  const medians = Object.fromEntries(Object.entries(rates).map(([name, values]) => [name, median(values)]));
  return {
    unit: 'molecules/s',
    molecules: molecules.length,
    inputSha256: sha256(molecules.join('\n')),
    medians,
    ratios: {
      fingerprintToRdkitMorgan: ratio(rates.parseFingerprint, rates.rdkitParseMorgan),
      fingerprintToRdkitMorganText: ratio(rates.parseFingerprint, rates.rdkitParseMorganText),
      twoThreadsToOne: rates.pool2 && rates.pool1 ? ratio(rates.pool2, rates.pool1) : null,
    },
    samples: rates,
  };
}

async function soakMemory(count: number) {
  const start = performance.now();
  const samples: { molecules: number; rssBytes: number; seconds: number }[] = [];
  let rejected = 0;
  for (let done = 0; done < count; ) {
    const molecules = Array.from(
      { length: Math.min(1000, count - done) },
      (_, i) => library[(done + i) % library.length],
    );
    const batch = await chunk(molecules);
    rejected += batch.reasons.filter((reason) => reason !== null).length;
    done += molecules.length;
    if (done % 10_000 === 0 || done === count) {
      samples.push({
        molecules: done,
        rssBytes: process.memoryUsage.rss(),
        seconds: (performance.now() - start) / 1000,
      });
    }
  }
  return { unit: 'bytes resident', molecules: count, librarySize: library.length, rejected, samples };
}

function chunk(molecules: readonly string[]) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  return featurizeChunk(toolkit, { inputs: molecules, kind: 'smiles', limits: LIMITS, progress });
}

function each(molecules: readonly string[], visit: (mol: JSMol) => void): void {
  for (const text of molecules) {
    const smiles = readSmiles(text, LIMITS);
    const mol = typeof smiles === 'string' ? rdkit.get_mol(smiles) : null;
    if (!mol) continue;
    visit(mol);
    mol.delete();
  }
}

/** Both sides must give the same bits before they are timed. */
function assertEqualBits(molecules: readonly string[]): void {
  const fingerprint = new Uint8Array(FINGERPRINT_BYTES);
  each(molecules, (mol) => {
    packFingerprint(parseGraph(mol.get_json()), toolkit.massDifference, fingerprint.fill(0));
    const expected = Buffer.from(mol.get_morgan_fp_as_uint8array(MORGAN_OPTIONS) as Uint8Array);
    if (!expected.equals(fingerprint.subarray(0, MORGAN_BYTES)))
      throw new Error(`bits differ: ${mol.get_smiles()}`);
  });
}

function sample(count: number): string[] {
  const random = seededRandom(1);
  return Array.from({ length: count }, () => library[Math.floor(random() * library.length)]);
}

/** Median of the ratios of each run's pair. */
function ratio(a: readonly number[], b: readonly number[]): number {
  return Math.round(1000 * median(a.map((value, i) => value / b[i]))) / 1000;
}
