import { AssayerError } from './errors.ts';
import { identity } from './hash.ts';

/** Checks that a policy may let an approver waive: what a release is, and who answers for it, cannot be waived. */
export const WAIVABLE_CHECKS = [
  'definition',
  'leakage',
  'labels',
  'baseline',
  'no-worse',
  'calibration',
  'card',
] as const;

/** The bounds of the release gate, agreed before a model is measured. docs/release-gate.md says where each comes from. */
export interface ReleasePolicy {
  readonly schema: 'assayer.release-policy/1';
  readonly name: string;
  readonly integrity: {
    /** How far a figure of the manifest may lie from the same figure measured here. */
    readonly figureTolerance: number;
  };
  readonly definition: {
    /** Identities of endpoint definitions that differ from the shared one and are meant to. */
    readonly variants: readonly string[];
  };
  readonly leakage: {
    /** Evaluation compounds that may stand among the training compounds. */
    readonly maxCompounds: number;
    /** Share of the evaluation rows that may have a training compound's fingerprint beyond what the shared split has. */
    readonly maxExtraTwins: number;
  };
  readonly labels: {
    /** Share of the known training compounds whose label may differ from the shared dataset's. */
    readonly maxChanged: number;
    /** Estimated share of training labels that have nothing to do with their compound. */
    readonly maxRandom: number;
    /** Fewer rows than this, in training or evaluation, allow no such estimate. */
    readonly minRows: number;
    /** Fewer known training compounds than this, or a smaller share of all, do not stand in for that estimate. */
    readonly minKnown: number;
    readonly minKnownShare: number;
  };
  readonly noWorse: {
    /** Mean absolute error, and the Brier score, in relation to that of the current release. */
    readonly relativeLoss: number;
    /** Area under the ROC curve. */
    readonly auroc: number;
  };
  readonly calibration: {
    /** Share of values that intervals must promise to hold. */
    readonly coverage: number;
    /** Where the share of values inside their 90 % interval may lie; a 95 % binomial interval of it must reach in. */
    readonly coverageFrom: number;
    readonly coverageTo: number;
    /** Least coverage in a bin of similarity with at least `binRows` rows. */
    readonly binCoverage: number;
    readonly binRows: number;
    /** Debiased calibration error of probabilities with at least `errorRows` rows, and with fewer. */
    readonly maxError: number;
    readonly errorRows: number;
    readonly maxErrorOfFew: number;
    /** Mean of prediction minus measurement, in standard deviations of the measurements. */
    readonly maxBias: number;
  };
  readonly waivers: {
    readonly allowed: readonly (typeof WAIVABLE_CHECKS)[number][];
    /** Characters of a reason. */
    readonly minReason: number;
  };
}

export const DEFAULT_RELEASE_POLICY: ReleasePolicy = {
  schema: 'assayer.release-policy/1',
  name: 'default',
  integrity: { figureTolerance: 0.005 },
  definition: { variants: [] },
  leakage: { maxCompounds: 0, maxExtraTwins: 0.01 },
  labels: { maxChanged: 0.02, maxRandom: 0.12, minRows: 200, minKnown: 50, minKnownShare: 0.5 },
  noWorse: { relativeLoss: 0.05, auroc: 0.015 },
  calibration: {
    coverage: 0.9,
    coverageFrom: 0.87,
    coverageTo: 0.93,
    binCoverage: 0.8,
    binRows: 50,
    maxError: 0.05,
    errorRows: 1000,
    maxErrorOfFew: 0.1,
    maxBias: 0.25,
  },
  waivers: {
    allowed: ['leakage', 'labels', 'baseline', 'no-worse', 'calibration', 'card'],
    minReason: 20,
  },
};

/** A policy's identity: every bound has a say in it, also one that was left to its default. */
export function policyHash(policy: ReleasePolicy): string {
  return identity(policy);
}

/** Whole numbers of rows or characters; every other number is a share or a figure from 0 to 1. */
const COUNTS = new Set([
  'leakage.maxCompounds',
  'labels.minRows',
  'labels.minKnown',
  'calibration.binRows',
  'calibration.errorRows',
  'waivers.minReason',
]);

/**
 * A policy from JSON: what it names takes the place of the default, everything else keeps it.
 * @param path where it was read, for the message
 * @throws ERR_RELEASE_POLICY with the path inside the policy of what is unknown or of another kind
 */
export function parseReleasePolicy(text: string, path: string): ReleasePolicy {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw refused(path, 'it is no JSON', cause);
  }
  const policy = merge(DEFAULT_RELEASE_POLICY, given, '', path) as ReleasePolicy;
  const { schema, calibration } = policy;
  if (schema !== DEFAULT_RELEASE_POLICY.schema) {
    throw refused(path, `schema is ${schema}, this engine reads ${DEFAULT_RELEASE_POLICY.schema}`);
  }
  if (calibration.coverageFrom > calibration.coverageTo) {
    throw refused(path, 'calibration.coverageFrom is above calibration.coverageTo');
  }
  return policy;
}

function merge(base: unknown, given: unknown, at: string, path: string): unknown {
  const wrong = (wanted: string) => refused(path, `${at || 'the whole'} is ${kindOf(given)}, not ${wanted}`);
  if (Array.isArray(base)) {
    if (!Array.isArray(given) || given.some((item) => typeof item !== 'string'))
      throw wrong('a list of texts');
    return at === 'waivers.allowed' ? requireWaivable(given, path) : given;
  }
  if (typeof base === 'object' && base !== null) {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('an object');
    const out: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(given)) {
      const inside = at ? `${at}.${key}` : key;
      if (!Object.hasOwn(base, key)) throw refused(path, `${inside} is unknown`);
      out[key] = merge(out[key], value, inside, path);
    }
    return out;
  }
  if (typeof base === 'string') {
    if (typeof given !== 'string' || given === '') throw wrong('a text');
    return given;
  }
  const isCount = COUNTS.has(at);
  const fits = typeof given === 'number' && given >= 0 && (isCount ? Number.isInteger(given) : given <= 1);
  if (!fits) throw wrong(isCount ? 'a whole number from 0' : 'a number from 0 to 1');
  return given;
}

function requireWaivable(names: readonly string[], path: string): readonly string[] {
  for (const [i, name] of names.entries()) {
    if ((WAIVABLE_CHECKS as readonly string[]).includes(name)) continue;
    const known = WAIVABLE_CHECKS.join(', ');
    throw refused(path, `waivers.allowed[${i}] is ${name}; checks that can be waived are ${known}`);
  }
  return names;
}

function kindOf(value: unknown): string {
  return value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : JSON.stringify(value);
}

function refused(path: string, problem: string, cause?: unknown): AssayerError {
  return new AssayerError('ERR_RELEASE_POLICY', { path, problem }, { cause });
}
