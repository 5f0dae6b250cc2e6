import { createServer, type Server, type Socket } from 'node:net';

/** A connection that leaves a transaction open and says nothing for this long is closed, since all others wait for it. */
const SILENCE_MS = 60_000;
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;

/** What answers the messages: one session, which all connections share. */
export interface Session {
  execute(messages: Uint8Array): Promise<Uint8Array>;
}

interface Connection {
  readonly socket: Socket;
  started: boolean;
  pending: Buffer;
  /** Messages that belong together: a simple query, or an extended one up to its Sync. */
  readonly units: Uint8Array[];
  silence?: NodeJS.Timeout;
}

/**
 * Serves one database session to many connections by the Postgres protocol, on a Unix socket.
 *
 * The session has one unnamed statement and one transaction. So messages are run in whole units, and while a connection
 * has a transaction open only its units run; when it ends, its transaction is rolled back. Named statements and COPY are
 * not for connections that share a session.
 */
export class WireServer implements AsyncDisposable {
  readonly #session: Session;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #waiting: Connection[] = [];
  #holder: Connection | null = null;
  #working: Promise<void> | null = null;
  #failed = false;

  private constructor(session: Session) {
    this.#session = session;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** @throws a system error, as it came, where the socket cannot be made */
  static async listen(session: Session, path: string): Promise<WireServer> {
    const server = new WireServer(session);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(path, resolve);
    });
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#connections) socket.destroy();
    await closed;
    await this.#working;
  }

  #accept(socket: Socket): void {
    const connection: Connection = { socket, started: false, pending: Buffer.alloc(0), units: [] };
    this.#connections.add(connection);
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#read(connection, data as Buffer));
    socket.on('error', () => socket.destroy()); // 'close' follows, and ends what it had begun
    socket.on('close', () => this.#forget(connection));
    if (this.#failed) socket.destroy();
  }

  #read(connection: Connection, data: Buffer): void {
    clearTimeout(connection.silence);
    connection.pending = connection.pending.length > 0 ? Buffer.concat([connection.pending, data]) : data;
    while (!connection.started) if (!this.#start(connection)) return;
    let done = 0;
    let unit = 0;
    const { pending } = connection;
    while (pending.length - done >= 5) {
      const end = done + 1 + pending.readUInt32BE(done + 1);
      if (end > pending.length) break;
      const type = String.fromCharCode(pending[done]);
      done = end;
      if (type === 'X') {
        connection.socket.end();
        return;
      }
      if (type !== 'Q' && type !== 'S') continue;
      connection.units.push(new Uint8Array(pending.subarray(unit, end)));
      unit = end;
      if (!this.#waiting.includes(connection)) this.#waiting.push(connection);
    }
    connection.pending = pending.subarray(unit);
    this.#work();
  }

  /** Takes one message of the start of a connection. @returns false where it is not there whole */
  #start(connection: Connection): boolean {
    const { pending, socket } = connection;
    if (pending.length < 8 || pending.length < pending.readUInt32BE(0)) return false;
    const code = pending.readUInt32BE(4);
    connection.pending = pending.subarray(pending.readUInt32BE(0));
    if (code === SSL_REQUEST || code === GSS_REQUEST) socket.write('N');
    else if (code === CANCEL_REQUEST) socket.destroy();
    else {
      connection.started = true;
      socket.write(GREETING);
    }
    return true;
  }

  #work(): void {
    if (this.#working) return;
    this.#working = this.#runUnits().finally(() => {
      this.#working = null;
    });
  }

  async #runUnits(): Promise<void> {
    for (let next = this.#next(); next; next = this.#next()) {
      const unit = next.units.shift() as Uint8Array;
      if (next.units.length > 0) this.#waiting.push(next);
      let answer: Uint8Array;
      try {
        answer = await this.#session.execute(unit);
      } catch {
        this.#fail();
        return;
      }
      // The last message of an answer is ReadyForQuery, and its last byte says whether a transaction is open.
      const open = answer[answer.length - 1] !== 'I'.charCodeAt(0);
      this.#holder = open ? next : null;
      if (next.socket.destroyed) await this.#rollBack(next);
      else next.socket.write(answer);
      if (open && next.units.length === 0) {
        next.silence = setTimeout(() => next.socket.destroy(), SILENCE_MS).unref();
      }
    }
  }

  #next(): Connection | undefined {
    if (this.#failed) return undefined;
    const i = this.#holder ? this.#waiting.indexOf(this.#holder) : 0;
    return i < 0 ? undefined : this.#waiting.splice(i, 1)[0];
  }

  #forget(connection: Connection): void {
    clearTimeout(connection.silence);
    this.#connections.delete(connection);
    connection.units.length = 0;
    const i = this.#waiting.indexOf(connection);
    if (i >= 0) this.#waiting.splice(i, 1);
    if (this.#holder !== connection || this.#failed) return;
    // Where a unit of it is running, `#runUnits` rolls back after it.
    this.#working ??= this.#rollBack(connection)
      .then(() => this.#runUnits())
      .finally(() => {
        this.#working = null;
      });
  }

  async #rollBack(connection: Connection): Promise<void> {
    if (this.#holder !== connection) return;
    try {
      await this.#session.execute(ROLLBACK);
      this.#holder = null;
    } catch {
      this.#fail();
    }
  }

  /** The session does not answer any more: every connection is told by being closed. */
  #fail(): void {
    this.#failed = true;
    for (const { socket } of this.#connections) socket.destroy();
  }
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** AuthenticationOk, the settings that a client reads its answers by, ReadyForQuery. */
const GREETING = Buffer.concat([
  message('R', Buffer.alloc(4)),
  ...[
    'server_version\x0018.6\0',
    'server_encoding\0UTF8\0',
    'client_encoding\0UTF8\0',
    'standard_conforming_strings\0on\0',
    'integer_datetimes\0on\0',
    'DateStyle\0ISO, MDY\0',
  ].map((setting) => message('S', Buffer.from(setting))),
  message('Z', Buffer.from('I')),
]);
const ROLLBACK = new Uint8Array(message('Q', Buffer.from('rollback\0')));
