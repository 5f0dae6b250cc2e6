import { AssayerError } from '../core/errors.ts';

/**
 * Refuses a record that is named by another hash than that of its content.
 * @throws ERR_REGISTRY_HASH
 */
export function requireHash(kind: string, subject: string, actual: string): void {
  if (subject !== actual) throw new AssayerError('ERR_REGISTRY_HASH', { kind, subject, actual });
}
