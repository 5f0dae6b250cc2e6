/**
 * Where the PTX manual (section "Matrix fragments for mma") puts the elements of m16n8 instructions. Three kinds have
 * one layout, only the elements differ that a 32-bit register holds: 32 bits, 4 bytes, 2 halves. A register of A or B
 * covers e elements along k, four lanes 4 e, and k has 8 e:
 *
 *               k:  0 .. 4 e - 1       4 e .. 8 e - 1
 *     A row g       lane 4 g + t: a0   a2                 g 0..7, t = floor(k / e) mod 4
 *     A row g + 8   a1                 a3
 *     B column g    lane 4 g + t: b0   b1
 *     D row g       lane 4 g + t: d0, d1 are columns 2 t, 2 t + 1
 *     D row g + 8                 d2, d3
 */
export interface FragmentKind {
  readonly kernel: string;
  /** Elements of a register: e above. */
  readonly elements: 32 | 4 | 2;
  /** The element of A and of B that is set, as the bits at its place; their product is added where both meet. */
  readonly a: number;
  readonly b: number;
  readonly product: number;
  readonly accumulators: 'int32' | 'float32';
}

export const FRAGMENT_KINDS: readonly FragmentKind[] = [
  { kernel: 'fragment_bits', elements: 32, a: 1, b: 1, product: 1, accumulators: 'int32' },
  { kernel: 'fragment_bits_by_bytes', elements: 32, a: 1, b: 1, product: 1, accumulators: 'int32' },
  // -3 and 5, so that bytes taken for unsigned ones are seen.
  { kernel: 'fragment_bytes', elements: 4, a: 0xfd, b: 5, product: -15, accumulators: 'int32' },
  // 1.5 and -2.
  { kernel: 'fragment_halves', elements: 2, a: 0x3e00, b: 0xc000, product: -3, accumulators: 'float32' },
];

/** Rows of A and D. */
export const ROWS = 16;
/** Columns of B and D. */
export const COLUMNS = 8;
/** Registers of a lane: a0 .. a3, b0, b1. */
export const REGISTERS = 6;
export const LANES = 32;

/** An element's place: the register of a lane, counted a0 .. a3, b0, b1, and the shift of its lowest bit. */
export interface Place {
  readonly lane: number;
  readonly register: number;
  readonly shift: number;
}

export function placeInA(elements: number, row: number, k: number): Place {
  const half = Math.floor(k / (4 * elements));
  return { ...along(elements, row % 8, k), register: 2 * half + Math.floor(row / 8) };
}

export function placeInB(elements: number, k: number, column: number): Place {
  return { ...along(elements, column, k), register: 4 + Math.floor(k / (4 * elements)) };
}

function along(elements: number, group: number, k: number): { lane: number; shift: number } {
  return {
    lane: 4 * group + (Math.floor(k / elements) % 4),
    shift: (k % elements) * (32 / elements),
  };
}

/** Index of an accumulator among the 32 lanes of four. */
export function placeInD(row: number, column: number): number {
  const lane = 4 * (row % 8) + Math.floor(column / 2);
  return lane * 4 + 2 * Math.floor(row / 8) + (column % 2);
}
