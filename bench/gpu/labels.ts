/** Labels that put the first rows in X. @returns uint8 [ceil(rows / 8)] */
export function firstInX(inX: number, rows: number): Uint8Array {
  const labels = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < inX; row++) labels[row >> 3] |= 1 << (row & 7);
  return labels;
}
