import { createPublicKey, type KeyObject } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  BUNDLE_KINDS,
  type Bundle,
  type BundleEntry,
  type BundleFile,
  contentHash,
  sealOf,
  type UnsignedBundle,
} from '../../core/bundle.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { fingerprint, type Keys, requireSigned, signValue } from '../../registry/keys.ts';
import { inputError } from '../../store/file-error.ts';
import { openOutput } from '../../store/output-file.ts';

/**
 * A bundle on the disk:
 *
 *     assayer.bundle/1 <bytes of the index>\n
 *     <index, JSON>\n
 *     <the files of the entries, one after the other in the order of the index, each hash once>
 */
const MAGIC = 'assayer.bundle/1';
/** Longest first line, and longest index, that are taken for those of a bundle. */
const MOST_HEAD_BYTES = 64;
const MOST_INDEX_BYTES = 256 << 20;
const MOST_FILE_BYTES = 1 << 30;

/** An index with its signature. */
export function signBundle(unsigned: UnsignedBundle, own: KeyObject): Bundle {
  return { ...unsigned, signature: signValue(own, unsigned) };
}

/** The public key as a bundle holds it. */
export function publicKeyText(own: KeyObject): string {
  return createPublicKey(own).export({ type: 'spki', format: 'der' }).toString('base64');
}

/**
 * Writes a bundle, which appears as a whole or not at all.
 * @param contentOf  bytes of a file by its hash
 * @throws ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED, what `contentOf` throws
 */
export async function writeBundle(
  path: string,
  bundle: Bundle,
  contentOf: (hash: string) => Promise<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const index = Buffer.from(JSON.stringify(bundle));
  await using output = await openOutput(path, signal);
  await output.write(Buffer.from(`${MAGIC} ${index.length}\n`));
  await output.write(index);
  await output.write(Buffer.from('\n'));
  for (const { sha256: hash } of distinctFiles(bundle.entries)) await output.write(await contentOf(hash));
  await output.commit();
}

