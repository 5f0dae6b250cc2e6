/** What a compound may measure; part of the feature contract. */
export interface Limits {
  /** Longest text, surrounding white space not counted. */
  readonly smilesBytes: number;
  /** Most atoms that are not hydrogen, over all fragments; also the deepest nesting of branches. */
  readonly heavyAtoms: number;
}

/** Greatest charge of an atom, either way: what a molfile has room for. RDKit keeps a charge in 8 bits, so +130 becomes -126. */
export const CHARGE_LIMIT = 15;

/**
 * Chosen by measurement (docs/chemistry.md): RDKit's WASM stack overflows from about 540 atoms in a row, and the
 * largest compound of the assay data has 412 heavy atoms in 886 characters.
 */
export const LIMITS: Limits = { smilesBytes: 4096, heavyAtoms: 450 };
