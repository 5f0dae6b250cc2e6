import type { Command } from 'commander';
import { AssayerError } from '../core/errors.ts';
import type { Engine } from '../flows/engine.ts';
import { appendToIndex, buildIndex, type FlowOptions, type IndexChange } from '../flows/index-build.ts';
import { compactIndex, deleteFromIndex } from '../flows/index-edit.ts';
import { exportIndex } from '../flows/index-export.ts';
import { type IndexInfo, readIndexInfo } from '../flows/index-info.ts';
import { readIds } from '../store/fingerprint-file.ts';
import { addInputOptions, type InputOptions, indexInput } from './index-input.ts';
import { count } from './options.ts';
import { progressLine } from './progress.ts';
import type { CommandContext } from './run.ts';

const EXAMPLES = `
Examples:
  assayer index build library.csv --out library.index
  assayer index build fingerprints.fps.gz --out chembl.index
  assayer index append library.index new.smi
  assayer index delete library.index CHEMBL25 CHEMBL1200
  assayer index compact library.index
  assayer index info library.index
  assayer index export library.index library.fps.gz
`;

interface AddOptions extends InputOptions {
  out: string;
  rejects?: string;
  threads?: number;
  json?: boolean;
}

/** `assayer index`: makes and changes indexes for neighbour search. */
export function addIndexCommand(program: Command, context: CommandContext): void {
  const index = program
    .command('index')
    .description('Build an index of compounds or fingerprints for neighbour search, and change it.')
    .addHelpText('after', EXAMPLES);
  addBuild(index, context);
  addAppend(index, context);
  addDelete(index, context);
  addCompact(index, context);
  addInfo(index, context);
  addExport(index, context);
}

function addBuild(index: Command, context: CommandContext): void {
  const command = index
    .command('build')
    .description('Build an index. Of compounds it holds the 2,048 Morgan bits, id, InChIKey and SMILES.')
    .argument('<input>', 'table of compounds, file of fingerprints (.fps, .npy, Parquet), or another index')
    .requiredOption('-o, --out <folder>', 'the index to make');
  addRowOptions(command).action(async (input: string, options: AddOptions) => {
    await addRows('building', context, options, async (engine, flow) =>
      buildIndex(
        engine,
        { index: options.out, input: indexInput(input, options), ...rejectsOf(options) },
        flow,
      ),
    );
  });
}

function addAppend(index: Command, context: CommandContext): void {
  const command = index
    .command('append')
    .description('Add rows to an index. Refused where they are made otherwise than those in it.')
    .argument('<index>', 'the index')
    .argument('<input>', 'table of compounds, file of fingerprints (.fps, .npy, Parquet), or another index');
  addRowOptions(command).action(async (path: string, input: string, options: AddOptions) => {
    await addRows('appending', context, options, async (engine, flow) =>
      appendToIndex(engine, { index: path, input: indexInput(input, options), ...rejectsOf(options) }, flow),
    );
  });
}

function addRowOptions(command: Command): Command {
  return addInputOptions(command)
    .option('--rejects <file>', 'write the rows that were refused, with reasons, to this file')
    .option('--threads <n>', 'threads for chemistry (default: all cores)', count)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES);
}

function addDelete(index: Command, context: CommandContext): void {
  index
    .command('delete')
    .description('Delete rows by id. All of them must be there, else none is deleted.')
    .argument('<index>', 'the index')
    .argument('[ids...]', 'ids to delete')
    .option('--ids <file>', 'file with one id a line')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, ids: string[], options: { ids?: string; json?: boolean }) => {
      const wanted = [...ids, ...(options.ids ? await readIds(options.ids) : [])];
      if (wanted.length === 0) throw new AssayerError('ERR_USAGE', { problem: 'Name the ids to delete.' });
      const change = await deleteFromIndex(path, wanted, { signal: context.signal });
      print(options, change, `${change.deleted.toLocaleString('en')} rows deleted\n${changeText(change)}`);
    });
}

