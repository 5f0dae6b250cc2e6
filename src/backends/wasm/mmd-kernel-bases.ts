import type { MmdKernel } from '../../core/mmd.ts';

/** Half the bandwidth is the fourth power. A square doubles a relative error and adds a rounding: after four it is some 5e-15. */
const MOST_HALVINGS = 2;

/** Kernel k is kernel `base` to the power 2^squarings; of a kernel that is made by itself, k and 0. */
export interface KernelBase {
  readonly base: number;
  readonly squarings: number;
}

/**
 * The kernel that another one is a power of, since squares cost a tenth of an exponential: of Gaussians on features the one
 * whose bandwidth is 4, 2 or 1 times this one's, exactly. So bandwidths h, h / 2 and h / 4 need one exponential, and one that is
 * nearly h / 2 has its own.
 */
export function kernelBase(kernels: readonly MmdKernel[], k: number): KernelBase {
  const kernel = kernels[k];
  if (kernel.kind === 'rbf-features') {
    for (let halvings = MOST_HALVINGS; halvings >= 0; halvings--) {
      const bandwidth = kernel.bandwidth * 2 ** halvings;
      const base = kernels.findIndex(
        (other) => other.kind === 'rbf-features' && other.bandwidth === bandwidth,
      );
      // Bases are made before powers, so a power is no base.
      if (base >= 0 && base !== k && kernelBase(kernels, base).base === base) {
        return { base, squarings: 2 * halvings };
      }
    }
  }
  return { base: k, squarings: 0 };
}
