import { runOnFirst } from '../core/backend.ts';
import { AssayerError } from '../core/errors.ts';
import type { SearchIndex } from '../core/ops.ts';
import type { Featurizer, Refusal } from '../core/ports.ts';
import { type IndexFolder, openIndexFolder } from '../store/index-folder.ts';
import type { IndexContent } from '../store/index-manifest.ts';
import type { Engine } from './engine.ts';
import { requireComparable } from './index-fit.ts';
import { compoundContent, compoundRows, type FingerprintSource } from './index-source.ts';
import { askIndex, type Neighbor, type QueryOptions, type Question } from './neighbors-answer.ts';

/** What a query found: its neighbours, most similar first, or why it was refused. */
export interface QueryAnswer {
  /** null where the query could be used, else the reason as in a rejected row. */
  readonly reason: string | null;
  readonly neighbors: readonly Neighbor[];
}

/**
 * Queries: SMILES, or packed fingerprints of the index's own kind, uint8 [n, rowBytes]: bit k of a row is
 * `(bytes[k >> 3] >> (k & 7)) & 1`, and bits past the length are zero.
 */
export type Queries = readonly string[] | Uint8Array;

/** An index laid out for search; disposal frees its memory and its threads. */
export class NeighborSearch implements AsyncDisposable {
  readonly path: string;
  /** Identity of the index. */
  readonly sha256: string;
  /** Rows that can be found. */
  readonly size: number;
  /** Bytes of a packed fingerprint. */
  readonly rowBytes: number;
  /** What its fingerprints are. */
  readonly content: IndexContent;
  /** The backend that searches, and why those before it in the list do not. */
  readonly backend: string;
  readonly refusals: readonly Refusal[];
  readonly #engine: Engine;
  readonly #folder: IndexFolder;
  readonly #search: SearchIndex;
  readonly #idOf: (row: number) => string;
  readonly #resources: AsyncDisposableStack;
  #featurizer: Promise<Featurizer> | null = null;

  private constructor(
    engine: Engine,
    folder: IndexFolder,
    search: SearchIndex,
    idOf: (row: number) => string,
    used: { readonly backend: string; readonly refusals: readonly Refusal[] },
    resources: AsyncDisposableStack,
  ) {
    this.path = folder.path;
    this.sha256 = folder.sha256;
    this.size = folder.rows.liveSize;
    this.rowBytes = folder.rows.rowBytes;
    this.content = folder.manifest.content;
    this.backend = used.backend;
    this.refusals = used.refusals;
    this.#engine = engine;
    this.#folder = folder;
    this.#search = search;
    this.#idOf = idOf;
    this.#resources = resources;
  }

  /**
   * Opens an index and lays it out for search on the first backend that can. Every byte is checked first.
   * @throws ERR_INDEX_NOT_FOUND, ERR_INDEX_CORRUPT, ERR_INDEX_VERSION, ERR_NO_BACKEND, ERR_OUT_OF_MEMORY, ERR_CANCELLED
   */
  static async open(
    engine: Engine,
    path: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<NeighborSearch> {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(await openIndexFolder(path, { signal }));
    const { rows } = folder;
    const references = {
      fingerprints: await rows.fingerprints(signal),
      bits: rows.rowBytes * 8,
      ...(rows.tombstones && { tombstones: rows.tombstones }),
    };
    const {
      result: search,
      backend,
      refusals,
    } = await runOnFirst('search', engine.backends, (run) => run(references, { ...(signal && { signal }) }));
    opened.use(search);
    const ids = await rows.texts('id', signal);
    const used = { backend: backend.name, refusals };
    return new NeighborSearch(engine, folder, search, (row) => ids.get(row), used, opened.move());
  }

  /**
   * The k most similar rows to each query; fewer where the index holds fewer. Among equal similarities the order is the
   * index's: fewer set bits first, then the one added first.
   * @returns one answer for each query
   * @throws ERR_USAGE, ERR_FINGERPRINT_MISMATCH, ERR_OUT_OF_MEMORY, ERR_CANCELLED
   */
  nearest(queries: Queries, k: number, options: QueryOptions = {}): Promise<QueryAnswer[]> {
    return this.#answer(queries, { kind: 'nearest', k }, options);
  }

  /**
   * Every row at least this similar to each query, in the same order.
   * @param threshold  0 to 1, at most four decimals
   * @throws as nearest
   */
  within(queries: Queries, threshold: number, options: QueryOptions = {}): Promise<QueryAnswer[]> {
    return this.#answer(queries, { kind: 'within', threshold }, options);
  }

  /** Asks with packed fingerprints. */
  ask(fingerprints: Uint8Array, question: Question, options: QueryOptions = {}): Promise<Neighbor[][]> {
    return askIndex(this.#search, this.#idOf, fingerprints, question, options);
  }

  /** The index's own rows as queries; `numbers` are their rows in it. */
  asSource(signal?: AbortSignal): FingerprintSource {
    const live = this.#folder.rows.live(SELF_BATCH_ROWS, signal);
    const { path, content, sha256, size } = this;
    async function* batches() {
      const rejected = { row: [], id: [], input: [], reason: [] };
      for await (const rows of live) yield { rows, numbers: rows.rows, rejected };
    }
    return {
      kind: 'index',
      path,
      content,
      sha256,
      how: null,
      batches: batches(),
      share: (rows) => rows / size,
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #answer(queries: Queries, question: Question, options: QueryOptions): Promise<QueryAnswer[]> {
    requireOpen(this.#resources);
    requireQueries(queries);
    if (queries instanceof Uint8Array) {
      const found = await this.ask(queries, question, options);
      return found.map((neighbors) => ({ reason: null, neighbors }));
    }
    const content = compoundContent(this.#engine.contract);
    requireComparable({ path: 'the queries', content }, this);
    this.#featurizer ??= this.#engine.createFeaturizer().then((made) => this.#resources.use(made));
    const featurizer = await this.#featurizer;
    const { signal } = options;
    const features = await featurizer.featurize(queries, { ...(signal && { signal }) });
    const compounds = { rows: queries.map((_, i) => i), ids: queries, inputs: queries };
    const found = await this.ask(compoundRows({ compounds, features }).rows.fingerprints, question, options);
    const accepted = found.values();
    return features.reasons.map((reason) => ({
      reason,
      neighbors: reason === null ? (accepted.next().value ?? []) : [],
    }));
  }
}

const SELF_BATCH_ROWS = 4096;

function requireOpen(resources: AsyncDisposableStack): void {
  if (!resources.disposed) return;
  throw new AssayerError('ERR_USAGE', { problem: 'This index was closed. Open it again.' });
}

/** Callers of the library may be plain JavaScript: what is no query must not become a rejected compound. */
function requireQueries(queries: unknown): void {
  if (queries instanceof Uint8Array) return;
  if (Array.isArray(queries) && queries.every((query) => typeof query === 'string')) return;
  const problem = 'Queries are an array of SMILES, or a Uint8Array of packed fingerprints.';
  throw new AssayerError('ERR_USAGE', { problem });
}
