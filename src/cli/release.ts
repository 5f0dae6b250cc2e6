import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { AssayerError } from '../core/errors.ts';
import type { CheckResult, ReleaseDecision, ReleaseRecord } from '../core/release.ts';
import { DEFAULT_RELEASE_POLICY, parseReleasePolicy, type ReleasePolicy } from '../core/release-policy.ts';
import type { Engine } from '../flows/engine.ts';
import type { ModelEntry } from '../flows/models.ts';
import { DATASET_RECIPES } from '../flows/recipes.ts';
import { type ReleaseSummary, release, requireReleased } from '../flows/release.ts';
import { type EvaluationSet, evaluationOfRecipe } from '../flows/release-evaluation.ts';
import { findRelease, listReleases } from '../flows/release-list.ts';
import { evaluationOfTable } from '../flows/release-table.ts';
import { recipeOf } from '../flows/train.ts';
import { inputError } from '../store/file-error.ts';
import { count, dataFolderOf } from './options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface ReleaseOptions {
  approver: string;
  data?: string;
  evaluation?: string;
  smilesColumn?: string;
  valueColumn?: string;
  models: string;
  workspace: string;
  policy?: string;
  waive: string[];
  dryRun?: boolean;
  threads?: number;
  json?: boolean;
}

interface RecordOptions {
  workspace: string;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer release herg --approver "Ada Example <ada@example.org>" --data ../shared/data
  assayer release herg@2 --approver "Ada Example <ada@example.org>" --dry-run --json
  assayer release ppb --approver "Ada Example <ada@example.org>" --waive calibration="252 rows only; intervals were judged by hand"
  assayer release ames@2 --approver "Ada Example <ada@example.org>" --evaluation test.csv --models ./models --dry-run
  assayer release list
  assayer release show herg#2
`;

/** `assayer release`: the gate that a model passes before an endpoint answers with it, and its records. */
export function addReleaseCommand(program: Command, context: CommandContext): void {
  const releases = program
    .command('release')
    .description('Take a model through the release gate and record the outcome; refused: exit code 2.')
    .argument('<model>', 'endpoint (its newest version) or endpoint@version')
    .option('--approver <name>', 'who answers for it: "Name <mail>"', '')
    .option(
      '--data <folder>',
      'folder with raw/ and splits/, for the evaluation rows (default: $ASSAYER_SHARED/data, else ../shared/data)',
    )
    .addOption(
      new Option(
        '--evaluation <table>',
        'table that an imported model was measured on, to judge it on those rows instead',
      ).conflicts('data'),
    )
    .option('--smiles-column <name>', 'column of that table that holds the SMILES (default: found)')
    .option('--value-column <name>', 'column of that table with the values (default: value)')
    .option(
      '--models <folder>',
      'folder of model artifacts, of the current release too',
      context.modelsFolder,
    )
    .option('--workspace <folder>', 'folder that keeps the records and feature sets', '.assayer')
    .option('--policy <file>', 'JSON with the bounds that differ from the default policy')
    .option(
      '--waive <check="reason">',
      'take on a failed check, with the reason (repeat for more)',
      collect,
      [],
    )
    .option('--dry-run', 'check and tell, record nothing')
    .option('--threads <n>', 'threads for chemistry (default: all cores)', count)
    .option('--json', 'print the record as JSON')
    .addHelpText('after', EXAMPLES)
    .action((model: string, options: ReleaseOptions) => releaseAction(context, model, options));
  releases
    .command('list')
    .description('Every release and refusal of a workspace, after checking the chains of records.')
    .option('--workspace <folder>', 'folder that keeps the records', '.assayer')
    .option('--json', 'print the records as a JSON array')
    .action(async (_: RecordOptions, command: Command) => {
      const { workspace, json } = command.optsWithGlobals<RecordOptions>();
      const records = await listReleases(workspace);
      process.stdout.write(`${json ? JSON.stringify(records) : listText(records)}\n`);
    });
  releases
    .command('show')
    .argument('<record>', 'endpoint (its last record) or endpoint#sequence')
    .description('One record: every check with what was measured.')
    .option('--workspace <folder>', 'folder that keeps the records', '.assayer')
    .option('--json', 'print the record as JSON')
    .action(async (name: string, _: RecordOptions, command: Command) => {
      const { workspace, json } = command.optsWithGlobals<RecordOptions>();
      const record = await findRelease(workspace, name);
      process.stdout.write(
        `${json ? JSON.stringify(record) : recordText(record, { record, standing: null }, true)}\n`,
      );
    });
}

async function releaseAction(context: CommandContext, model: string, options: ReleaseOptions): Promise<void> {
  const policy = options.policy === undefined ? DEFAULT_RELEASE_POLICY : await readPolicy(options.policy);
  const engine = await context.engine(options.threads ? { threads: options.threads } : {});
  const { workspace } = options;
  const request = {
    model,
    modelsFolder: options.models,
    workspace,
    policy,
    approver: options.approver,
    waivers: options.waive,
    dryRun: options.dryRun === true,
  };
  const summary = await release(engine, request, (entry) => evaluationOf(context, engine, entry, options));
  process.stdout.write(`${options.json ? jsonOf(summary) : recordText(summary.decision, summary, false)}\n`);
  requireReleased(summary);
}

/** Rows of a table where one is named, else those of the endpoint's recipe. */
function evaluationOf(
  { signal }: CommandContext,
  engine: Engine,
  entry: ModelEntry,
  { data, evaluation, smilesColumn, valueColumn, workspace }: ReleaseOptions,
): Promise<EvaluationSet> {
  if (evaluation !== undefined) {
    const columns = { ...(smilesColumn && { smilesColumn }), ...(valueColumn && { valueColumn }) };
    return evaluationOfTable(engine, entry, { path: evaluation, workspace, ...columns }, signal);
  }
  if (!Object.hasOwn(DATASET_RECIPES, entry.endpoint)) {
    const problem = `There are no shared test rows of ${entry.endpoint}. Name the table that the model was measured on: --evaluation <table>.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const dataFolder = dataFolderOf(data);
  const place = { recipe: recipeOf(entry.endpoint), dataFolder, workspace, curationReport: null };
  return evaluationOfRecipe(engine, place, signal);
}

