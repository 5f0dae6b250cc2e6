import type { Command } from 'commander';
import type { Calibration, Manifest } from '../core/artifact.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import { listModels, type ModelEntry, readCard, readModel, selectModels } from '../flows/models.ts';
import { headline, metricTable } from './metric-text.ts';
import { addModelsImportCommand } from './models-import.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface ModelsOptions {
  models: string;
  details?: boolean;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer models list
  assayer models show solubility
  assayer models show solubility --details
  assayer models show herg@1 --json
`;

/** `assayer models`: what is there and whether its files are whole, the card of each, and what it is made of. */
export function addModelsCommand(program: Command, context: CommandContext): void {
  const models = program
    .command('models')
    .description('List model artifacts, show the card of one, or import your own.')
    .addHelpText('after', EXAMPLES);
  models
    .command('list')
    .description('One line for each artifact, after checking its files against their hashes.')
    .option('--models <folder>', 'folder of model artifacts', context.modelsFolder)
    .option('--json', 'print the manifests as a JSON array; a damaged one as {model, problem}')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ModelsOptions) => {
      const lines = await readLines(options.models);
      process.stdout.write(`${options.json ? listJson(lines) : listText(lines)}\n`);
      const damaged = lines.find(({ manifest }) => manifest === null);
      if (damaged) throw damaged.cause;
    });
  models
    .command('show')
    .argument('<model>', 'endpoint (its newest version) or endpoint@version')
    .description('The card of an artifact, after checking its files against their hashes.')
    .option('--models <folder>', 'folder of model artifacts', context.modelsFolder)
    .option('--details', 'print settings, calibration, hashes and all figures instead of the card')
    .option('--json', 'print the manifest as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: ModelsOptions) => {
      const [entry] = await selectModels(options.models, [name]);
      const { manifest } = await readModel(entry);
      if (options.json) process.stdout.write(`${JSON.stringify(manifest)}\n`);
      else if (options.details) process.stdout.write(`${detailsText(entry, manifest)}\n`);
      else process.stdout.write(await readCard(entry, manifest));
    });
  addModelsImportCommand(models, context);
}

/** One line of the list. */
interface ModelLine {
  readonly model: string;
  /** null where it cannot be read, which `cause` explains. */
  readonly manifest: Manifest | null;
  readonly cause?: unknown;
}

/** @throws ERR_MODEL_NOT_FOUND where the folder holds no model */
async function readLines(folder: string): Promise<ModelLine[]> {
  const entries = await listModels(folder);
  if (entries.length === 0) {
    throw new AssayerError('ERR_MODEL_NOT_FOUND', { model: 'of any endpoint', folder, known: 'none' });
  }
  const lines: ModelLine[] = [];
  for (const entry of entries) {
    const model = `${entry.endpoint}@${entry.version}`;
    try {
      const { manifest } = await readModel(entry);
      lines.push({ model, manifest });
    } catch (cause) {
      lines.push({ model, manifest: null, cause }); // told in its line, and thrown after the list
    }
  }
  return lines;
}

function listJson(lines: readonly ModelLine[]): string {
  return JSON.stringify(
    lines.map((line) => line.manifest ?? { model: line.model, problem: problemOf(line.cause) }),
  );
}

function listText(lines: readonly ModelLine[]): string {
  const header = ['model', 'unit', 'training rows', 'on held-out test rows (95 % interval)', 'hash'];
  const rows = lines.map((line) => {
    const { model, manifest } = line;
    if (manifest === null) return [model, '', '', `damaged: ${problemOf(line.cause)}`, ''];
    const { endpoint, dataset, hash = '' } = manifest;
    return [model, endpoint.unit, String(dataset.counts.train), headline(manifest), hash.slice(0, 12)];
  });
  return textTable(header, rows);
}

/** What is wrong with an artifact, without the model's name and the advice around it. */
function problemOf(cause: unknown): string {
  return String((cause instanceof AssayerError && cause.details.problem) || describeCause(cause));
}

/** Settings and results of training; the many relevances of single descriptors are left to --json. */
function parametersText(parameters: Manifest['trainer']['parameters']): string {
  const [relevances, others] = [true, false].map((wanted) =>
    Object.entries(parameters).filter(([name]) => name.includes('.relevance.') === wanted),
  );
  const shown = others.map(([name, value]) => `${name}=${significant(value)}`);
  if (relevances.length > 0) shown.push(`and ${relevances.length} relevances (--json)`);
  return shown.join(' ');
}

/** Four significant digits; counts and texts whole. */
function significant(value: number | string): string {
  return typeof value === 'string' || Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(4)));
}

function calibrationText(calibration: Calibration): string {
  switch (calibration.kind) {
    case 'none':
      return 'none';
    case 'platt':
      return `Platt, slope ${calibration.slope.toFixed(3)}, offset ${calibration.offset.toFixed(3)}`;
    case 'conformal': {
      const { coverage, edges, halfWidths, spread } = calibration;
      const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(2)).join(', ');
      const unit = spread === 'predicted' ? ' times the predicted spread' : '';
      return `conformal ${coverage * 100} % intervals, half-widths ${numbers(halfWidths)}${unit} at similarity from ${numbers(edges)}`;
    }
  }
}

function detailsText(entry: ModelEntry, manifest: Manifest): string {
  const { endpoint, dataset, split, trainer, calibration, domain } = manifest;
  return [
    `${endpoint.id}@${manifest.version}  ${endpoint.title} (${endpoint.unit})`,
    '',
    `assay        ${endpoint.assay}`,
    `direction    ${endpoint.direction}`,
    `data         ${dataset.hash.slice(0, 12)}, licence ${dataset.licence}`,
    `rows         ${Object.entries(dataset.counts)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    `split        ${split.name}`,
    `trainer      ${trainer.name} ${parametersText(trainer.parameters)}`,
    `calibration  ${calibrationText(calibration)}`,
    `domain       similarity >= ${domain.minSimilarity.toFixed(3)}, every descriptor within ${domain.maxDescriptorZ.toFixed(1)} deviations`,
    `contract     ${manifest.contractHash}`,
    `artifact     ${manifest.hash}`,
    `folder       ${entry.folder} (files match their hashes)`,
    '',
    metricTable(manifest),
  ].join('\n');
}
