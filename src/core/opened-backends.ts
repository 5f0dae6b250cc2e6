import type { Backend } from './backend.ts';
import { AssayerError } from './errors.ts';
import { checkBackend } from './self-check.ts';

/** Backends that hold a device: each is opened once in a process, and checked before its first use. */
export class OpenedBackends {
  readonly #exact: () => Promise<Pick<Backend, 'ops'>>;
  readonly #opened = new Map<string, Promise<Backend>>();

  /** @param exact what answers are compared with */
  constructor(exact: () => Promise<Pick<Backend, 'ops'>>) {
    this.#exact = exact;
  }

  /**
   * The backend that was opened under this key before, or a new one. What failed to open is tried anew the next time.
   * @throws ERR_BACKEND_WRONG, ERR_BACKEND_LOST, and as `open`
   */
  async open(key: string, open: () => Promise<Backend>): Promise<Backend> {
    let opening = this.#opened.get(key);
    if (!opening) {
      opening = open().then(async (backend) => checkBackend(backend, await this.#exact()));
      this.#opened.set(key, opening);
      opening.catch(() => this.#opened.delete(key));
    }
    const backend = await opening;
    if (backend.lost) throw new AssayerError('ERR_BACKEND_LOST', { backend: backend.name });
    return backend;
  }
}
