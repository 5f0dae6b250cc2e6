import { figure, type Result, table } from './report-table.ts';

/** The parts of nearest.json that are shown; the rest as nearest.bench.ts writes it. */
export interface NearestResult extends Result {
  readonly input: { readonly references: number; readonly queries: number; readonly recipe: string } & {
    readonly fromLibrary: number;
    readonly analogues: number;
  };
  readonly nearestSimilarity: { readonly p5: number; readonly median: number; readonly p95: number };
  readonly layout: Readonly<Record<string, { readonly wallSeconds?: number } | null>>;
  readonly peers: Readonly<Record<string, { readonly version?: string; readonly skipped?: string }>>;
  readonly usearchRecall: number | null;
  readonly results: Readonly<
    Record<
      string,
      {
        readonly summary: Readonly<Record<string, NearestSummary>>;
        readonly samples: Readonly<Record<string, readonly unknown[]>>;
      }
    >
  >;
}
interface NearestSummary {
  readonly queriesPerSecond: number;
  readonly millionPairsPerCpuSecond: number;
  readonly engineTimesAsFast: number;
}

export interface MmdPeer {
  readonly size: number;
  readonly permutations: number;
  readonly ratio: number;
  readonly difference: number;
  readonly peer: { readonly version: string; readonly torch: string };
}
export interface MmdResult extends Result {
  readonly permutations: number;
  readonly results: Readonly<Record<string, { readonly medianCpu: number; readonly medianWall: number }>>;
  readonly product: { readonly own: number; readonly onnxRuntime: number };
  readonly peer: MmdPeer | { readonly skipped: string };
}

export interface IndexResult extends Result {
  readonly input: NearestResult['input'];
  readonly packedBytes: number;
  readonly build: { readonly medianWall: number; readonly medianCpu: number; readonly peakInPacked: number };
  readonly load: {
    readonly medianWall: number;
    readonly medianCpu: number;
    readonly medianCheckWall: number;
    readonly medianOpenWall: number;
    readonly heldInPacked: number;
    readonly peakInPacked: number;
  };
}

interface DriftSeconds {
  readonly medianCpu: number;
  readonly medianWall: number;
}
interface DriftCase extends DriftSeconds {
  readonly cpuSeconds: readonly number[];
  readonly steps: Readonly<Record<string, DriftSeconds>>;
}
export interface DriftResult extends Result {
  readonly permutations: number;
  readonly endpoints: number;
  readonly input: Readonly<Record<'reference' | 'batch', { readonly compounds: number }>>;
  readonly results: Readonly<Record<'cold' | 'cached', DriftCase>>;
}

