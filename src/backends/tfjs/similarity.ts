import type { Metric } from '../../core/metric.ts';
import type { Tensor, TensorEngine } from './tensor-engine.ts';

/**
 * Largest relative error of a float32 similarity: some eight roundings of 2^-24 each, and a division that a GPU may do to
 * two units in the last place; doubled. It can order two references wrongly only where they are nearer than that.
 */
export const SIMILARITY_ERROR = 2 ** -20;

/**
 * Approximate similarities (the cosine's square), and 0 / 0 as core/metric.ts has it. Where a denominator is 0 so is the
 * numerator, and any other denominator is 1 or more; so dividing by no less than 1 leaves 0 there.
 * @param shared      float32 [queries, targets], integers
 * @param queryBits   float32 [queries, 1]
 * @param targetBits  float32 [1, targets]
 * @returns float32 [queries, targets]
 */
export function approximateSimilarity(
  engine: TensorEngine,
  metric: Metric,
  shared: Tensor,
  queryBits: Tensor,
  targetBits: Tensor,
): Tensor {
  return engine.tidy(() => {
    const numerator = metric.kind === 'cosine' ? engine.square(shared) : engine.mul(shared, metric.shared);
    const denominator =
      metric.kind === 'cosine'
        ? engine.mul(queryBits, targetBits)
        : engine.tidy(() => {
            const own = engine.mul(engine.sub(queryBits, shared), metric.query);
            const others = engine.mul(engine.sub(targetBits, shared), metric.target);
            return engine.add(numerator, engine.add(own, others));
          });
    return engine.add(
      engine.div(numerator, engine.maximum(denominator, 1)),
      engine.tidy(() => engine.maximum(engine.sub(1, engine.add(queryBits, targetBits)), 0)),
    );
  });
}