function addCompact(index: Command, context: CommandContext): void {
  index
    .command('compact')
    .description('Merge the segments into one and drop the deleted rows. No answer changes.')
    .argument('<index>', 'the index')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, options: { json?: boolean }) => {
      const progress = progressLine('compacting', !options.json);
      const flow = { signal: context.signal, onProgress: progress.update };
      const change = await compactIndex(path, flow).finally(progress.clear);
      print(options, change, changeText(change));
    });
}

function addInfo(index: Command, context: CommandContext): void {
  index
    .command('info')
    .description('Show what an index holds, after checking every byte of it.')
    .argument('<index>', 'the index')
    .option('--json', 'print as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, options: { json?: boolean }) => {
      const info = await readIndexInfo(path, { signal: context.signal });
      print(options, info, infoText(info));
    });
}

function addExport(index: Command, context: CommandContext): void {
  index
    .command('export')
    .description('Write the fingerprints for other tools: .fps, .fps.gz, .npy (ids beside it), .parquet.')
    .argument('<index>', 'the index')
    .argument('<file>', 'the file to write')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, file: string, options: { json?: boolean }) => {
      const progress = progressLine('exporting', !options.json);
      const flow = { signal: context.signal, onProgress: progress.update };
      const done = await exportIndex(path, file, flow).finally(progress.clear);
      const ids = done.ids === null ? '' : `, ids in ${done.ids}`;
      print(options, done, `${done.rows.toLocaleString('en')} fingerprints in ${file}${ids}`);
    });
}

async function addRows(
  label: string,
  context: CommandContext,
  options: AddOptions,
  run: (engine: Engine, flow: FlowOptions) => Promise<IndexChange>,
): Promise<void> {
  const engine = await context.engine(options.threads ? { threads: options.threads } : {});
  const progress = progressLine(label, !options.json);
  const flow = { signal: context.signal, onProgress: progress.update };
  const change = await run(engine, flow).finally(progress.clear);
  const rows = `${change.added.toLocaleString('en')} rows added, ${change.rejected.toLocaleString('en')} rejected`;
  const columns = change.columnsChosen === null ? [] : [`columns    ${change.columnsChosen}`];
  print(options, change, [rows, ...columns, changeText(change)].join('\n'));
}

function rejectsOf({ rejects }: AddOptions): { rejects?: string } {
  return rejects === undefined ? {} : { rejects };
}

function print(options: { json?: boolean }, value: unknown, text: string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value) : text}\n`);
}

function changeText({ index, sha256, manifest }: IndexChange): string {
  const rows = manifest.segments.reduce((sum, entry) => sum + entry.rows - (entry.tombstones?.rows ?? 0), 0);
  const segments = manifest.segments.length;
  return `index      ${index}: ${rows.toLocaleString('en')} rows in ${segments} segment${segments === 1 ? '' : 's'} (${sha256.slice(0, 12)})`;
}

function infoText({ path, sha256, rows, deleted, sizeBytes, manifest, contract }: IndexInfo): string {
  const { content, segments, sources } = manifest;
  return [
    `index        ${path} (every byte checked)`,
    `rows         ${rows.toLocaleString('en')}, and ${deleted.toLocaleString('en')} deleted, in ${segments.length} segments, ${sizeBytes.toLocaleString('en')} bytes`,
    `fingerprints ${content.bits} bits, ${content.type ?? 'of no stated type'}`,
    `contract     ${contract ?? 'none: made elsewhere'}`,
    `made from    ${sources.map(({ kind, sha256: hash, rows: added }) => `${added.toLocaleString('en')} rows of ${kind} ${hash.slice(0, 12)}`).join('; ')}`,
    `format       version ${manifest.version}, written by Assayer ${manifest.engine}`,
    `hash         ${sha256}`,
  ].join('\n');
}
