import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayerError, describeCause } from '../core/errors.ts';
import { canonicalJson } from '../core/hash.ts';
import { codeOf } from './database-error.ts';

/**
 * Keys of a workspace:
 *
 *     keys/registry.pem      its own Ed25519 key, readable by its user alone
 *     keys/trusted/*.pem     public keys of others, put there by a person
 */
export interface Keys {
  readonly own: KeyObject;
  /** Public keys, the own one too, by their fingerprint. */
  readonly trusted: ReadonlyMap<string, KeyObject>;
}

const OWN = 'registry.pem';

/**
 * Reads the keys of a workspace, and makes its own where there is none.
 * @param folder made where it is missing, in a folder that exists
 * @throws ERR_KEY where a file is no Ed25519 key, or others may read the own one; ERR_REGISTRY_STORAGE
 */
export async function openKeys(folder: string): Promise<Keys> {
  const path = join(folder, OWN);
  try {
    for (const each of [folder, join(folder, 'trusted')]) await makeFolder(each);
    if (!(await readdir(folder)).includes(OWN)) await makeKey(path);
    const own = await readOwn(path);
    const trusted = new Map([[fingerprint(createPublicKey(own)), createPublicKey(own)]]);
    for (const name of (await readdir(join(folder, 'trusted'))).sort()) {
      if (!name.endsWith('.pem')) continue;
      const file = join(folder, 'trusted', name);
      const key = parseKey(file, await readFile(file, 'utf8'), createPublicKey);
      trusted.set(fingerprint(key), key);
    }
    return { own, trusted };
  } catch (cause) {
    if (cause instanceof AssayerError) throw cause;
    throw new AssayerError(
      'ERR_REGISTRY_STORAGE',
      { path: folder, problem: describeCause(cause) },
      { cause },
    );
  }
}

/** SHA-256 of a public key's DER encoding, in hexadecimal. */
export function fingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/**
 * Signs a plain value.
 * @returns Base64 over its canonical JSON
 * @source RFC 8032 (Ed25519)
 */
export function signValue(own: KeyObject, value: unknown): string {
  return sign(null, Buffer.from(canonicalJson(value)), own).toString('base64');
}

/**
 * Checks a signature over a plain value.
 * @param what what is signed, for the message
 * @throws ERR_KEY_UNKNOWN where nobody here trusts the key, ERR_SIGNATURE where the value is not what was signed
 */
export function requireSigned(
  keys: Keys,
  what: string,
  value: unknown,
  key: string,
  signature: string,
): void {
  const known = keys.trusted.get(key);
  if (!known) throw new AssayerError('ERR_KEY_UNKNOWN', { what, key });
  if (!verify(null, Buffer.from(canonicalJson(value)), known, Buffer.from(signature, 'base64'))) {
    throw new AssayerError('ERR_SIGNATURE', { what, key });
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  });
}

/** Under a name of its own first: of two processes that make a key at once, both use that of the first. */
async function makeKey(path: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const temporary = `${path}.${randomUUID()}`;
  try {
    await using handle = await open(temporary, 'wx', 0o600);
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await handle.sync();
    await link(temporary, path).catch((cause: unknown) => {
      if (codeOf(cause) !== 'EEXIST') throw cause;
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readOwn(path: string): Promise<KeyObject> {
  await using handle = await open(path, 'r');
  const { mode } = await handle.stat();
  if ((mode & 0o077) !== 0) {
    const problem = `others may read it (mode ${(mode & 0o777).toString(8)}); chmod 600 it, and make a new one if they have`;
    throw new AssayerError('ERR_KEY', { path, problem });
  }
  return parseKey(path, await handle.readFile('utf8'), createPrivateKey);
}

function parseKey(path: string, pem: string, parse: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch (cause) {
    throw new AssayerError('ERR_KEY', { path, problem: 'it is no key in PEM' }, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new AssayerError('ERR_KEY', {
      path,
      problem: `it is a key for ${key.asymmetricKeyType}, not Ed25519`,
    });
  }
  return key;
}
