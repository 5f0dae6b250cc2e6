import { type Command, Option } from 'commander';
import { AssayerError } from '../core/errors.ts';
import { runEvents } from '../flows/open-lineage.ts';
import { provDocument } from '../flows/prov-json.ts';
import { TRACE_KINDS, type Traced, type TraceKind, traceAnything } from '../flows/trace.ts';
import { graphOf, type TraceGraph } from '../flows/trace-graph.ts';
import { writeText } from '../flows/write-text.ts';
import { addRegistryOptions, openRegistryOf, type RegistryPlace } from './registry-options.ts';
import type { CommandContext } from './run.ts';
import { compoundText, lineageText } from './trace-text.ts';

const FORMATS = ['prov-json', 'openlineage'] as const;

interface TraceOptions extends RegistryPlace {
  as?: TraceKind;
  format?: (typeof FORMATS)[number];
  out?: string;
  threads?: number;
}

const EXAMPLES = `
Examples:
  assayer trace BSYNRYMUTXBXSQ-UHFFFAOYSA-N
  assayer trace "CC(=O)Oc1ccccc1C(=O)O" --json
  assayer trace herg@1
  assayer trace predictions.parquet
  assayer trace 5f0c1a2b --format prov-json --out pedigree.json
`;

/** `assayer trace`: where a number, a model or a decision comes from, and what came of it. */
export function addTraceCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('trace')
    .description(
      'Follow a compound, run, artifact, dataset, decision or file to where it comes from and what came of it.',
    )
    .argument(
      '<what>',
      'InChIKey, SMILES or id of a compound; id or hash of anything recorded, or its beginning; endpoint@version; a file',
    );
  addRegistryOptions(command, context)
    .addOption(new Option('--as <kind>', 'take it for one of these only').choices(TRACE_KINDS))
    .addOption(new Option('--format <format>', 'write it in a standard form, with --out').choices(FORMATS))
    .option('-o, --out <file>', 'file for --format; OpenLineage events are one JSON object on each line')
    .option('--json', 'print the trace as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (what: string, options: TraceOptions) => {
      const { as, format, out, json } = options;
      if ((format === undefined) !== (out === undefined)) {
        throw new AssayerError('ERR_USAGE', { problem: 'Give --format and --out together.' });
      }
      const engine = await context.engine({ threads: 1 });
      await using registry = await openRegistryOf(context, engine, options);
      const { signal } = context;
      const traced = await traceAnything(registry, what, { signal, ...(as && { as }) });
      if (out !== undefined) {
        const graph = await graphOf(registry.database, traced);
        await writeText(out, format === 'openlineage' ? eventLines(graph) : provText(graph), signal);
      }
      process.stdout.write(`${json ? JSON.stringify(jsonOf(traced)) : textOf(traced)}\n`);
    });
}

function eventLines(graph: TraceGraph): string {
  return runEvents(graph)
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('');
}

function provText(graph: TraceGraph): string {
  return `${JSON.stringify(provDocument(graph), null, 2)}\n`;
}

function textOf(traced: Traced): string {
  return traced.kind === 'compound' ? compoundText(traced) : lineageText(traced.lineage);
}

function jsonOf(traced: Traced): object {
  if (traced.kind === 'compound') return { ...traced.compound, results: traced.results };
  const { nodes, ...lineage } = traced.lineage;
  return { ...lineage, nodes: [...nodes.values()] };
}
