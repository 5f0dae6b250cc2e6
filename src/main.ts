import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { featureContract } from './chemistry/contract.ts';
import { type CommandContext, runCli } from './cli/run.ts';
import type { Backend, BackendSource } from './core/backend.ts';
import { systemClock } from './core/clock.ts';
import type { DriftReport } from './core/drift.ts';
import { OpenedBackends } from './core/opened-backends.ts';
import type { Operations } from './core/ops.ts';
import { ENGINE_VERSION } from './core/version.ts';
import type { Engine } from './flows/engine.ts';

const root = new URL('../', import.meta.url);
const modelsFolder = fileURLToPath(new URL('models', root));
/** Worker entry files stand beside this file: .ts in a checkout, .js in a package. */
const extension = extname(fileURLToPath(import.meta.url));
const workerUrl = new URL(`./workers/featurize${extension}`, import.meta.url);
const searchWorkerUrl = new URL(`./workers/search${extension}`, import.meta.url);
const mmdWorkerUrl = new URL(`./workers/mmd${extension}`, import.meta.url);

/**
 * The sources of the fit and its calibration. What goes into them is named by the feature contract and the dataset's
 * hash; what comes out is covered by the hashes of the artifact's files.
 */
const TRAINER_SOURCES = [
  'src/trainers/*.ts',
  'src/flows/fit-model.ts',
  'src/backends/wasm/mlp.ts',
  'src/core/philox.ts',
  'src/statistics/conformal.ts',
  'src/statistics/interval-score.ts',
  'src/statistics/platt.ts',
  'kernels/cholesky/*.wasm',
  'kernels/mlp/*.wasm',
];

/** Devices tried for prediction when the caller names none; webgpu is there for who asks for it by name. */
const DEFAULT_DEVICES = ['cuda', 'cpu'];
/** Backends tried for operations when the caller names none: own kernels on a GPU, others on a GPU, the processor. */
const DEFAULT_BACKENDS = ['cuda', 'ort', 'tfjs', 'wasm', 'reference'];

/**
 * The engine on this machine: each port filled by the folder that owns the package behind it. What is heavy is
 * loaded when it is first asked for.
 */
export function createEngine({
  threads = availableParallelism(),
  devices = DEFAULT_DEVICES,
  backends = DEFAULT_BACKENDS,
}: {
  threads?: number;
  devices?: readonly string[];
  backends?: readonly string[];
} = {}): Engine {
  const contract = featureContract();
  const sources = new Map(backendSources(threads).map((source) => [source.name, source]));
  return {
    clock: systemClock,
    modelsFolder,
    contract,
    threads,
    devices,
    backends: backends.flatMap((name) => sources.get(name) ?? []),
    async createFeaturizer() {
      const { createFeaturizer } = await import('./chemistry/featurizer.ts');
      return createFeaturizer({ workerUrl, threads });
    },
    async recordInchikeys(inputs, signal) {
      const { recordInchikeys } = await import('./chemistry/record-keys.ts');
      return recordInchikeys(inputs, signal);
    },
    async loadPredictor(model, name) {
      const { loadPredictor } = await import('./backends/ort/predictor.ts');
      return loadPredictor(model, { name, providers: devices, threads });
    },
    async createNeighborIndex(fingerprints) {
      const { createNeighborIndex } = await import('./backends/wasm/nearest-index.ts');
      return createNeighborIndex(fingerprints);
    },
    async loadLinearAlgebra() {
      const { loadLinearAlgebra } = await import('./backends/wasm/linear-algebra.ts');
      return loadLinearAlgebra();
    },
    async loadNetworks() {
      const { createNetwork } = await import('./backends/wasm/mlp.ts');
      return createNetwork;
    },
    async listDevices() {
      const { listProviders } = await import('./backends/ort/predictor.ts');
      return listProviders(devices);
    },
    get trainerSourceHash() {
      return hashSources(TRAINER_SOURCES);
    },
    environment: {
      assayer: ENGINE_VERSION,
      node: process.versions.node,
      [contract.toolkit.package]: contract.toolkit.version,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
    },
  };
}

async function openReference(): Promise<Backend> {
  const { referenceBackend } = await import('./backends/reference/backend.ts');
  return referenceBackend;
}

const opened = new OpenedBackends(openReference);

/** Every backend for operations. */
function backendSources(threads: number): BackendSource[] {
  const openWasm = async () => {
    const { createWasmBackend } = await import('./backends/wasm/backend.ts');
    return createWasmBackend({ workerUrl: searchWorkerUrl, mmdWorkerUrl, threads });
  };
  /** What backends without float64 leave to the processor: the columns that a verdict hangs on. */
  const exactMmd: Operations['mmd'] = async (...args) => (await openWasm()).ops.mmd!(...args);
  return [
    {
      name: 'cuda',
      open: () =>
        opened.open('cuda', async () => {
          const { createCudaBackend } = await import('./backends/cuda/backend.ts');
          return createCudaBackend();
        }),
    },
    {
      name: 'ort',
      offers: ['mmd'],
      open: () =>
        opened.open(`ort ${threads}`, async () => {
          const { createOrtBackend } = await import('./backends/ort/backend.ts');
          const { drawColumnsByKernel: draw } = await import('./backends/wasm/mmd-permutations.ts');
          return createOrtBackend({ providers: ['cuda', 'webgpu'], exactMmd, draw });
        }),
    },
    {
      name: 'tfjs',
      offers: ['search', 'mmd'],
      open: () =>
        opened.open(`tfjs ${threads}`, async () => {
          const { createTfjsBackend } = await import('./backends/tfjs/backend.ts');
          return createTfjsBackend({ engine: 'node-gpu', exactMmd });
        }),
    },
    { name: 'wasm', open: openWasm },
    { name: 'reference', open: openReference },
  ];
}

/** SHA-256 over the paths and bytes of the files that match, in the order of their paths. */
function hashSources(patterns: string[]): string {
  const cwd = fileURLToPath(root);
  const hash = createHash('sha256');
  for (const path of globSync(patterns, { cwd }).sort()) {
    hash.update(`${path}\n`).update(readFileSync(new URL(path, root)));
  }
  return hash.digest('hex');
}

async function renderDriftReport(report: DriftReport): Promise<string> {
  const { driftReportHtml, shownStructures } = await import('./dashboard/drift-report.ts');
  const { STRUCTURE_SIZE } = await import('./dashboard/structure.ts');
  const { drawCompounds } = await import('./chemistry/draw-compounds.ts');
  const { Toolkit } = await import('./chemistry/toolkit.ts');
  const drawings = await drawCompounds(await Toolkit.load(), shownStructures(report), STRUCTURE_SIZE);
  return driftReportHtml(report, drawings);
}

/** Runs the command line. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  const cancel = () => {
    // The second ctrl-C ends at once; locks and partial files of a dead process are taken over by the next run.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  const context: CommandContext = {
    engine: async (overrides) => createEngine(overrides),
    driftReportHtml: renderDriftReport,
    auditReportHtml: async (report) => (await import('./dashboard/audit-report.ts')).auditReportHtml(report),
    modelsFolder,
    examplesFolder: fileURLToPath(new URL('examples', root)),
    signal: controller.signal,
  };
  return runCli(args, context);
}
