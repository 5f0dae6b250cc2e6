import { AssayerError } from '../core/errors.ts';
import { isoTime } from '../core/iso-time.ts';

/**
 * Refuses records with times that are none, or are not written as Date.toISOString writes them, so that the order of texts
 * is the order of times.
 * @throws ERR_REGISTRY_TIME for the first
 */
export function requireTimes(
  kind: string,
  named: readonly (readonly [subject: string, time: string])[],
): void {
  for (const [subject, time] of named) {
    if (isoTime(time) !== time) throw new AssayerError('ERR_REGISTRY_TIME', { kind, subject, time });
  }
}
