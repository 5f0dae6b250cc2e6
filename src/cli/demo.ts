import { join } from 'node:path';
import type { Command } from 'commander';
import { screen } from '../flows/screen.ts';
import { progressLine } from './progress.ts';
import type { CommandContext } from './run.ts';
import { summaryText } from './screen.ts';
import { textTable } from './text-table.ts';

/** Compounds of the example file that the demo prints: each shows something else. */
const SHOWN = [
  'aspirin',
  'ibuprofen',
  'terfenadine',
  'haloperidol',
  'metformin hydrochloride',
  'griseofulvin',
  'itraconazole',
  'benzo[a]pyrene',
  'erythromycin',
];

/** Endpoints that the demo prints; the others stand in its output file. */
const SHOWN_ENDPOINTS = ['ames', 'herg', 'solubility'];

const EXAMPLES = `
Examples:
  assayer demo
`;

type Row = Record<string, unknown>;

/** `assayer demo`: screens the example compounds with the shipped models and prints some answers. */
export function addDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('Screen the example compounds with the shipped models and print some of the answers.')
    .option('--workspace <folder>', 'folder that keeps feature sets and the output', '.assayer')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { workspace: string }) => {
      const rows: Row[] = [];
      const progress = progressLine('screening', true);
      const summary = await screen(
        await context.engine(),
        {
          input: join(context.examplesFolder, 'compounds.csv'),
          output: join(options.workspace, 'demo.csv'),
          models: [],
          modelsFolder: context.modelsFolder,
          workspace: options.workspace,
        },
        {
          signal: context.signal,
          onProgress: progress.update,
          onRows: (columns, count) => {
            for (let i = 0; i < count; i++) {
              rows.push(
                Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])),
              );
            }
          },
        },
      ).finally(progress.clear);
      const endpoints = summary.lineage.work.models.filter(({ endpoint }) =>
        SHOWN_ENDPOINTS.includes(endpoint),
      );
      const header = [
        'compound',
        ...endpoints.flatMap(({ endpoint, unit }) => [`${endpoint}, ${unit}`, 'in domain']),
      ];
      const shown = rows.filter((row) => SHOWN.includes(String(row.id)));
      const cells = shown.map((row) => [
        String(row.id),
        ...endpoints.flatMap(({ endpoint }) => [
          answerText(row, endpoint),
          row[`${endpoint}_in_domain`] ? 'yes' : 'no',
        ]),
      ]);
      process.stdout.write(`${textTable(header, cells)}\n\n${summaryText(summary)}\n`);
    });
}

/** `value (low to high)`, or a probability alone. */
function answerText(row: Row, endpoint: string): string {
  const text = (name: string) => significant(row[name] as number);
  if (row[endpoint] === null) return 'rejected';
  if (row[`${endpoint}_low`] === null) return text(endpoint);
  return `${text(endpoint)} (${text(`${endpoint}_low`)} to ${text(`${endpoint}_high`)})`;
}

/** Three significant digits at most, without an exponent. */
function significant(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', {
    maximumFractionDigits: 2,
    minimumFractionDigits: Math.abs(value) < 10 ? 2 : 0,
  });
}