function collect(text: string, before: string[]): string[] {
  return [...before, text];
}

async function readPolicy(path: string): Promise<ReleasePolicy> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw inputError(path, cause);
  });
  return parseReleasePolicy(text, path);
}

function jsonOf({ decision, record, standing }: ReleaseSummary): string {
  return JSON.stringify(record ?? standing ?? decision);
}

function listText(records: readonly ReleaseRecord[]): string {
  const header = ['record', 'model', 'outcome', 'failed or waived', 'approver', 'time', 'artifact'];
  const rows = records.map((record) => [
    `${record.endpoint}#${record.sequence}`,
    `${record.endpoint}@${record.version}`,
    record.outcome,
    record.checks
      .filter(({ outcome }) => outcome !== 'passed')
      .map(({ check, outcome }) => (outcome === 'waived' ? `${check} (waived)` : check))
      .join(', '),
    record.approver.name,
    record.time,
    record.artifact?.slice(0, 12) ?? 'unknown',
  ]);
  return records.length > 0 ? textTable(header, rows) : 'No release was recorded.';
}

/** @param withMeasurements every measured value below its check */
function recordText(
  decision: ReleaseDecision,
  { record, standing }: Pick<ReleaseSummary, 'record' | 'standing'>,
  withMeasurements: boolean,
): string {
  const { endpoint, version, outcome, approver, evaluation, policy, replaces, time } = decision;
  const lines = [
    `${endpoint}@${version}  ${outcomeText(outcome, record, standing)}`,
    '',
    `artifact    ${decision.artifact ?? 'unknown'}`,
    `replaces    ${replaces ?? 'nothing: a first release'}`,
    `evaluation  ${evaluation.rows} rows, ${evaluation.source} (${evaluation.hash.slice(0, 12)})`,
    `policy      ${policy.content.name} (${policy.hash.slice(0, 12)})`,
    `approver    ${approver.name} <${approver.mail}>`,
    `time        ${time}`,
    ...(record
      ? [
          `record      ${record.hash}, ${record.previous ? `after ${record.previous}` : `the first of ${endpoint}`}`,
        ]
      : []),
    '',
    ...decision.checks.flatMap((check) => checkLines(check, withMeasurements)),
  ];
  return lines.join('\n');
}

function outcomeText(
  outcome: ReleaseDecision['outcome'],
  record: ReleaseRecord | null,
  standing: ReleaseRecord | null,
): string {
  if (standing) return `already the current release (record ${standing.sequence}), nothing new to record`;
  return record ? `${outcome} (record ${record.sequence})` : `${outcome} (dry run, not recorded)`;
}

function checkLines(result: CheckResult, withMeasurements: boolean): string[] {
  const { check, outcome, words, waiver, measurements } = result;
  const lines = [`${outcome.padEnd(7)}  ${check.padEnd(11)}  ${words}`];
  const indent = ' '.repeat(22);
  if (waiver !== undefined) lines.push(`${indent}Waived: ${waiver}`);
  for (const { name, value, bound, holds } of withMeasurements ? measurements : []) {
    lines.push(`${indent}${holds ? ' ' : '!'} ${name}: ${value ?? 'none'} (${bound})`);
  }
  return lines;
}
