import { createCudaBackend } from '../../src/backends/cuda/backend.ts';
import { MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { OperationName } from '../../src/core/ops.ts';
import { type Bench, say } from './bench.ts';
import type { Check } from './checks.ts';
import { checkMemoryReturned, poison } from './memory.ts';
import { verify } from './verify.ts';

/** Device memory that may stay away after the backend is closed: the driver hands it out in pieces of 2 MiB. */
const MISSING_BYTES = 2 * 2 ** 20;

export interface Verified {
  /** Operations that gave a wrong answer. */
  readonly failed: ReadonlySet<OperationName>;
  readonly memoryReturned: boolean;
}

/** Compares every operation with the processor's, and the device's free memory before and after. */
export async function verifyDevice({ sizes, seed, real, fast, context, results }: Bench): Promise<Verified> {
  const backend = await createCudaBackend();
  const wrong: Check[] = [];
  let checks: Check[];
  try {
    checks = await verify(backend, {
      sizes: sizes.checks,
      seed,
      real,
      fast,
      poison: () => poison(context, sizes.checks.poisonBytes),
      report: (check) => {
        if (check.passed) return;
        wrong.push(check);
        say(`WRONG: ${check.operation}, ${check.name}: ${check.problem}`);
      },
    });
    // Kept before anything else: a kernel that faults takes the context with it.
    results.write('gpu-checks', { passed: false, checks });
  } finally {
    await backend.close?.();
  }
  say(`checks: ${checks.length - wrong.length} of ${checks.length} passed`);
  const memory = await checkMemoryReturned(context, () => createCudaBackend(), real, sizes.checks.references);
  const memoryReturned = memory.missing <= MISSING_BYTES;
  say(`memory after close: ${memory.missing} bytes missing${memoryReturned ? '' : ', WRONG'}`);
  results.write('gpu-checks', {
    passed: wrong.length === 0 && memoryReturned,
    real: { count: real.length / MORGAN_BYTES, sha256: sha256(real) },
    memory,
    checks,
  });
  return { failed: new Set(wrong.map(({ operation }) => operation)), memoryReturned };
}
