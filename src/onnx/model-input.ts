import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BITS, FINGERPRINT_BYTES, MORGAN_BITS } from '../core/fingerprint.ts';
import type { GraphValue } from './read-model.ts';

/**
 * Features that an input can be made of, by the name they have in `--inputs`, with their columns. fingerprints: packed
 * bytes. bits: those unpacked. morgan: the first 2,048 of the bits.
 */
export const INPUT_PARTS = {
  fingerprints: FINGERPRINT_BYTES,
  bits: FINGERPRINT_BITS,
  morgan: MORGAN_BITS,
  descriptors: DESCRIPTOR_COUNT,
} as const;
export type InputPart = keyof typeof INPUT_PARTS;

/** An input of an imported graph, and what it is fed with: features side by side in this order. */
export interface ModelInput {
  readonly name: string;
  /** ONNX's number of its element type. */
  readonly type: number;
  readonly parts: readonly InputPart[];
}

/** Element types that hold a bit, with ONNX's numbers; descriptors need one of the last two. */
const BIT_TYPES: Readonly<Record<string, number>> = {
  uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, float32: 1, float64: 11,
}; // biome-ignore format: one table
const NUMBER_TYPES = ['float32', 'float64'];

/**
 * What each input of a graph is fed with: as declared, else by its columns where only one feature has so many.
 * @param inputs    those that the wanted output is computed from
 * @param declared  `name=morgan+descriptors,other=bits`; '' for nothing declared
 * @returns the inputs in their order, or what is wrong, in words
 */
export function bindInputs(inputs: readonly GraphValue[], declared: string): ModelInput[] | string {
  const wanted = parseDeclaration(declared);
  if (typeof wanted === 'string') return wanted;
  if (inputs.length === 0) return 'the output does not depend on any input';
  const bound: ModelInput[] = [];
  for (const input of inputs) {
    const parts = wanted.get(input.name) ?? partsOf(input);
    wanted.delete(input.name);
    if (typeof parts === 'string') return parts;
    const problem = inputProblem(input, parts);
    if (problem !== null) return `input ${input.name} ${problem}`;
    bound.push({ name: input.name, type: BIT_TYPES[input.type], parts });
  }
  const [unknown] = wanted.keys();
  return unknown === undefined ? bound : `there is no input ${unknown} that the output depends on`;
}

/** `X=morgan+descriptors`, as a declaration and in manifests. */
export function describeInputs(inputs: readonly ModelInput[]): string {
  return inputs.map(({ name, parts }) => `${name}=${parts.join('+')}`).join(',');
}

function parseDeclaration(text: string): Map<string, InputPart[]> | string {
  const wanted = new Map<string, InputPart[]>();
  for (const item of text === '' ? [] : text.split(',')) {
    const at = item.lastIndexOf('=');
    const name = item.slice(0, Math.max(at, 0)).trim();
    const parts = item
      .slice(at + 1)
      .split('+')
      .map((part) => part.trim());
    if (name === '' || !parts.every(isPart)) {
      return `"${item}" says of no input what it is. Write name=${Object.keys(INPUT_PARTS).join(' or name=')}, several in one input as name=morgan+descriptors`;
    }
    wanted.set(name, parts);
  }
  return wanted;
}

function isPart(text: string): text is InputPart {
  return Object.hasOwn(INPUT_PARTS, text);
}

/** The only feature that has so many columns, or why there is none. */
function partsOf({ name, type, dims }: GraphValue): InputPart[] | string {
  const columns = dims?.at(-1) ?? null;
  const names = Object.keys(INPUT_PARTS) as InputPart[];
  const part = names.find((key) => INPUT_PARTS[key] === columns);
  if (part) return [part];
  const pairs = names.filter((key) => columns === INPUT_PARTS[key] + DESCRIPTOR_COUNT);
  const advice = pairs.length
    ? `Say in which order they stand: --inputs ${name}=${pairs[0]}+descriptors or ${name}=descriptors+${pairs[0]}`
    : `Known are ${names.map((key) => `${key} with ${INPUT_PARTS[key]}`).join(', ')}; say it with --inputs ${name}=...`;
  return `input ${name} (${type}) has ${columns ?? 'an unknown number of'} columns, which does not tell what it is. ${advice}`;
}

/** Why features of these kinds cannot be fed to an input; null when they can. */
function inputProblem({ type, dims }: GraphValue, parts: readonly InputPart[]): string | null {
  const columns = parts.reduce((sum, part) => sum + INPUT_PARTS[part], 0);
  const what = parts.join('+');
  if (dims !== null && dims.length !== 2) return `has ${dims.length} dimensions, not compounds times columns`;
  if (dims !== null && dims[1] !== null && dims[1] !== columns) {
    return `has ${dims[1]} columns, and ${what} has ${columns}`;
  }
  if (dims !== null && dims[0] !== null) {
    return `takes exactly ${dims[0]} compounds at a time. Export it with a batch that varies (torch.onnx.export: dynamic_shapes or dynamic_axes)`;
  }
  if (!Object.hasOwn(BIT_TYPES, type))
    return `is of type ${type}; ${Object.keys(BIT_TYPES).join(', ')} are taken`;
  if (parts.includes('fingerprints') && (parts.length > 1 || type !== 'uint8')) {
    return `is ${type} [n, ${columns}], and packed fingerprints come alone as uint8; unpacked they are called bits`;
  }
  if (parts.includes('descriptors') && !NUMBER_TYPES.includes(type)) {
    return `is of type ${type}, and descriptors need ${NUMBER_TYPES.join(' or ')}`;
  }
  return null;
}
