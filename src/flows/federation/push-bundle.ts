import { createPublicKey } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundleHash } from '../../core/bundle.ts';
import { AssayerError } from '../../core/errors.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { fingerprint, type Keys } from '../../registry/keys.ts';
import { readHead } from '../../registry/read-records.ts';
import type { Registry } from '../registry/open-registry.ts';
import { publicKeyText, signBundle, writeBundle } from './bundle-file.ts';
import { type CollectRequest, collectEntries, readCollected } from './collect-entries.ts';

export interface PushRequest extends CollectRequest {
  /** The bundle's path, or a folder that it gets a name in. */
  readonly to: string;
}

export interface PushSummary {
  readonly path: string;
  readonly bundle: Bundle;
  readonly hash: string;
}

/**
 * Writes what this registry shares as a signed bundle, and records that it went out.
 * @throws ERR_USAGE where there is nothing to share; what collectEntries and writeBundle throw
 */
export async function pushBundle(
  registry: Pick<Registry, 'engine' | 'database' | 'append'>,
  keys: Keys,
  request: PushRequest,
  signal?: AbortSignal,
): Promise<PushSummary> {
  const { engine, database } = registry;
  const { entries, sources } = await collectEntries(database, request);
  if (entries.length === 0) {
    const problem =
      'This registry holds no definition, contract or policy to share yet. Record a release or a policy first.';
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const { sequence, hash: last } = await readHead(database);
  const key = fingerprint(createPublicKey(keys.own));
  const bundle = signBundle(
    {
      schema: 'assayer.bundle/1',
      engine: ENGINE_VERSION,
      time: new Date(engine.clock.now()).toISOString(),
      key,
      publicKey: publicKeyText(keys.own),
      head: last === null ? null : { sequence, hash: last },
      entries,
    },
    keys.own,
  );
  const hash = bundleHash(bundle);
  const isFolder = await stat(request.to).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const path = isFolder ? join(request.to, `assayer-${hash.slice(0, 12)}.bundle`) : request.to;
  await writeBundle(path, bundle, (file) => readCollected(sources, file), signal);
  const records = entries.map((entry) => entry.hash);
  await registry.append([
    {
      kind: 'bundle',
      subject: hash,
      team: null,
      body: { direction: 'pushed', peer: key, records, conflicts: [] },
    },
  ]);
  return { path, bundle, hash };
}
