import { integerIn, messagesIn, readFields, textIn } from './protobuf.ts';

/** What the attributes of a node hold that matters for importing it. */
export interface AttributeContent {
  /** A graph of its own: control flow. */
  readonly hasGraph: boolean;
  readonly hasSparseTensor: boolean;
  /** A tensor whose numbers lie in another file. */
  readonly isExternal: boolean;
}

/** Looks through the attributes (AttributeProto) of a node, their numbers aside. */
export function attributeContent(node: Uint8Array): AttributeContent {
  let [hasGraph, hasSparseTensor, external] = [false, false, false];
  for (const attribute of messagesIn(node, 5)) {
    for (const { number, value } of readFields(attribute)) {
      if (!(value instanceof Uint8Array)) continue;
      if (number === 6 || number === 11) hasGraph = true;
      if (number === 22 || number === 23) hasSparseTensor = true;
      if (number === 5 || number === 10) external ||= isExternal(value);
    }
  }
  return { hasGraph, hasSparseTensor, isExternal: external };
}

/** Whether a tensor's numbers lie in another file. */
export function isExternal(tensor: Uint8Array): boolean {
  return integerIn(tensor, 14) === 1 || [...messagesIn(tensor, 13)].length > 0;
}

/** The names of classes that a classifier's node holds, in the order of its columns; null where it holds none. */
export function classLabels(node: Uint8Array): string[] | null {
  for (const attribute of messagesIn(node, 5)) {
    const name = textIn(attribute, 1);
    if (!name.startsWith('classlabels')) continue;
    const labels: string[] = [];
    for (const { number, value } of readFields(attribute)) {
      if (number === 8 && typeof value === 'number') labels.push(String(value));
      // A writer may pack a list of integers into one field.
      if (number === 8 && value instanceof Uint8Array) labels.push(...packedIntegers(value));
      if (number === 9 && value instanceof Uint8Array) labels.push(new TextDecoder().decode(value));
    }
    if (labels.length > 0) return labels;
  }
  return null;
}

function packedIntegers(bytes: Uint8Array): string[] {
  const labels: string[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value += BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    labels.push(String(BigInt.asIntN(64, value)));
    [value, shift] = [0n, 0n];
  }
  return labels;
}
