import { BOND } from './graph.ts';

/** What a molecule must hold before a rule is worth a search. */
export type Need = 'anion' | 'cation' | 'both' | 'hypervalent';

/**
 * One functional group, two ways to write it. `charges`, `hydrogens` and `orders` change what the pattern's atoms (by
 * position) and bonds (by their two atoms' positions) have; a rule with aromatic atoms keeps the ring aromatic.
 */
export interface NormalizationRule {
  readonly name: string;
  readonly need: Need;
  readonly smarts: string;
  /** Added to the formal charge, by pattern atom. */
  readonly charges: readonly number[];
  /** Added to the hydrogen count, by pattern atom. */
  readonly hydrogens?: readonly number[];
  /** First and second pattern atom, new order. */
  readonly orders: readonly (readonly [number, number, number])[];
  readonly aromatic?: true;
}

const CHALCOGEN = 'O,S,Se,Te';
const PNICTOGEN = 'N,P,As,Sb';
const HETERO = `${PNICTOGEN},${CHALCOGEN}`;
/** A cation that a neighbouring anion does not already balance. */
const FREE_CATION = '[N!$(*~[N,O,P,S;-1]),O;+1H0]';
const PROTON_DONOR = '[N,O!$(*N);+0!H0]';
const { SINGLE, DOUBLE, TRIPLE } = BOND;

/**
 * The rules after sulfoxides, in the order they are tried; after each that applied, the first is tried again. They are those of MolVS
 * and RDKit's Normalizer (InChI technical manual, 1.3 to 1.8 and 2.1), less the ones that reading a SMILES already
 * does in RDKit (nitro, azide, diazo and aromatic N-oxide written with five-valent nitrogen).
 */
export const NORMALIZATION_RULES: readonly NormalizationRule[] = [
  {
    name: 'metaphosphate',
    need: 'hypervalent',
    smarts: `[${PNICTOGEN};X3](=[O,S,Se,Te])=[O,S,Se,Te]`,
    charges: [1, -1, 0],
    orders: [[0, 1, SINGLE]],
  },
  {
    name: 'sulfone',
    need: 'both',
    smarts: '[S+2]([O-])[O-]',
    charges: [-2, 1, 1],
    orders: [
      [0, 1, DOUBLE],
      [0, 2, DOUBLE],
    ],
  },
  {
    name: 'phosphate',
    need: 'both',
    smarts: `[${CHALCOGEN};-1][P+;D4][${CHALCOGEN};-1]`,
    charges: [1, -1, 0],
    orders: [[0, 1, DOUBLE]],
  },
  {
    name: 'amidinium',
    need: 'cation',
    smarts: '[C,S&!$([S+]-[O-]);X3+1]([NX3])[NX3!H0]',
    charges: [-1, 0, 1],
    orders: [[0, 2, DOUBLE]],
  },
  {
    name: 'aminophosphonium',
    need: 'cation',
    smarts: '[P;X4+1]([NX3])[NX3!H0]',
    charges: [-1, 0, 1],
    orders: [[0, 2, DOUBLE]],
  },
  {
    name: 'hydrazine diazonium',
    need: 'cation',
    smarts: '[CX4][NX3H][NX3H][CX4][NX2+]#[NX1]',
    charges: [0, 0, 1, 0, -1, 0],
    hydrogens: [0, -1, 0, 0, 0, 1],
    orders: [
      [1, 2, DOUBLE],
      [4, 5, DOUBLE],
    ],
  },
  {
    name: '1,3-separated charges',
    need: 'both',
    smarts: `[${HETERO};-1]-[A+0]=[${HETERO};+1]`,
    charges: [1, 0, -1],
    orders: [
      [0, 1, DOUBLE],
      [1, 2, SINGLE],
    ],
  },
  {
    name: '1,3-separated charges, anion in a ring',
    need: 'both',
    smarts: '[n,o,p,s;-1]:[a]=[N,O,P,S;+1]',
    charges: [1, 0, -1],
    orders: [[1, 2, SINGLE]],
    aromatic: true,
  },
  {
    name: '1,3-separated charges, cation in a ring',
    need: 'both',
    smarts: '[N,O,P,S;-1]-[a+0]:[n,o,p,s;+1]',
    charges: [1, 0, -1],
    orders: [[0, 1, DOUBLE]],
    aromatic: true,
  },
  {
    name: '1,5-separated charges',
    need: 'both',
    smarts: `[${HETERO};-1]-[A+0]=A-A=[${HETERO};+1]`,
    charges: [1, 0, 0, 0, -1],
    orders: [
      [0, 1, DOUBLE],
      [1, 2, SINGLE],
      [2, 3, DOUBLE],
      [3, 4, SINGLE],
    ],
  },
  {
    name: '1,5-separated charges, anion in a ring',
    need: 'both',
    smarts: '[n,o,p,s;-1]:a:a:c=[N,O,P,S;+1]',
    charges: [1, 0, 0, 0, -1],
    orders: [[3, 4, SINGLE]],
    aromatic: true,
  },
  {
    name: '1,5-separated charges, cation in a ring',
    need: 'both',
    smarts: '[N,O,P,S;-1]-c:a:a:[n,o,p,s;+1]',
    charges: [1, 0, 0, 0, -1],
    orders: [[0, 1, DOUBLE]],
    aromatic: true,
  },
  {
    name: '1,3-conjugated cation',
    need: 'cation',
    smarts: `${PROTON_DONOR}-A=${FREE_CATION}`,
    charges: [1, 0, -1],
    orders: [
      [0, 1, DOUBLE],
      [1, 2, SINGLE],
    ],
  },
  {
    name: '1,3-conjugated cation on a ring',
    need: 'cation',
    smarts: `[n;+0!H0]:c=${FREE_CATION}`,
    charges: [1, 0, -1],
    orders: [[1, 2, SINGLE]],
    aromatic: true,
  },
  {
    name: '1,5-conjugated cation',
    need: 'cation',
    smarts: `${PROTON_DONOR}-A=A-A=${FREE_CATION}`,
    charges: [1, 0, 0, 0, -1],
    orders: [
      [0, 1, DOUBLE],
      [1, 2, SINGLE],
      [2, 3, DOUBLE],
      [3, 4, SINGLE],
    ],
  },
  {
    name: '1,5-conjugated cation on a ring',
    need: 'cation',
    smarts: `[n;+0!H0]:a:a:c=${FREE_CATION}`,
    charges: [1, 0, 0, 0, -1],
    orders: [[3, 4, SINGLE]],
    aromatic: true,
  },
  {
    name: 'halogen oxide',
    need: 'anion',
    smarts: '[F,Cl,Br,I,At;-1]=O',
    charges: [1, -1],
    orders: [[0, 1, SINGLE]],
  },
  {
    name: 'nitrile',
    need: 'both',
    smarts: `[${PNICTOGEN};-1]=[C+;v3]`,
    charges: [1, -1],
    orders: [[0, 1, TRIPLE]],
  },
];
