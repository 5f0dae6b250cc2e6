import type { BundleEntry } from '../../core/bundle.ts';
import { contractHash } from '../../core/contract.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { parseMonitorPolicy } from '../../core/monitor-policy.ts';
import { parseReleasePolicy } from '../../core/release-policy.ts';
import { ARTIFACT_FILES } from '../../store/artifact-folder.ts';

/** What an endpoint and a version may be called, since folders are named so. */
const ENDPOINT = /^[a-z0-9][a-z0-9-]{0,63}$/;
const VERSION = /^[1-9]\d{0,8}$/;
const ARTIFACT_NAMES: readonly string[] = [
  ARTIFACT_FILES.card,
  ARTIFACT_FILES.model,
  ARTIFACT_FILES.reference,
];

/**
 * Refuses an entry that contradicts itself, whoever signed it: an artifact whose description is not that of its manifest, a
 * file that is not the one its manifest names, a card of another artifact, a policy that no engine would have read.
 * @throws ERR_BUNDLE naming the entry
 */
export function requireSound(path: string, entry: BundleEntry, files: ReadonlyMap<string, Uint8Array>): void {
  const refuse = (problem: string, cause?: unknown): never => {
    const named = `entry ${entry.kind} ${entry.name}: ${problem}`;
    throw new AssayerError('ERR_BUNDLE', { path, problem: named }, { cause });
  };
  if (entry.kind !== 'artifact' && entry.files.length > 0) refuse('it has files, and its kind has none');
  try {
    if (entry.kind === 'policy') parseMonitorPolicy(entry.body.policy, path);
    if (entry.kind === 'release-policy') parseReleasePolicy(JSON.stringify(entry.body.policy), path);
  } catch (cause) {
    refuse(describeCause(cause), cause);
  }
  if (entry.kind === 'definition' && !ENDPOINT.test(entry.body.definition.endpoint.id))
    refuse(`${entry.body.definition.endpoint.id} is no name of an endpoint`);
  if (entry.kind !== 'artifact') return;
  const { manifest, endpoint, version, contract, dataset, trainer } = entry.body;
  if (!ENDPOINT.test(endpoint) || !VERSION.test(version)) refuse('it has no name that a folder can have');
  const pairs: Readonly<Record<string, readonly [string, string]>> = {
    name: [entry.name, `${endpoint}@${version}`],
    endpoint: [endpoint, manifest.endpoint.id],
    version: [version, manifest.version],
    contract: [contract, manifest.contractHash],
    'feature contract': [manifest.contractHash, contractHash(manifest.contract)],
    dataset: [dataset, manifest.dataset.hash],
    trainer: [trainer, manifest.trainer.name],
    hash: [manifest.hash, entry.hash],
  };
  for (const [name, [said, is]] of Object.entries(pairs)) {
    if (said !== is) refuse(`its ${name} is ${said}, and its manifest says ${is}`);
  }
  for (const file of entry.files) {
    if (!ARTIFACT_NAMES.includes(file.name)) refuse(`it has a file ${file.name}, which no artifact has`);
    const expected = manifest.files[file.name] ?? file.sha256;
    if (expected !== file.sha256) refuse(`its ${file.name} has hash ${file.sha256}, not ${expected}`);
  }
  const names = entry.files.map(({ name }) => name);
  const isWhole = ARTIFACT_NAMES.every((name) => names.includes(name));
  if (names.join() !== ARTIFACT_FILES.card && !(isWhole && names.length === ARTIFACT_NAMES.length))
    refuse(`it has ${names.join(', ') || 'no file'}: a card alone or an artifact whole is expected`);
  const card = entry.files.find(({ name }) => name === ARTIFACT_FILES.card);
  const text = Buffer.from(files.get(card?.sha256 ?? '') ?? []).toString('utf8');
  if (!text.includes(entry.hash)) refuse('its card is that of another artifact');
}
