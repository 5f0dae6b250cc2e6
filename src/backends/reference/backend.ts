import type { Backend } from '../../core/backend.ts';
import { referenceIntersections } from './intersections.ts';
import { referenceMmd } from './mmd.ts';
import { referenceSearch } from './nearest-index.ts';

/** Every operation in plain TypeScript: slow, obvious, and always there. */
export const referenceBackend: Backend = {
  name: 'reference',
  ops: { search: referenceSearch, intersections: referenceIntersections, mmd: referenceMmd },
};
