import { referenceBackend } from '../../src/backends/reference/backend.ts';
import type { Backend } from '../../src/core/backend.ts';
import { MORGAN_BITS } from '../../src/core/fingerprint.ts';
import { COSINE, TANIMOTO } from '../../src/core/metric.ts';
import type { MmdInput } from '../../src/core/mmd.ts';
import { makeMmdInput, readMmdCases } from '../../test/conformance/mmd-case.ts';
import { makeCase, readCases } from '../../test/conformance/packed-case.ts';
import { askAll } from '../../test/conformance/search-questions.ts';
import { type Check, check, requireSame, requireSameMmd } from './checks.ts';
import { makeAnalogues } from './fingerprints.ts';
import { firstInX } from './labels.ts';
import type { Sizes } from './sizes.ts';

/** Seeds of one round of checks are this far from those of the next. */
const SEED_STEP = 100_003;

export interface VerifyOptions {
  readonly sizes: Sizes['checks'];
  /** Every run of the bench has its own inputs; the seed is in its result. */
  readonly seed: number;
  /** Real fingerprints, uint8 [n, 256]. */
  readonly real: Uint8Array;
  /** Another exact backend, fast enough for larger inputs. */
  readonly fast: Backend;
  /** Leaves noise in the device's memory, so that what an operation does not write is seen. */
  readonly poison: () => Promise<void>;
  readonly report: (check: Check) => void;
}

/** Compares every operation that the device has with the reference, and on larger inputs with the fast backend. */
export async function verify(device: Backend, options: VerifyOptions): Promise<Check[]> {
  const checks: Check[] = [];
  const add = async (...args: Parameters<typeof check>) => {
    await options.poison();
    const made = await check(...args);
    checks.push(made);
    options.report(made);
  };
  await verifyCases(device, options, add);
  await verifyLarge(device, options, add);
  return checks;
}

type Add = (...args: Parameters<typeof check>) => Promise<void>;

/** The conformance cases: as they are written, and with other random rows. */
async function verifyCases({ ops }: Backend, { sizes, seed }: VerifyOptions, add: Add): Promise<void> {
  const chosen = ({ name }: { readonly name: string }) => !sizes.cases || sizes.cases.includes(name);
  for (let round = 0; round < sizes.rounds; round++) {
    const shift = round === 0 ? 0 : seed + round * SEED_STEP;
    const suffix = round === 0 ? '' : `, seed + ${shift}`;
    for (const recipe of readCases('search').filter(chosen)) {
      const made = makeCase({ ...recipe, seed: recipe.seed + shift });
      const { tombstones: _, ...targets } = made.references;
      await add('search', recipe.name + suffix, async () => {
        await using reference = await referenceBackend.ops.search!(made.references);
        await using index = await ops.search!(made.references);
        const expected = await askAll(reference, made);
        for (const [asked, answer] of await askAll(index, made)) {
          requireSame(answer, expected.get(asked), asked);
        }
        return { answers: expected.size };
      });
      await add('intersections', recipe.name + suffix, async () => {
        const expected = await referenceBackend.ops.intersections!(made.queries, targets);
        requireSame(await ops.intersections!(made.queries, targets), expected, 'intersections');
        return { answers: 1 };
      });
    }
    if (!ops.mmd) continue;
    for (const recipe of readMmdCases().filter(chosen)) {
      const shifted = { ...recipe, seed: recipe.seed + shift, labelSeed: recipe.labelSeed + shift };
      await add('mmd', recipe.name + suffix, async () => {
        const input = makeMmdInput(shifted);
        const expected = await referenceBackend.ops.mmd!(input);
        const found = await ops.mmd!(input);
        return { answers: 1, differences: requireSameMmd(found, expected, input.kernels.length) };
      });
    }
  }
}

/** Analogues of real compounds, past every tile and block, and numbers that are no multiple of anything. */
async function verifyLarge({ ops }: Backend, options: VerifyOptions, add: Add): Promise<void> {
  const { sizes, seed, real, fast } = options;
  const rows = (count: number, at: number) => ({
    fingerprints: makeAnalogues(real, count, seed + at),
    bits: MORGAN_BITS,
  });
  const { references, queries, mmd } = sizes;
  await add('search', `${queries} queries, ${references} references, analogues`, async () => {
    const all = rows(references, 1);
    const asked = rows(queries, 2).fingerprints;
    await using expected = await fast.ops.search!(all);
    await using index = await ops.search!(all);
    let answers = 0;
    for (const metric of [TANIMOTO, COSINE]) {
      for (const k of [1, 10, 100]) {
        const nearest = await index.nearest(asked, k, { metric });
        requireSame(nearest, await expected.nearest(asked, k, { metric }), `${metric.kind}, k ${k}`);
        answers++;
      }
      const threshold = { numerator: 7, denominator: 10 };
      const within = await index.within(asked, threshold, { metric });
      requireSame(within, await expected.within(asked, threshold, { metric }), `${metric.kind}, within`);
      const bins = await index.nearestHistogram(asked, 50, { metric });
      requireSame(bins, await expected.nearestHistogram(asked, 50, { metric }), `${metric.kind}, bins`);
      answers += 2;
    }
    return { answers };
  });
  await add('intersections', `${queries} by ${queries * 5 + 3}, analogues`, async () => {
    const [some, others] = [rows(queries, 3), rows(queries * 5 + 3, 4)];
    const expected = await fast.ops.intersections!(some, others);
    requireSame(await ops.intersections!(some, others), expected, 'intersections');
    return { answers: 1 };
  });
  if (!ops.mmd) return;
  for (const { each, permutations } of mmd) {
    const input: MmdInput = {
      samples: rows(2 * each + 1, 5),
      labels: { observed: firstInX(each, 2 * each + 1), permutations, seed: seed + 6 },
      kernels: [{ kind: 'tanimoto' }, { kind: 'rbf-bits', bandwidth: 6 }],
    };
    await add('mmd', `${each} and ${each + 1}, ${permutations} permutations, analogues`, async () => {
      const expected = await fast.ops.mmd!(input);
      const found = await ops.mmd!(input);
      return { answers: 1, differences: requireSameMmd(found, expected, 2) };
    });
  }
}