export function nearestSection(result: Result): string {
  const { input, nearestSimilarity, layout, peers, usearchRecall, results } = result as NearestResult;
  const rows = Object.entries(results).flatMap(([setting, { summary, samples }]) =>
    Object.entries(summary).map(
      ([name, { queriesPerSecond, millionPairsPerCpuSecond, engineTimesAsFast }]) => [
        setting,
        name,
        figure(queriesPerSecond),
        figure(millionPairsPerCpuSecond),
        name.startsWith('engine') ? '' : figure(engineTimesAsFast),
        String(samples[name].length),
      ],
    ),
  );
  const versions = Object.entries(peers).map(([name, { version, skipped }]) =>
    version ? `${name} ${version}` : skipped ? `${name} not measured (${skipped})` : null,
  );
  const { p5, median, p95 } = nearestSimilarity;
  const top = results['nearest, k = 10'].summary;
  const scaling = top['engine, 2 threads'].queriesPerSecond / top.engine.queriesPerSecond;
  return `${figure(input.references)} references (${figure(input.fromLibrary)} compounds of the library, ${figure(input.analogues)} analogues), ${figure(input.queries)} queries:
${input.recipe}. The nearest reference has a similarity of ${figure(median)} in the middle, ${figure(p5)} and ${figure(p95)} at the 5th and 95th percentile.
One thread where nothing else is said. All but usearch are exact, and gave the same neighbours before and while they were timed.

${table(['', 'who', 'queries/s', 'million pairs per CPU second', 'engine: times as fast, per CPU second', 'runs'], rows)}
Pairs are all references times all queries, though blocks that cannot hold a neighbour are skipped. Peers: ${versions.filter((text) => text !== null).join('; ')}.
${usearchRecall === null ? '' : `usearch's graph found ${figure(usearchRecall * 100)} % of the 10 nearest. `}The yardstick is [bit-sliced-avx512.c](yardstick/bit-sliced-avx512.c): 512 bits a
register, every set bit counted, 256 queries over a block in cache, or one at a time. Laying the references out for search took the
engine ${figure(layout.engine?.wallSeconds ?? Number.NaN)} s.

What limits it: the engine's registers have 128 bits, a quarter of the yardstick's; but it stops counting once all 128
references of a register have missed too many bits, while the yardstick counts every set bit. So the sooner the similarity to
reach is high, the cheaper a search. Two threads answered ${figure(scaling)} times as many queries a second as one for the 10 nearest,
at ${figure(top['engine, 2 threads'].engineTimesAsFast)} times the CPU time: wall time, and so queries/s, also depends on what else the machine was doing.
`;
}

export function mmdSection(result: Result): string {
  const { permutations, results, product, peer } = result as MmdResult;
  const rows = Object.entries(results).map(([name, { medianCpu, medianWall }]) => [
    name,
    figure(medianCpu),
    figure(medianWall),
  ]);
  const beside =
    'ratio' in peer
      ? `With ${peer.size}+${peer.size} and ${peer.permutations} permutations it is ${figure(peer.ratio)} times as fast as alibi-detect ${peer.peer.version} (torch ${peer.peer.torch}, float32) per
CPU second, and the observed value differs from alibi-detect's in float64 by ${figure(peer.difference)} of it.`
      : `alibi-detect was not measured (${peer.skipped}).`;
  return `${permutations} permutations, one thread, fingerprints of library compounds.

${table(['samples, kernels', 'CPU s', 'wall s'], rows)}
${beside}

What limits it: the product of the kernel matrix with the labels, which grows with the square of the sample and with the
permutations. The engine's own kernel reads labels as bits and reaches ${figure(product.own)} thousand million multiply-adds per CPU
second, ONNX Runtime's MatMul on the same numbers ${figure(product.onnxRuntime)}.
`;
}

export function indexSection(result: Result): string {
  const { input, packedBytes, build, load } = result as IndexResult;
  const rows = [
    ['build from .npy', figure(build.medianWall), figure(build.medianCpu), '', figure(build.peakInPacked)],
    [
      'load: open to the first answer',
      figure(load.medianWall),
      figure(load.medianCpu),
      figure(load.heldInPacked),
      figure(load.peakInPacked),
    ],
    ['of it, until open', figure(load.medianOpenWall), '', '', ''],
    ['of it, reading and checking every byte', figure(load.medianCheckWall), '', '', ''],
  ];
  return `${figure(input.references)} rows, as for the neighbour search; ${figure(packedBytes / 1e6)} MB of packed fingerprints. One thread, each run a new process, files in
the page cache. Memory is what the process grew by, in sizes of the packed fingerprints; held is after ${figure(input.queries)} queries.

${table(['', 'wall s', 'CPU s', 'memory held', 'most memory'], rows)}
What limits it: loading reads every byte to check its hash, reads the fingerprints again, and transposes them into blocks; the
rows as read and the blocks are both in memory until the blocks are done. Building is one thread's time: sorting, ids as JavaScript strings and their
garbage, hashing.
`;
}

export function driftSection(result: Result): string {
  const { permutations, endpoints, input, results, unit } = result as DriftResult;
  const { cold, cached } = results;
  const seconds = (of: DriftSeconds) => [figure(of.medianCpu), figure(of.medianWall)];
  const rows = Object.keys(cold.steps).map((step) => [
    step,
    ...seconds(cold.steps[step]),
    ...seconds(cached.steps[step]),
  ]);
  return `${endpoints} endpoints, a batch of ${figure(input.batch.compounds)} library compounds against a reference of ${figure(input.reference.compounds)}, ${permutations} permutations; ${unit}. Cold is
a new workspace (${runsText(cold)}); cached has the features of both sides, and the held-out distances and answers of the reference (${runsText(cached)}). Every
check is a process of its own, start-up among it, and all gave the same report.

${table(['step', 'cold: CPU s', 'wall s', 'cached: CPU s', 'wall s'], [...rows, ['all', ...seconds(cold), ...seconds(cached)]])}`;
}

const runsText = ({ cpuSeconds: { length } }: DriftCase): string => `${length} run${length === 1 ? '' : 's'}`;
