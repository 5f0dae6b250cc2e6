/** What a value of the manifest must be. */
const KINDS = {
  text: (value: unknown) => typeof value === 'string',
  'a number': (value: unknown) => Number.isFinite(value),
  'a list of numbers': (value: unknown) => Array.isArray(value) && value.every(Number.isFinite),
  'an object': isObject,
} as const satisfies Record<string, (value: unknown) => boolean>;

type Kind = keyof typeof KINDS;

/** Parts of a manifest that the gate reads or passes on; `*` stands for each name. */
const FORM: Readonly<Record<Kind, readonly string[]>> = {
  text: [
    ...['id', 'title', 'kind', 'unit', 'modelledScale', 'transform', 'direction', 'assay', 'species'].map(
      (part) => `endpoint.${part}`,
    ),
    ...['hash', 'source', 'licence', 'assaySource', 'compounds', 'files.*'].map((part) => `dataset.${part}`),
    ...['version', 'contractHash', 'split.name', 'split.hash', 'trainer.name', 'trainer.sourceHash'],
    ...['evaluation.hash', 'files.*', 'calibration.kind'],
  ],
  'a number': [
    ...['dataset.counts.*', 'trainer.seed', 'domain.minSimilarity', 'domain.maxDescriptorZ'],
    ...['evaluation.rows', 'metrics.*.value', 'metrics.*.low', 'metrics.*.high'],
  ],
  'a list of numbers': ['domain.descriptorMeans', 'domain.descriptorDeviations'],
  'an object': ['contract', 'trainer.parameters'],
};

/** Parts of the kinds of calibration, and of percentiles where a manifest has some. */
const CALIBRATIONS: Readonly<Record<string, Partial<Record<Kind, readonly string[]>>>> = {
  none: {},
  platt: { 'a number': ['calibration.slope', 'calibration.offset'] },
  conformal: {
    text: ['calibration.spread'],
    'a number': ['calibration.coverage'],
    'a list of numbers': ['calibration.edges', 'calibration.halfWidths', 'calibration.counts'],
  },
};
const PERCENTILES: Partial<Record<Kind, readonly string[]>> = {
  text: ['approvedLike.source', 'approvedLike.sourceHash'],
  'a number': ['approvedLike.compounds'],
  'a list of numbers': ['approvedLike.quantiles'],
};

/**
 * What keeps a manifest from being read: the first part that is missing or of another kind. Its hash says that nobody
 * changed it, not that whoever made it wrote what a manifest holds.
 * @returns null where every part is what it must be
 */
export function manifestProblem(manifest: unknown): string | null {
  const problem = problemIn(manifest, FORM);
  if (problem !== null) return problem;
  const { endpoint, calibration, approvedLike } = manifest as Record<string, Record<string, unknown>>;
  if (endpoint.kind !== 'regression' && endpoint.kind !== 'classification') {
    return `endpoint.kind is ${endpoint.kind}, not regression or classification`;
  }
  const kind = String(calibration.kind);
  if (!Object.hasOwn(CALIBRATIONS, kind)) return `calibration.kind is ${kind}, which nobody knows`;
  const inside = problemIn(manifest, CALIBRATIONS[kind]);
  if (inside !== null) return inside;
  if (kind === 'conformal' && !isBinned(calibration as unknown as Bins)) {
    return 'calibration.edges do not rise from 0, or there is no half-width for each';
  }
  return approvedLike === undefined ? null : problemIn(manifest, PERCENTILES);
}

interface Bins {
  readonly edges: readonly number[];
  readonly halfWidths: readonly number[];
}

function isBinned({ edges, halfWidths }: Bins): boolean {
  const rises = edges.every((edge, i) => (i === 0 ? edge === 0 : edge > edges[i - 1]));
  return edges.length > 0 && rises && halfWidths.length === edges.length;
}

function problemIn(manifest: unknown, form: Partial<Record<Kind, readonly string[]>>): string | null {
  for (const [kind, paths] of Object.entries(form)) {
    for (const path of paths) {
      const found = firstUnlike(manifest, path.split('.'), KINDS[kind as Kind], '');
      if (found !== null) return `${found}, not ${kind}`;
    }
  }
  return null;
}

/** Which part below a path is not of its kind, and what it is instead; null where all are. */
function firstUnlike(
  value: unknown,
  path: readonly string[],
  isKind: (value: unknown) => boolean,
  at: string,
): string | null {
  if (path.length === 0) return isKind(value) ? null : `${at} is ${JSON.stringify(value) ?? 'missing'}`;
  if (!isObject(value)) return `${at || 'it'} is ${JSON.stringify(value) ?? 'missing'}`;
  const [name, ...rest] = path;
  const names = name === '*' ? Object.keys(value) : [name];
  for (const key of names) {
    const inside = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    const found = firstUnlike(inside, rest, isKind, at ? `${at}.${key}` : key);
    if (found !== null) return found;
  }
  return null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
