import { AssayerError } from '../../core/errors.ts';
import type { Operations } from '../../core/ops.ts';
import { checkPair } from '../../core/search-arguments.ts';
import { countSharedBits } from './nearest-shared-bits.ts';

/** Shared bits of every query with every target, one pair after the other. */
export const referenceIntersections: Operations['intersections'] = async (
  queries,
  targets,
  { signal } = {},
) => {
  const { queries: q, targets: t } = checkPair(queries, targets);
  const out = new Uint16Array(q.count * t.count);
  for (let i = 0; i < q.count; i++) {
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    const query = queries.fingerprints.subarray(i * q.rowBytes, i * q.rowBytes + q.bytes);
    for (let j = 0; j < t.count; j++) {
      const target = targets.fingerprints.subarray(j * t.rowBytes, j * t.rowBytes + t.bytes);
      out[i * t.count + j] = countSharedBits(query, target);
    }
  }
  return out;
};
