/** A model from its release through drift, freeze and retrain to its next release, by policy, on a clock of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { sha256 } from '../../src/core/hash.ts';
import type { MonitorDecision } from '../../src/core/monitor-decision.ts';
import { DEFAULT_RELEASE_POLICY } from '../../src/core/release-policy.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { buildByRecipe, retrainFolder } from '../../src/flows/monitor/build-candidate.ts';
import { readRecipeData, type RecipeData } from '../../src/flows/monitor/dataset-with-labels.ts';
import { takeLabels } from '../../src/flows/monitor/labels-intake.ts';
import { checkMonitor } from '../../src/flows/monitor/monitor-check.ts';
import { addMonitor } from '../../src/flows/monitor/monitors.ts';
import { addPolicy } from '../../src/flows/monitor/policies.ts';
import { workRetrains } from '../../src/flows/monitor/retrain.ts';
import { splitByScaffold } from '../../src/flows/monitor/scaffold-split.ts';
import type { DatasetRecipe } from '../../src/flows/recipes.ts';
import { takeIn } from '../../src/flows/registry/intake.ts';
import { openRegistry, type Registry } from '../../src/flows/registry/open-registry.ts';
import { release } from '../../src/flows/release.ts';
import { evaluationOfRecipe } from '../../src/flows/release-evaluation.ts';
import { screen } from '../../src/flows/screen.ts';
import { train } from '../../src/flows/train.ts';
import { validate } from '../../src/flows/validate.ts';
import { plotsOf } from '../../src/flows/validation/plots/plots.ts';
import { attachValidation } from '../../src/flows/validation/validation-files.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { daysAfter, type Measured, type Period, type Stream, shareOf } from './cases.ts';

export const APPROVER = { name: 'Ada Example', mail: 'ada@example.org' };
const SIGNED = `${APPROVER.name} <${APPROVER.mail}>`;
/**
 * What the approver answers for in person: the gate compares no model with one that was made of other data, and a retrain with new
 * labels is always that.
 */
const NOT_ALIKE =
  'no-worse=the released model is frozen for a sustained loss, and this one was made of more data than it';
/** Days from a submission to its value: between these, by a hash of the compound, whatever is measured. */
export const LABEL_DAYS = { least: 14, most: 90 };
/** Days after a period's compounds came at which they are checked: no label yet, some, all, and all again a week later. */
const CHECK_DAYS = [1, 45, 91, 98];

export interface ReplayOptions {
  /** What the first model is made and watched in; is filled. */
  readonly workspace: string;
  /** Fields of the policy that differ from the default. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** `check=reason` each, beside what the approver answers for anyway: a short replay has too few test rows for some checks. */
  readonly waivers?: readonly string[];
  /** Takes each line of the story. */
  readonly say: (line: string) => void;
}

/** Replays a stream. @returns outcomes of the decisions in order */
export async function replay(engineNow: Engine, stream: Stream, options: ReplayOptions): Promise<string[]> {
  const replayed = new Replay(engineNow, stream, options);
  return await replayed.run();
}

class Replay {
  readonly #engine: Engine;
  readonly #stream: Stream;
  readonly #options: ReplayOptions;
  readonly #models: string;
  readonly #outcomes: string[] = [];
  readonly #checked: string[] = [];
  #time: number;
  #recipe: RecipeData | null = null;

  constructor(engine: Engine, stream: Stream, options: ReplayOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#time = Date.parse(daysAfter(stream.periods[0].date, -7));
    this.#engine = { ...engine, clock: { now: () => this.#time } };
    this.#models = join(options.workspace, 'models');
  }

