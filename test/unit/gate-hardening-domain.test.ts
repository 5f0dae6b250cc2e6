import { expect, test } from 'vitest';
import { createNeighborIndex } from '../../src/backends/wasm/nearest-index.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { similaritiesToOtherGroups } from '../../src/flows/gate/other-groups.ts';
import { heldOutSimilarities } from '../../src/flows/held-out-similarity.ts';
import { readModel } from '../../src/flows/models.ts';

const open = async (bytes: Uint8Array) => createNeighborIndex(bytes);

test.each([
  ['none', 0, 1],
  ['one', 1, 1],
  ['all of one group', 9, 1],
  ['each a group', 65, 65],
  ['groups larger than the neighbours looked through', 301, 3],
])('the nearest of another group is that of all pairs: %s', async (_, count, groupCount) => {
  const random = seededRandom(count + 1);
  const groups = Int32Array.from({ length: count }, (_, i) => i % groupCount);
  // Bits of the group, so that its own members are the nearest.
  const fingerprints = new Uint8Array(count * FINGERPRINT_BYTES);
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < 40; b++) {
      const bit = random() < 0.7 ? groups[i] * 50 + Math.floor(random() * 50) : Math.floor(random() * 2048);
      fingerprints[i * FINGERPRINT_BYTES + ((bit % 2048) >> 3)] |= 1 << (bit & 7);
    }
  }
  expect(await similaritiesToOtherGroups(fingerprints, groups, open)).toEqual(
    heldOutSimilarities(fingerprints, groups),
  );
});

test('and so for the compounds of a shipped model', async () => {
  const folder = new URL('../../models/ppb/1', import.meta.url).pathname;
  const { fingerprints, reference } = await readModel({ endpoint: 'ppb', version: '1', folder });
  const found = await similaritiesToOtherGroups(fingerprints, reference.groups, open);
  expect(found).toEqual(heldOutSimilarities(fingerprints, reference.groups));
});
