import { type Command, InvalidArgumentError } from 'commander';
import type { AuditCheck, AuditReport, Severity } from '../core/audit.ts';
import { type AuditRequest, audit } from '../flows/audit/audit.ts';
import { writeText } from '../flows/write-text.ts';
import { count, dataFolderOf } from './options.ts';
import { addRegistryOptions, openRegistryOf, type RegistryPlace } from './registry-options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface AuditOptions extends RegistryPlace {
  html?: string;
  verify?: boolean;
  rerun?: boolean;
  rebuild?: boolean;
  runs: number;
  anchors?: string;
  data?: string;
  threads?: number;
  failOn?: Failing;
}

const FAILING = ['error', 'warning'] as const;
type Failing = (typeof FAILING)[number];

/** Exit code where something was found and --fail-on was given. */
const FOUND = 3;

const EXAMPLES = `
Examples:
  assayer audit --html audit.html
  assayer audit --verify --rerun --anchors /mnt/elsewhere/heads.jsonl --fail-on error
  assayer audit --team tox --json
  assayer audit --rebuild --data ../shared/data
`;

/** `assayer audit`: whether what releases claim can be shown, by trying it. */
export function addAuditCommand(program: Command, context: CommandContext): void {
  addRegistryOptions(
    program
      .command('audit')
      .description('Try what every release claims: inputs, results, versions, monitoring; with remedies.'),
    context,
  )
    .option('--html <file>', 'write the report as one self-contained page')
    .option('--verify', 'walk the chain of records, and read every stored file')
    .option('--rerun', 'make the last verdict of each monitor again and compare its bytes')
    .option('--rebuild', 'train each artifact again and compare it; takes long')
    .option('--runs <n>', 'newest runs of each release that are made again', count, 1)
    .option('--anchors <file>', 'heads of the chain that were anchored outside')
    .option('--data <folder>', 'folder with raw/ and splits/, for --rebuild')
    .option('--threads <n>', 'threads (default: all cores)', count)
    .option('--fail-on <severity>', `end with exit code ${FOUND} on findings: error, or warning too`, failing)
    .option('--json', 'print the whole report as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: AuditOptions) => {
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      await using registry = await openRegistryOf(context, engine, options);
      const request: AuditRequest = {
        modelsFolder: options.models,
        dataFolder: dataFolderOf(options.data),
        team: registry.team,
        verify: options.verify === true,
        rerun: options.rerun === true,
        rebuild: options.rebuild === true,
        runs: options.runs,
        anchors: options.anchors ?? null,
      };
      const onStep = (step: string) => !options.json && process.stderr.write(`${step}\n`);
      const report = await audit(registry, request, { signal: context.signal, onStep });
      if (options.html) await writeText(options.html, await context.auditReportHtml(report), context.signal);
      process.stdout.write(`${options.json ? JSON.stringify(report) : auditText(report)}\n`);
      const { error, warning } = report.counts;
      const isFailing = options.failOn === 'warning' ? error + warning > 0 : error > 0;
      if (options.failOn !== undefined && isFailing) context.exitCode = FOUND;
    });
}

function failing(text: string): Failing {
  const found = FAILING.find((one) => one === text);
  if (found) return found;
  throw new InvalidArgumentError(`Give ${FAILING.join(' or ')}.`);
}

/** An audit as a person reads it in a terminal: the verdict, then findings with what settles them, then every check. */
function auditText({ inWords, releases, registry, hours, head }: AuditReport): string {
  const parts: [where: string, checks: readonly AuditCheck[]][] = [
    ...releases.map(({ endpoint, version, isCurrent, checks }): [string, readonly AuditCheck[]] => [
      `${endpoint}@${version}${isCurrent ? '' : ' (replaced)'}`,
      checks,
    ]),
    ['registry', registry],
  ];
  const found = (severity: Severity) =>
    parts.flatMap(([where, checks]) =>
      checks.flatMap((check) =>
        check.findings
          .filter((finding) => finding.severity === severity)
          .flatMap(({ inWords: words, evidence, remedy }) => [
            `${severity.padEnd(7)}  ${where}  ${check.check}: ${words}`,
            ...evidence.map(({ name, value }) => `           ${name}: ${value}`),
            ...(remedy === '' ? [] : [`           remedy: ${remedy}`]),
          ]),
      ),
    );
  const rows = parts.flatMap(([where, checks]) =>
    checks.map(({ check, state, inWords: words }) => [where, check, state.replace('-', ' '), words]),
  );
  const used = hours.map(({ command, device, runs, hours: time }) => [
    command,
    device,
    String(runs),
    time.toFixed(4),
  ]);
  return [
    inWords,
    '',
    ...(['error', 'warning', 'note'] as const).flatMap(found),
    '',
    textTable(['where', 'check', 'state', 'in words'], rows),
    ...(used.length > 0 ? ['', textTable(['command', 'device', 'runs', 'hours'], used)] : []),
    '',
    `chain  ${head.sequence} records, head ${head.hash ?? 'none'}`,
  ].join('\n');
}