  async run(): Promise<string[]> {
    const { periods, calendar, endpoint, reference } = this.#stream;
    this.#options.say(calendar);
    this.#options.say(
      `Delays of labels are not known either: each comes ${LABEL_DAYS.least} to ${LABEL_DAYS.most} days after its compound, by a hash of its structure.`,
    );
    await this.#first(reference);
    await using registry = await openRegistry(this.#engine, this.#options.workspace, {
      caller: 'replay',
      modelsFolder: this.#models,
    });
    await this.#watch(registry);
    for (const period of periods) await this.#live(registry, period);
    this.#tell('end', `${endpoint.id}: ${this.#outcomes.length} decisions: ${counted(this.#outcomes)}`);
    return this.#outcomes;
  }

  /** The first model: the engine's trainer on the reference, its validation and card, the gate. */
  async #first(reference: readonly Measured[]): Promise<void> {
    const { workspace: path } = this.#options;
    const { endpoint, source, licence } = this.#stream;
    const dataFolder = join(path, 'data');
    mkdirSync(dataFolder, { recursive: true });
    const text = tableOf(reference);
    writeFileSync(join(dataFolder, 'raw.csv.gz'), gzipSync(text));
    const recipe: DatasetRecipe = {
      endpoint,
      rawFile: 'raw.csv.gz',
      rawSha256: sha256(text),
      smilesColumn: 'smiles',
      valueColumn: 'value',
      relationColumn: 'relation',
      splitFile: 'split.csv.gz',
      splitSha256: '',
      splitName: 'scaffold-hash',
      splitOmits: true,
      source,
      licence,
      notes: 'An example: the reference of a drift case.',
      weakSpots: 'Made to be replayed, not to be used.',
      cutoffs: 'none',
    };
    const workspace = await openWorkspace(path, this.#engine.clock);
    const rawPath = join(dataFolder, recipe.rawFile);
    const split = await splitByScaffold(this.#engine, { recipe, rawPath, workspace });
    writeFileSync(join(dataFolder, recipe.splitFile), gzipSync(split));
    const data = { recipe: { ...recipe, splitSha256: sha256(split) }, dataFolder };
    this.#recipe = data;
    const place = { ...data, workspace: path, modelsFolder: this.#models };
    const { manifest, folder } = await train(this.#engine, {
      ...place,
      version: '1',
      seed: 1,
      drugs: null,
      replace: true,
      curationReport: null,
    });
    const model = `${endpoint.id}@1`;
    const summary = await validate(this.#engine, { ...place, model, splits: ['fixed'], against: null });
    const plots = plotsOf(manifest, summary.fixed, summary.validation.splits[0]);
    await attachValidation(folder, manifest, data.recipe, summary.validation, plots);
    const { train: trained, trainBounds, test } = manifest.dataset.counts;
    this.#tell(
      'train',
      `${model}, artifact ${short(manifest.hash)}, of ${trained} values and ${trainBounds} bounds; ${test} test rows, MAE ${round(manifest.metrics.MAE.value)}`,
    );
    await this.#gate('1', data);
  }

  /** The named approver at the gate: whether a model is released is what the gate finds. */
  async #gate(version: string, data: RecipeData): Promise<boolean> {
    const { workspace } = this.#options;
    const { endpoint } = this.#stream;
    const { decision } = await release(
      this.#engine,
      {
        model: `${endpoint.id}@${version}`,
        modelsFolder: this.#models,
        workspace,
        policy: DEFAULT_RELEASE_POLICY,
        approver: SIGNED,
        waivers: [...(version === '1' ? [] : [NOT_ALIKE]), ...(this.#options.waivers ?? [])],
        dryRun: false,
      },
      () => evaluationOfRecipe(this.#engine, { ...data, workspace, curationReport: null }),
    );
    const notPassed = decision.checks.filter(({ outcome }) => outcome !== 'passed');
    const words = notPassed.map(({ check, outcome, words }) => `${check} ${outcome} (${words})`).join('; ');
    this.#tell(
      'gate',
      `${endpoint.id}@${version} ${decision.outcome}, signed ${SIGNED}${words && `; ${words}`}`,
    );
    return decision.outcome === 'released';
  }

  async #watch(registry: Registry): Promise<void> {
    const path = join(this.#options.workspace, 'policy.yaml');
    const effectiveFrom = new Date(this.#time + 60_000).toISOString();
    const head = { schema: 'assayer.policy/1', name: 'replay', approver: APPROVER, effectiveFrom };
    writeFileSync(path, stringify({ ...head, ...this.#options.policy }));
    const { record } = await addPolicy(registry, path);
    this.#tell('policy', `${short(record.subject)} in effect from ${effectiveFrom.slice(0, 16)}`);
    const { id } = this.#stream.endpoint;
    await addMonitor(registry, {
      endpoint: id,
      policy: record.subject,
      everyDays: 7,
      cluster: 'scaffold',
      modelsFolder: this.#models,
    });
    this.#tell('monitor', `${id} watches what is released`);
  }

  /** A period: its compounds are screened, their labels come, checks are made, and what the policy asks for is done. */
  async #live(registry: Registry, period: Period): Promise<void> {
    const { id } = this.#stream.endpoint;
    const name = period.name.replaceAll(/[^\w+-]+/g, '-');
    const batch = join(this.#options.workspace, `batch-${name}.csv`);
    writeFileSync(batch, tableOf(period.compounds));
    this.#checked.push(batch);
    this.#until(period.date);
    this.#tell('batch', `${period.compounds.length} compounds ${period.name}`);
    await this.#screen(registry, batch, name);
    for (const days of CHECK_DAYS) {
      this.#until(daysAfter(period.date, days));
      await this.#labels(registry, period, name);
      // What a freeze means is seen by asking again.
      if (await this.#check(registry, batch)) await this.#screen(registry, batch, name);
      if (await this.#retrain(registry)) await this.#screen(registry, batch, name);
    }
    const state = await takeIn(registry, this.#models, { onStep: () => undefined });
    if (state.refused.length > 0) throw new Error(`${id}: ${JSON.stringify(state.refused)}`);
  }

  async #screen(registry: Registry, input: string, name: string): Promise<void> {
    const { workspace } = this.#options;
    const { id } = this.#stream.endpoint;
    const output = join(workspace, `screened-${name}.csv`);
    const states = new Map<string, number>();
    let rows = 0;
    await screen(
      this.#engine,
      { input, output, models: [id], modelsFolder: this.#models, workspace },
      {
        onRows: (columns, count) => {
          rows += count;
          for (const state of Array.from(columns[`${id}_state`] ?? [])) {
            const text = String(state ?? '').split(':')[0];
            if (text === '' || text === 'valid') continue;
            states.set(text, (states.get(text) ?? 0) + 1);
          }
        },
      },
    );
    await takeIn(registry, this.#models, { onStep: () => undefined });
    const told = [...states].map(([state, count]) => `${count} ${state}`).join(', ') || 'none frozen';
    this.#tell('screen', `${rows} answers, ${told}`);
  }

  /** What is known of a period's labels by now: a value once it was measured, before that a day of submission alone. */
  async #labels(registry: Registry, { compounds, date }: Period, name: string): Promise<void> {
    const path = join(this.#options.workspace, `labels-${name}.csv`);
    const rows = compounds.map(({ id, smiles, value, relation }) => {
      const { least, most } = LABEL_DAYS;
      const measured = daysAfter(date, least + Math.floor(shareOf('delay', smiles) * (most - least)));
      const isKnown = Date.parse(measured) <= this.#time;
      return [id, ...(isKnown ? [value, relation] : ['', '']), date, isKnown ? measured : ''].join(',');
    });
    writeFileSync(path, `id,value,relation,submitted,measured\n${rows.join('\n')}\n`);
    const taken = await takeLabels(registry, { endpoint: this.#stream.endpoint.id, path });
    this.#tell('labels', `${taken.labels} values and ${taken.submissions} submissions are new`);
  }

  /** @returns whether something was frozen */
  async #check(registry: Registry, batch: string): Promise<boolean> {
    const { id } = this.#stream.endpoint;
    const { evidence, watched, decisions } = await checkMonitor(registry, {
      monitor: id,
      batch,
      modelsFolder: this.#models,
    });
    const { streams, domain, loss, labels } = evidence;
    const drifted = streams.filter(({ state }) => state === 'drift').map(({ stream }) => stream);
    const seen = [
      `${watched.model}, evidence ${short(evidence.id)}: ${drifted.length > 0 ? `drift of ${drifted.join(', ')}` : 'no drift'}`,
      ...(domain ? [`in domain ${round(domain.share)}`] : []),
      ...(labels ? [`labels ${round(labels.maturity)} mature, ${round(labels.effectiveLabels)} count`] : []),
      ...(loss
        ? [
            `loss ${round(loss.error)} where ${round(loss.reference)} was held out, risk process ${round(Math.exp(loss.logWealth))}`,
          ]
        : []),
    ];
    this.#tell('check', seen.join('; '));
    for (const decision of decisions) this.#decided(decision);
    return decisions.some(({ actions }) => actions.some(({ action }) => action.startsWith('freeze-')));
  }

  #decided({ id, outcome, actions, inWords }: MonitorDecision): void {
    this.#outcomes.push(...(actions.length > 0 ? actions.map(({ action }) => action) : [outcome]));
    this.#tell('decide', `${short(id)} ${inWords}`);
  }

  /** What was asked for, and the gate behind it. @returns whether a new model answers */
  async #retrain(registry: Registry): Promise<boolean> {
    const { id } = this.#stream.endpoint;
    let answers = false;
    const first = this.#recipe as RecipeData;
    const build = buildByRecipe(registry, {
      ...first,
      compounds: this.#checked,
      drugs: null,
      seed: 1,
      modelsFolder: this.#models,
    });
    for (const { record } of await workRetrains(registry, build, { modelsFolder: this.#models })) {
      const { version = '', artifact, stage, problem } = record.body;
      if (stage !== 'candidate') {
        this.#tell('retrain', `${id}@${version}: ${stage}, ${problem}`);
        continue;
      }
      const data = await readRecipeData(id, retrainFolder(registry, id, version));
      this.#tell(
        'retrain',
        `${id}@${version} is a candidate, artifact ${short(artifact ?? '')}, of ${data.recipe.source}`,
      );
      this.#time += 3_600_000;
      const released = await this.#gate(version, data);
      this.#outcomes.push(released ? 'released' : 'refused');
      answers = released;
      await takeIn(registry, this.#models, { onStep: () => undefined });
    }
    return answers;
  }

  #until(date: string): void {
    // Steps take their time: a later one is never before an earlier one.
    this.#time = Math.max(this.#time + 60_000, Date.parse(date) + 9 * 3_600_000);
  }

  #tell(what: string, words: string): void {
    this.#options.say(`${new Date(this.#time).toISOString().slice(0, 10)}  ${what.padEnd(8)} ${words}`);
    this.#time += 60_000;
  }
}

const short = (hash: string) => hash.slice(0, 12);
const round = (value: number) => String(Number(value.toPrecision(3)));

function counted(texts: readonly string[]): string {
  return [...Map.groupBy(texts, (text) => text)].map(([text, all]) => `${all.length} ${text}`).join(', ');
}

function tableOf(compounds: readonly Measured[]): string {
  const rows = compounds.map(({ id, smiles, value, relation }) => `${id},"${smiles}",${value},${relation}`);
  return `id,smiles,value,relation\n${rows.join('\n')}\n`;
}
