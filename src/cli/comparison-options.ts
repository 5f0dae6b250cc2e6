import type { Command } from 'commander';
import { count } from './options.ts';
import type { CommandContext } from './run.ts';

/** What every comparison of compounds takes beside what it compares. */
export interface ComparisonOptions {
  seed: number;
  smilesColumn?: string;
  idColumn?: string;
  models: string;
  workspace: string;
  threads?: number;
}

/** Adds those options to a command. */
export function addComparisonOptions(command: Command, { modelsFolder }: CommandContext): Command {
  return command
    .option('--seed <n>', 'seed of every random choice', count, 1)
    .option('--smiles-column <name>', 'column of SMILES')
    .option('--id-column <name>', 'column of ids')
    .option('--models <folder>', 'folder of model artifacts', modelsFolder)
    .option('--workspace <folder>', 'folder that keeps feature sets', '.assayer')
    .option('--threads <n>', 'threads (default: all cores)', count);
}
