import { philox, philoxKey } from '../core/philox.ts';
import { sortedOrder } from './ranks.ts';

/**
 * A random order of 0 .. count - 1, the same on every machine: by the words `philox([i, 0, 0, 0], seed)[0]`, of equal ones the
 * lower number first. Its first k are a random sample.
 * @param seed  an integer from 0 to 2^53 - 1
 */
export function seededOrder(count: number, seed: number): Uint32Array {
  const key = philoxKey(seed);
  const counter = new Uint32Array(4);
  const out = new Uint32Array(4);
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    counter[0] = i;
    philox(counter, key, out);
    words[i] = out[0];
  }
  return sortedOrder(words);
}
