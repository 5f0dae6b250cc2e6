import { fsyncSync } from 'node:fs';
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayerError, describeCause } from '../core/errors.ts';
import { databaseError } from './database-error.ts';
import { WireServer } from './wire-server.ts';

/** Says that the folder beside it was made to its end: one that was cut off holds no record yet, and is made anew. */
const MADE = 'data.made';

/**
 * Without `-F`, and with fsync instead of fdatasync, which Emscripten drops without a word: a commit is on the disk when
 * it is answered.
 */
const DURABLE = ['-c', 'wal_sync_method=fsync'];

/**
 * Opens the embedded Postgres of a folder and serves it on a socket. Only the holder of the folder's lock may.
 * Takes 280 to 750 MB of memory.
 * @param folder exists already
 * @throws ERR_REGISTRY_STORAGE, ERR_REGISTRY_FAILED
 */
export async function servePglite(folder: string, socket: string): Promise<AsyncDisposable> {
  const { PGlite } = await import('@electric-sql/pglite');
  const data = join(folder, 'data');
  const made = join(folder, MADE);
  try {
    await using stack = new AsyncDisposableStack();
    const isNew = (await stat(made).catch(() => null)) === null;
    if (isNew) {
      await rm(data, { recursive: true, force: true });
      await mkdir(data);
    }
    const database = await PGlite.create(data, {
      startParams: [...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'), ...DURABLE],
    });
    stack.defer(async () => {
      // After a failure of its own, closing fails too; what is on the disk is whole, and the next one opens that.
      await database.close().catch(() => undefined);
    });
    syncFiles(database.Module);
    if (isNew) {
      // What initdb wrote before files were synced; without it a power cut could leave a marked but broken folder.
      await database.exec('checkpoint');
      await using handle = await open(made, 'w');
      await handle.sync();
    }
    await rm(socket, { force: true });
    const session = {
      execute: (messages: Uint8Array) => database.execProtocolRaw(messages, { syncToFs: false }),
    };
    stack.use(await WireServer.listen(session, socket));
    const held = stack.move();
    return { [Symbol.asyncDispose]: () => held.disposeAsync() };
  } catch (cause) {
    throw await startError(folder, cause);
  }
}

/** Emscripten's node file system has no fsync; Postgres asks for it after every commit and checkpoint. */
function syncFiles(module: { FS: unknown }): void {
  const { filesystems } = module.FS as {
    filesystems: { NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => void } } };
  };
  filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => fsyncSync(nfd);
}

/** Embedded Postgres that cannot start seldom says why; a segment of its log is the least that it needs. */
const LEAST_FREE_BYTES = 16 * 2 ** 20;

async function startError(folder: string, cause: unknown): Promise<Error> {
  const error = databaseError(folder, cause);
  if (!(error instanceof AssayerError) || error.code !== 'ERR_REGISTRY_FAILED') return error;
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < LEAST_FREE_BYTES) {
    const problem = `its disk is full (${describeCause(cause)})`;
    return new AssayerError('ERR_REGISTRY_STORAGE', { path: folder, problem }, { cause });
  }
  const problem = `its files cannot be opened (${describeCause(cause)})`;
  return new AssayerError('ERR_REGISTRY_FAILED', { path: folder, problem }, { cause });
}
