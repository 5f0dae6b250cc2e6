import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactHash, type Manifest } from '../../src/core/artifact.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { CheckName, ReleaseDecision } from '../../src/core/release.ts';
import { DEFAULT_RELEASE_POLICY, policyHash } from '../../src/core/release-policy.ts';
import { modelCard } from '../../src/flows/card.ts';
import type { Engine } from '../../src/flows/engine.ts';
import type { DatasetRecipe } from '../../src/flows/recipes.ts';
import { type ReleaseRequest, type ReleaseSummary, release } from '../../src/flows/release.ts';
import { type EvaluationSet, evaluationOfRecipe } from '../../src/flows/release-evaluation.ts';
import { train } from '../../src/flows/train.ts';
import { createEngine } from '../../src/main.ts';
import { type Row, writeData } from './dataset-fixtures.ts';

/** One scaffold each; R is where a substituent goes. */
const CORES = [
  'c1ccc(R)cc1',
  'c1ccnc(R)c1',
  'C1CCN(R)CC1',
  'c1ccc2[nH]c(R)cc2c1',
  'C1CCC(R)CC1',
  'c1csc(R)n1',
  'c1ccc2cc(R)ccc2c1',
  'C1COCCN1R',
  'c1cnn(R)c1',
  'c1ccc(-c2ccc(R)cc2)cc1',
  'O=C1CCCN1R',
  'c1ccc(Oc2ccc(R)cc2)cc1',
  'c1ccc2nc(R)ccc2c1',
  'c1cnc(R)nc1',
  'C1CC(R)C1',
  'c1coc(R)c1',
  'C1CCC(R)C1',
  'c1ccc2oc(R)cc2c1',
  'C1CN(R)CCN1c1ccccc1',
  'c1ccc(Sc2ccc(R)cc2)cc1',
  'c1nc(R)c2ccccc2n1',
  'C1CCC2(CC1)OCC(R)O2',
  'O=c1ccn(R)cc1',
  'c1cc(R)on1',
  'c1ccc(Cc2ccc(R)cc2)cc1',
  'C1CC2CC(R)CC1C2',
];
const SUBSTITUENTS = [
  'C',
  'CC(C)C',
  'CCO',
  'C(F)(F)F',
  'CCN(C)C',
  'CCC#N',
  'COC',
  'CC(=O)OC',
  'CCCCC',
  'C(=O)NC',
  'CS(=O)(=O)C',
  'CCCCl',
];

/** Atoms that a label is made of. */
const count = (smiles: string, atoms: RegExp): number => (smiles.match(atoms) ?? []).length;

/** A made-up solubility of real-looking compounds: carbons lower it, hetero atoms raise it, the assay has noise. */
export function chemicalRows(seed = 11): Row[] {
  const random = seededRandom(seed);
  const noise = () => 0.35 * (random() + random() + random() - 1.5);
  const rows = CORES.flatMap((core, group) =>
    SUBSTITUENTS.map((substituent): Row => {
      const smiles = core.replace('R', substituent);
      const y = -0.25 * count(smiles, /c|C(?!l)/g) + 0.35 * count(smiles, /[nNoO]/g) + noise();
      return { smiles, part: 'train', y, relation: '=', group };
    }),
  );
  return rows.map((row) => ({ ...row, part: random() < 1 / 3 ? 'train' : 'test' }));
}

/** A folder with data, and models made from them. */
export class ReleaseBench {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'assayer-release-'));
  readonly modelsFolder: string = join(this.folder, 'models');
  readonly engine: Engine = createEngine({ threads: 2, devices: ['cpu'] });
  readonly rows: readonly Row[];
  readonly recipe: DatasetRecipe;

  constructor(rows: readonly Row[] = chemicalRows()) {
    this.rows = rows;
    this.recipe = writeData(join(this.folder, 'data'), 'solubility', rows);
  }

  /** The rows that every candidate is judged on: those of the honest data. */
  evaluation(): Promise<EvaluationSet> {
    const place = { recipe: this.recipe, dataFolder: join(this.folder, 'data'), curationReport: null };
    return evaluationOfRecipe(this.engine, { ...place, workspace: join(this.folder, 'ws') });
  }

  /**
   * Trains a version, from other rows where they are given. Its manifest then claims the evaluation set of the honest
   * data, as that of a model whose training data went wrong unseen does.
   */
  async train(
    version: string,
    rows?: readonly Row[],
    change: { seed?: number; engine?: Engine } = {},
  ): Promise<string> {
    const dataFolder = rows ? join(this.folder, `data-${version}`) : join(this.folder, 'data');
    const recipe = rows ? writeData(dataFolder, 'solubility', rows) : this.recipe;
    const { folder } = await train(change.engine ?? this.engine, {
      recipe,
      dataFolder,
      workspace: join(this.folder, 'ws'),
      modelsFolder: this.modelsFolder,
      version,
      seed: change.seed ?? 1,
      curationReport: null,
      drugs: null,
      replace: false,
    });
    if (rows) {
      const { hash } = await this.evaluation();
      resign(folder, this.recipe, (manifest) => ({
        ...manifest,
        evaluation: { ...manifest.evaluation, hash },
      }));
    }
    return folder;
  }

  /** Takes a version through the gate, without a record unless `change` asks for one. */
  async release(
    version: string,
    change: Partial<ReleaseRequest> = {},
    adjust: (evaluation: EvaluationSet) => EvaluationSet = (evaluation) => evaluation,
  ): Promise<ReleaseSummary> {
    const request: ReleaseRequest = {
      model: `solubility@${version}`,
      modelsFolder: this.modelsFolder,
      workspace: join(this.folder, 'ws'),
      policy: DEFAULT_RELEASE_POLICY,
      approver: 'Ada Example <ada@example.org>',
      waivers: [],
      dryRun: true,
      ...change,
    };
    return release(this.engine, request, async () => adjust(await this.evaluation()));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Changes a manifest and gives it the hash and the card that belong to it, as somebody who knows how would. */
export function resign(
  folder: string,
  recipe: DatasetRecipe,
  change: (manifest: Manifest) => Manifest,
): void {
  const path = join(folder, 'manifest.json');
  const changed = change(JSON.parse(readFileSync(path, 'utf8')) as Manifest);
  const manifest = { ...changed, hash: artifactHash(changed) };
  writeFileSync(path, JSON.stringify(manifest, null, 2));
  writeFileSync(join(folder, 'card.md'), modelCard(manifest, recipe));
}

/** Checks that failed, in their order. */
export function failedChecks({ decision }: ReleaseSummary): CheckName[] {
  return decision.checks.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check);
}

/** What one check says. */
export function wordsOf({ decision }: ReleaseSummary, check: CheckName): string {
  return decision.checks.find((result) => result.check === check)?.words ?? '';
}

/** A decision as the gate would record it, for tests of the records alone. */
export function decisionOf(
  outcome: ReleaseDecision['outcome'],
  version = '1',
  endpoint = 'herg',
): ReleaseDecision {
  return {
    schema: 'assayer.release/1',
    endpoint,
    version,
    outcome,
    artifact: `artifact ${version}`,
    contract: 'a contract',
    engine: { contract: 'a contract', environment: { assayer: '0' } },
    evaluation: { hash: 'rows', rows: 3, source: 'a table' },
    policy: { hash: policyHash(DEFAULT_RELEASE_POLICY), content: DEFAULT_RELEASE_POLICY },
    checks: [],
    waivers: [],
    approver: { name: 'Ada Example', mail: 'ada@example.org' },
    replaces: null,
    time: '2026-11-21T00:00:00.000Z',
  };
}