/** A bundle that was checked whole: signature, seals, identities, and every file's hash. */
export interface ReadBundle {
  readonly bundle: Bundle;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a bundle and checks all of it.
 * @param keys   whom the workspace trusts
 * @param trust  fingerprint of a key that is trusted for this bundle, since its owner confirmed it; null for none
 * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_BUNDLE naming the entry that is damaged, ERR_KEY_UNKNOWN,
 *   ERR_SIGNATURE
 */
export async function readBundle(path: string, keys: Keys, trust: string | null): Promise<ReadBundle> {
  const refuse: Refuse = (problem, cause) => {
    throw new AssayerError('ERR_BUNDLE', { path, problem }, { cause });
  };
  await using handle = await open(path, 'r').catch((cause: unknown) => {
    throw inputError(path, cause);
  });
  try {
    const { size } = await handle.stat();
    const { bundle, end } = await readIndex(handle, size, refuse);
    checkSignature(path, bundle, keys, trust, refuse);
    return { bundle, files: await readFiles(handle, bundle.entries, end, size, refuse) };
  } catch (cause) {
    throw inputError(path, cause);
  }
}

type Refuse = (problem: string, cause?: unknown) => never;

async function readIndex(
  handle: FileHandle,
  size: number,
  refuse: Refuse,
): Promise<{ bundle: Bundle; end: number }> {
  const head = await readAt(handle, 0, Math.min(MOST_HEAD_BYTES, size));
  const line = head.subarray(0, head.indexOf(10) + 1);
  const length = Number(/^assayer\.bundle\/1 ([1-9]\d{0,9})\n$/.exec(line.toString('latin1'))?.[1]);
  if (!(length <= MOST_INDEX_BYTES)) refuse(`it does not begin with "${MAGIC}" and the length of its index`);
  const end = line.length + length + 1;
  const whole = await readAt(handle, line.length, Math.min(length + 1, size - line.length));
  // An index is one line: where it ends elsewhere than it says it was edited, and its entries tell where.
  const isAsLong = whole.indexOf(10) === length;
  const rest = isAsLong
    ? whole
    : await readAt(handle, line.length, Math.min(size - line.length, MOST_INDEX_BYTES));
  const ends = rest.indexOf(10);
  if (ends < 0) refuse(`it is cut short inside its index${lastNamed(rest.toString('utf8'))}`);
  const text = rest.subarray(0, ends).toString('utf8');
  let bundle: Bundle;
  try {
    bundle = JSON.parse(text) as Bundle;
  } catch (cause) {
    return refuse(`its index is no JSON (${describeCause(cause)})`, cause);
  }
  if (!isIndex(bundle)) return refuse('its index is not that of a bundle');
  for (const entry of bundle.entries) checkEntry(entry, refuse);
  // One bundle has one form, so that no byte of it can be another.
  const signature = Buffer.from(bundle.signature, 'base64').toString('base64');
  if (!isAsLong || JSON.stringify(bundle) !== text || signature !== bundle.signature)
    return refuse('its index was written by something else than Assayer');
  return { bundle, end };
}

/** The last entry that a text of an index names; '' where it names none. */
function lastNamed(text: string): string {
  const found = [...text.matchAll(/"kind":"([\w-]+)","name":"([^"\\]*)"/g)].at(-1);
  return found ? `, in or after entry ${found[1]} ${found[2]}` : '';
}

function isIndex(bundle: Bundle | null): boolean {
  const texts = [bundle?.engine, bundle?.time, bundle?.key, bundle?.publicKey, bundle?.signature];
  return (
    bundle?.schema === MAGIC &&
    texts.every((text) => typeof text === 'string') &&
    Array.isArray(bundle.entries) &&
    bundle.entries.every(isEntry)
  );
}

function isEntry(entry: BundleEntry | null): boolean {
  const texts = [entry?.kind, entry?.name, entry?.hash, entry?.seal];
  return (
    texts.every((text) => typeof text === 'string') &&
    Array.isArray(entry?.files) &&
    entry.files.every(isFile)
  );
}

/** A name that leads nowhere else, and a size that can be read. */
function isFile({ name, sha256: hash, sizeBytes }: BundleFile): boolean {
  return (
    /^[\w.-]+$/.test(name) &&
    !name.startsWith('.') &&
    /^[0-9a-f]{64}$/.test(hash) &&
    Number.isInteger(sizeBytes) &&
    sizeBytes >= 0 &&
    sizeBytes <= MOST_FILE_BYTES
  );
}

/** The seal says whether the entry was edited, the hash whether it is what it says it is. */
function checkEntry(entry: BundleEntry, refuse: Refuse): void {
  const named = `entry ${entry.kind} ${entry.name}`;
  if (!(BUNDLE_KINDS as readonly string[]).includes(entry.kind)) {
    refuse(`${named} is of a kind that this version of Assayer does not know`);
  }
  if (sealOf(entry) !== entry.seal) refuse(`${named} was changed after it was written`);
  const actual = (() => {
    try {
      return contentHash(entry);
    } catch (cause) {
      return refuse(`${named} is not of the form of its kind`, cause);
    }
  })();
  if (actual !== entry.hash) refuse(`${named} has the hash ${actual}, and says ${entry.hash}`);
}

function checkSignature(
  path: string,
  { signature, ...unsigned }: Bundle,
  keys: Keys,
  trust: string | null,
  refuse: Refuse,
): void {
  const key = publicKeyOf(unsigned.publicKey, refuse);
  const actual = fingerprint(key);
  if (actual !== unsigned.key) refuse(`its key has the fingerprint ${actual}, and it says ${unsigned.key}`);
  const trusted = new Map(keys.trusted);
  if (trust === actual) trusted.set(actual, key);
  const what = trusted.has(actual)
    ? `bundle ${path}`
    : `bundle ${path} (if its sender confirms this fingerprint by another way: --trust ${actual})`;
  requireSigned({ ...keys, trusted }, what, unsigned, actual, signature);
}

function publicKeyOf(text: string, refuse: Refuse): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  } catch (cause) {
    return refuse('it holds no public key', cause);
  }
  return key.asymmetricKeyType === 'ed25519' ? key : refuse('its key is not one of Ed25519');
}

async function readFiles(
  handle: FileHandle,
  entries: readonly BundleEntry[],
  from: number,
  size: number,
  refuse: Refuse,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let at = from;
  for (const { entry, name, sha256: hash, sizeBytes } of distinctFiles(entries)) {
    const named = `file ${name} of entry ${entry.kind} ${entry.name}`;
    if (at + sizeBytes > size) refuse(`it is cut short inside ${named}`);
    const bytes = await readAt(handle, at, sizeBytes);
    if (sha256(bytes) !== hash) refuse(`${named} was changed: its hash is ${sha256(bytes)}, not ${hash}`);
    files.set(hash, bytes);
    at += sizeBytes;
  }
  if (at !== size) refuse(`${size - at} bytes follow its last file`);
  return files;
}

/** Files in the order of the index, each hash once. */
function distinctFiles(entries: readonly BundleEntry[]): (BundleFile & { entry: BundleEntry })[] {
  const seen = new Set<string>();
  return entries
    .flatMap((entry) => entry.files.map((file) => ({ ...file, entry })))
    .filter((file) => seen.size !== seen.add(file.sha256).size);
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) return bytes.subarray(0, done);
    done += bytesRead;
  }
  return bytes;
}
