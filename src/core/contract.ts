import { identity } from './hash.ts';

/**
 * The exact recipe from a SMILES to a model's input. Two compounds' features may be compared, and a model may be
 * run on them, only if their contracts are the same; the SHA-256 of the canonical JSON is the contract's identity.
 */
export interface FeatureContract {
  readonly schema: 'assayer.feature-contract/1';
  /** The toolkit that parses, canonicalizes and computes descriptors. */
  readonly toolkit: { readonly name: string; readonly package: string; readonly version: string };
  /** Rules that make the parent, in the order they apply; the version changes whenever any result can change. */
  readonly standardization: { readonly version: number; readonly rules: readonly string[] };
  readonly fingerprint: {
    readonly kind: 'morgan';
    readonly radius: number;
    readonly bits: number;
    readonly chirality: boolean;
    readonly levels: { readonly bits: number; readonly from: number; readonly hash: string };
  };
  readonly descriptors: { readonly dtype: 'float32'; readonly names: readonly string[] };
  /** Compounds past these are refused, so they bound what a feature set can hold. */
  readonly limits: { readonly smilesBytes: number; readonly heavyAtoms: number };
}

/** The identity of a contract: 64 hexadecimal digits. */
export function contractHash(contract: FeatureContract): string {
  return identity(contract);
}

/** Names the parts in which two contracts differ, for the message of ERR_CONTRACT_MISMATCH. */
export function contractDifference(expected: FeatureContract, actual: FeatureContract): string {
  const keys = Object.keys({ ...expected, ...actual }) as (keyof FeatureContract)[];
  const parts = keys.filter((key) => identity(expected[key] ?? null) !== identity(actual[key] ?? null));
  return parts.length ? `they differ in ${parts.join(', ')}` : 'they do not differ';
}
