import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import type { DriftReport, DriftStream, Verdict } from '../../src/core/drift.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import type { Featurizer } from '../../src/core/ports.ts';
import { seededRandom } from '../../src/core/random.ts';
import { checkDrift, type DriftRequest } from '../../src/flows/drift/check-drift.ts';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { createEngine } from '../../src/main.ts';
import { seededOrder } from '../../src/statistics/seeded-order.ts';

/** `name,smiles` of the 226 example compounds, shuffled, so that any part of them is like the rest. */
export const COMPOUNDS: readonly string[] = (() => {
  const path = new URL('../../examples/compounds.csv', import.meta.url);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(1);
  return Array.from(seededOrder(lines.length, 5), (row) => lines[row]);
})();

/** Polycyclic aromatics that no drug looks like: a core and a substituent each. */
export const STRANGERS: readonly string[] = [
  'c1cc2ccc3cccc4ccc(c1)c2c34',
  'c1ccc2c(c1)ccc1ccccc12',
  'c1ccc2cc3ccccc3cc2c1',
  'c1ccc2cc3cc4ccccc4cc3cc2c1',
  'c1ccc2c(c1)c1cccc3cccc2c31',
  'c1ccc2c(c1)Cc1ccccc12',
].flatMap((core, k) => ['', 'C', 'CC', 'Br', 'CCCC', 'I'].map((end, i) => `x${k}-${i},${end}${core}`));

/** A folder with files, and checks on them. */
export class DriftBench {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'assayer-drift-'));
  readonly engine: Engine;
  /** Opened once: each opening loads the toolkit anew. */
  private featurizer: Promise<Featurizer> | undefined;

  constructor() {
    const engine = createEngine({ threads: 1, devices: ['cpu'] });
    this.engine = {
      ...engine,
      createFeaturizer: async () => {
        this.featurizer ??= engine.createFeaturizer();
        const opened = await this.featurizer;
        return {
          contract: opened.contract,
          featurize: (inputs, options) => opened.featurize(inputs, options),
          [Symbol.asyncDispose]: async () => undefined,
        };
      },
    };
  }

  write(name: string, lines: readonly string[], head = 'name,smiles'): string {
    const path = join(this.folder, name);
    writeFileSync(path, `${[head, ...lines].join('\n')}\n`);
    return path;
  }

  check(
    reference: string,
    batch: string,
    change: Partial<DriftRequest> = {},
    { engine = this.engine, ...options }: Parameters<typeof checkDrift>[2] & { engine?: Engine } = {},
  ): Promise<DriftReport> {
    const settings = { alpha: 0.05, permutations: 399, seed: 1, cluster: 'scaffold', covariates: [] };
    const place = { modelsFolder: engine.modelsFolder, workspace: join(this.folder, 'ws') };
    return checkDrift(engine, { reference, batch, ...settings, ...place, command: '', ...change }, options);
  }

  async close(): Promise<void> {
    await (await this.featurizer)?.[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function verdictOf({ verdicts }: Pick<DriftReport, 'verdicts'>, stream: DriftStream): Verdict {
  const found = verdicts.find((verdict) => verdict.stream === stream);
  if (!found) throw new Error(`there is no verdict on ${stream}`);
  return found;
}

/** A made-up sample: descriptors are normal about `mean`, fingerprints random; three rows to a cluster. */
export function madeSample(
  rows: number,
  { seed, mean = 0, prefix = '' }: { seed: number; mean?: number; prefix?: string },
): DriftSample {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const ids = Array.from({ length: rows }, (_, row) => `${prefix}${row}`);
  const clusters = ids.map((_, row) => `${prefix}cluster ${Math.floor(row / 3)}`);
  return {
    name: `made ${prefix}`,
    hash: '0'.repeat(64),
    rejected: 0,
    ids,
    numbered: false,
    inchikeys: ids.map((id) => `KEY-${id}`),
    smiles: null,
    fingerprints: Uint8Array.from({ length: rows * FINGERPRINT_BYTES }, () => (random() < 0.2 ? 1 : 0)),
    descriptors: Float64Array.from({ length: rows * DESCRIPTOR_COUNT }, () => normal() + mean),
    covariates: new Map(),
    clusters,
    series: clusters,
  };
}
