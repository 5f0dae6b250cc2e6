import { type Command, Option } from 'commander';
import { AssayerError } from '../core/errors.ts';
import { findNeighbors, type NeighborsSummary, type QueryInput } from '../flows/neighbors.ts';
import { METRICS } from '../flows/neighbors-options.ts';
import { addInputOptions, type InputOptions, indexInput } from './index-input.ts';
import { backends, count } from './options.ts';
import { progressLine } from './progress.ts';
import type { CommandContext } from './run.ts';

interface NeighborsOptions extends InputOptions {
  out: string;
  top?: string;
  threshold?: string;
  metric: (typeof METRICS)[number];
  alpha?: string;
  beta?: string;
  smiles?: string[];
  all?: boolean;
  backend?: string[];
  threads?: number;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer neighbors library.index hits.csv --top 10 --out neighbors.parquet
  assayer neighbors library.index --smiles "CC(=O)Oc1ccccc1C(=O)O" --threshold 0.7 --out -
  assayer neighbors library.index queries.fps --metric tversky --alpha 0.9 --beta 0.1 --out hits.csv
  assayer neighbors library.index --all --top 1 --out nearest.csv
`;

/** `assayer neighbors`: the most similar rows of an index. */
export function addNeighborsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('neighbors')
    .description('Find the most similar rows of an index to compounds or fingerprints; exact.')
    .argument('<index>', 'the index (assayer index build)')
    .argument('[queries]', 'table of compounds, file of fingerprints, or another index; - for standard input')
    .requiredOption(
      '-o, --out <file>',
      'output: .csv, .tsv, .parquet, .arrow, .jsonl (text also .gz); - for CSV on standard output',
    )
    .option('--smiles <smiles...>', 'queries as SMILES')
    .option('--all', "the index's own rows as queries, each without itself")
    .option('-k, --top <k>', 'so many nearest neighbours of each query (default: 10)')
    .option('-t, --threshold <similarity>', 'every neighbour at least this similar, 0 to 1, instead')
    .addOption(new Option('--metric <metric>', 'similarity').choices(METRICS).default('tanimoto'))
    .option('--alpha <weight>', "Tversky's weight of the query's own bits")
    .option('--beta <weight>', "Tversky's weight of the neighbour's own bits");
  addInputOptions(command)
    .option(
      '--backend <list>',
      'backends to try, in order (default: cuda,tfjs,wasm; see assayer devices)',
      backends,
    )
    .option('--threads <n>', 'threads for chemistry and search (default: all cores)', count)
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (index: string, queries: string | undefined, options: NeighborsOptions) => {
      const request = {
        index,
        queries: queriesOf(queries, options),
        question: questionOf(options),
        output: options.out,
        metric: options.metric,
        ...(options.alpha !== undefined && { alpha: number('--alpha', options.alpha) }),
        ...(options.beta !== undefined && { beta: number('--beta', options.beta) }),
      };
      const engine = await context.engine({
        ...(options.threads && { threads: options.threads }),
        ...(options.backend && { backends: options.backend }),
      });
      const progress = progressLine('searching', !options.json);
      const flow = { signal: context.signal, onProgress: progress.update };
      const summary = await findNeighbors(engine, request, flow).finally(progress.clear);
      // The table owns standard output with --out -.
      const stream = options.out === '-' ? process.stderr : process.stdout;
      const text = options.json ? JSON.stringify(summary) : summaryText(summary, options.backend);
      stream.write(`${text}\n`);
    });
}

function queriesOf(path: string | undefined, options: NeighborsOptions): QueryInput {
  const given = [path !== undefined, options.smiles !== undefined, options.all === true];
  if (given.filter(Boolean).length !== 1) {
    throw usage('Say what to look for in one way: a file of queries, --smiles, or --all.');
  }
  if (options.smiles) return { kind: 'smiles', smiles: options.smiles };
  return path === undefined ? { kind: 'self' } : { kind: 'source', input: indexInput(path, options) };
}

function questionOf({ top, threshold }: NeighborsOptions) {
  if (top !== undefined && threshold !== undefined) throw usage('Give --top or --threshold, not both.');
  if (threshold !== undefined) {
    return { kind: 'within', threshold: number('--threshold', threshold) } as const;
  }
  return { kind: 'nearest', k: number('--top', top ?? '10') } as const;
}

/** A number as written; what it may be, the flow decides. */
function number(option: string, text: string): number {
  if (text.trim() === '' || Number.isNaN(Number(text))) throw usage(`${option} is ${text}, not a number.`);
  return Number(text);
}

function usage(problem: string): AssayerError {
  return new AssayerError('ERR_USAGE', { problem });
}

/** @param named  backends that the caller asked for: only then is it news that one of them was not used */
function summaryText(summary: NeighborsSummary, named: readonly string[] = []): string {
  const { queries, rejected, neighbors, without, index, backend, refusals, columnsChosen, output } = summary;
  const text = (value: number) => value.toLocaleString('en');
  const some = (value: number, one: string, many: string) => `${text(value)} ${value === 1 ? one : many}`;
  return [
    `${some(queries, 'query', 'queries')}: ${some(neighbors, 'neighbour', 'neighbours')}; ${some(without, 'query', 'queries')} without one, ${text(rejected)} rejected`,
    ...(columnsChosen === null ? [] : [`columns    ${columnsChosen}`]),
    `index      ${index.path}: ${text(index.rows)} rows (${index.sha256.slice(0, 12)})`,
    `device     ${backend}`,
    ...refusals
      .filter(({ device }) => named.includes(device))
      .map(({ device, reason }) => `not used   ${device}: ${reason}`),
    ...(output.path === '-' ? [] : [`output     ${output.path}`]),
  ].join('\n');
}
