import type { Command } from 'commander';
import { act } from '../flows/monitor/act.ts';
import { buildByRecipe } from '../flows/monitor/build-candidate.ts';
import { type Retrained, workRetrains } from '../flows/monitor/retrain.ts';
import {
  actedText,
  actOptions,
  addRegistryOptions,
  openPlace,
  type RegistryPlace,
} from './monitor-options.ts';
import { count, dataFolderOf } from './options.ts';
import type { CommandContext } from './run.ts';

interface WorkOptions extends RegistryPlace {
  data?: string;
  seed: number;
  again?: boolean;
}

const EXAMPLES = `
Examples:
  assayer monitor work
  assayer monitor work --data ../shared/data --again
`;

/** `assayer monitor work`: does what decisions have left to be done. */
export function addMonitorWorkCommand(monitor: Command, context: CommandContext): void {
  addRegistryOptions(monitor.command('work'), context)
    .description(
      'Run requested retrains, one at a time; each ends as a candidate for the release gate. Tell whoever was missed.',
    )
    .option(
      '--data <folder>',
      'folder with raw/ and splits/ (default: $ASSAYER_SHARED/data, else ../shared/data)',
    )
    .option('--seed <n>', 'seed of the training', count, 1)
    .option('--again', 'also those that failed before')
    .addHelpText('after', EXAMPLES)
    .action(async (options: WorkOptions) => {
      await using registry = await openPlace(options, context);
      const { models: modelsFolder, seed, again = false } = options;
      const { signal } = context;
      const say = (line: string) => !options.json && process.stderr.write(`${line}\n`);
      const acted = await act(registry, null, { ...actOptions(context), again: true });
      let last = '';
      const onProgress = (step: string) => {
        if (step !== last) say(step);
        last = step;
      };
      const build = buildByRecipe(registry, {
        dataFolder: dataFolderOf(options.data),
        seed,
        modelsFolder,
        onProgress,
      });
      const done = await workRetrains(registry, build, {
        modelsFolder,
        again,
        signal,
        onStart: (endpoint, version) => say(`retraining ${endpoint}@${version}`),
      });
      const records = done.map(({ record }) => record);
      const lines = [...actedText(acted), ...done.map((one) => retrainedText(one, options.workspace))];
      const text = done.length === 0 ? [...lines, 'No retrain is waiting.'] : lines;
      process.stdout.write(
        `${options.json ? JSON.stringify({ ...acted, retrains: records }) : text.join('\n')}\n`,
      );
    });
}

function retrainedText({ record, folder }: Retrained, workspace: string): string {
  const { subject: endpoint, body } = record;
  if (body.stage === 'failed') return `${endpoint}@${body.version}: no candidate. ${body.problem}`;
  const models = folder.split('/').slice(0, -2).join('/');
  return [
    `${endpoint}@${body.version} is a candidate: artifact ${body.artifact?.slice(0, 12)} in ${folder}`,
    `  It answers nothing before it is released: assayer release ${endpoint}@${body.version} --models ${models} --workspace ${workspace} --approver "Name <mail>"`,
  ].join('\n');
}
