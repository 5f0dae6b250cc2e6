import { AssayerError } from '../core/errors.ts';
import { identity } from '../core/hash.ts';
import type { Refusal } from '../core/ports.ts';
import { checkK } from '../core/search-arguments.ts';
import type { WrittenFile } from '../store/hashed-file.ts';
import { createTableWriter, type OutputFormat } from '../store/table-writer.ts';
import { requireDistinctFiles } from './distinct-files.ts';
import type { Engine } from './engine.ts';
import type { FlowOptions } from './index-build.ts';
import { requireComparable } from './index-fit.ts';
import {
  compoundContent,
  compoundRows,
  type FingerprintSource,
  type IndexInput,
  openSource,
  type SourceBatch,
} from './index-source.ts';
import type { Neighbor, Question } from './neighbors-answer.ts';
import { chooseMetric, type MetricChoice, thresholdOf } from './neighbors-options.ts';
import { type AnsweredQuery, NEIGHBOR_COLUMNS, writeNeighbors } from './neighbors-table.ts';
import { NeighborSearch } from './open-index.ts';

/** Who asks: the rows of a source, SMILES given in the call, or the index's own rows. */
export type QueryInput =
  | { readonly kind: 'source'; readonly input: IndexInput }
  | { readonly kind: 'smiles'; readonly smiles: readonly string[] }
  | { readonly kind: 'self' };

export interface NeighborsRequest extends MetricChoice {
  /** Folder of the index. */
  readonly index: string;
  readonly queries: QueryInput;
  readonly question: Question;
  /** Path of the output, or `-` for standard output. */
  readonly output: string;
}

/** What a search did. */
export interface NeighborsSummary {
  readonly index: { readonly path: string; readonly sha256: string; readonly rows: number };
  readonly backend: string;
  /** Why the backends before it in the list were not used. */
  readonly refusals: readonly Refusal[];
  readonly queries: number;
  readonly rejected: number;
  /** Neighbours found, of all queries together. */
  readonly neighbors: number;
  /** Accepted queries without one. */
  readonly without: number;
  readonly columnsChosen: string | null;
  readonly output: WrittenFile & { readonly path: string; readonly format: OutputFormat };
}

/** Most neighbours that one call may find, so that its answer fits into memory: some 300 MB. */
const HITS_PER_CALL = 2 ** 21;

/**
 * Neighbours of every query, as a table. It appears under its name only when it is whole; equal index, queries and
 * question give equal bytes.
 * @throws ERR_USAGE, ERR_INDEX_*, ERR_INPUT_*, ERR_FINGERPRINT_MISMATCH, ERR_OUTPUT_*, ERR_NO_BACKEND,
 *   ERR_OUT_OF_MEMORY, ERR_CANCELLED
 */
export async function findNeighbors(
  engine: Engine,
  request: NeighborsRequest,
  { signal, onProgress }: FlowOptions = {},
): Promise<NeighborsSummary> {
  checkQuestion(request);
  const { queries: asked } = request;
  const inputs = asked.kind === 'source' ? [asked.input.path, asked.input.idsFile] : [];
  requireDistinctFiles([...inputs, request.output]);
  requireDistinctFiles([request.index, request.output]);
  await using index = await NeighborSearch.open(engine, request.index, { ...(signal && { signal }) });
  await using queries = await openQueries(engine, index, request.queries, signal);
  requireComparable(queries, index);
  const work = {
    schema: 'assayer.neighbors/1',
    index: index.sha256,
    queries: queries.sha256,
    question: request.question,
    metric: chooseMetric(request),
  };
  await using output = await createTableWriter(request.output, NEIGHBOR_COLUMNS, {
    metadata: { 'assayer.work': JSON.stringify(work) },
    signal,
  });
  const counts = { queries: 0, rejected: 0, neighbors: 0, without: 0 };
  for await (const batch of queries.batches) {
    for await (const answered of answerBatch(index, batch, request, signal)) {
      await writeNeighbors(output, answered);
      for (const { reason, neighbors } of answered) {
        counts.neighbors += neighbors.length;
        counts.queries++;
        if (reason !== null) counts.rejected++;
        else if (neighbors.length === 0) counts.without++;
      }
      onProgress?.(counts.queries, queries.share(counts.queries));
    }
  }
  const written = await output.finish();
  return {
    index: { path: index.path, sha256: index.sha256, rows: index.size },
    backend: index.backend,
    refusals: index.refusals,
    ...counts,
    columnsChosen: queries.how,
    output: { ...written, path: request.output, format: output.format },
  };
}

/** Answers of a batch, in the order of its rows, in pieces whose neighbours fit into memory. */
async function* answerBatch(
  index: NeighborSearch,
  { rows, numbers, rejected }: SourceBatch,
  request: NeighborsRequest,
  signal?: AbortSignal,
): AsyncGenerator<AnsweredQuery[]> {
  const refused: AnsweredQuery[] = rejected.row.map((row, i) => ({
    row,
    id: rejected.id[i],
    reason: rejected.reason[i],
    neighbors: [],
  }));
  const step = queriesPerCall(request.question, index.size);
  for (let from = 0; from < rows.count; from += step) {
    const to = Math.min(rows.count, from + step);
    const fingerprints = rows.fingerprints.subarray(from * index.rowBytes, to * index.rowBytes);
    const asked = numbers.slice(from, to);
    const found = await ask(index, fingerprints, asked, request, signal);
    const answered = found.map((neighbors, i) => ({
      row: asked[i],
      id: rows.ids[from + i],
      reason: null,
      neighbors,
    }));
    const next = to < rows.count ? numbers[to] : Number.POSITIVE_INFINITY;
    const due = refused.filter(({ row }) => row < next);
    refused.splice(0, due.length);
    yield [...answered, ...due].sort((a, b) => a.row - b.row);
  }
  if (refused.length > 0) yield refused;
}

/** Asks with some queries. Rows of the index itself are not their own neighbours. */
async function ask(
  index: NeighborSearch,
  fingerprints: Uint8Array,
  rows: readonly number[],
  { queries, question, metric, alpha, beta }: NeighborsRequest,
  signal?: AbortSignal,
): Promise<Neighbor[][]> {
  const options = {
    ...(metric && { metric }),
    ...(alpha !== undefined && { alpha }),
    ...(beta !== undefined && { beta }),
    ...(signal && { signal }),
  };
  if (queries.kind !== 'self') return await index.ask(fingerprints, question, options);
  // One more than asked for: either the row itself is among them, or the last one is too many.
  const wide: Question = question.kind === 'nearest' ? { kind: 'nearest', k: question.k + 1 } : question;
  const found = await index.ask(fingerprints, wide, options);
  return found.map((neighbors, i) => {
    const others = neighbors.filter(({ row }) => row !== rows[i]);
    return question.kind === 'nearest' ? others.slice(0, question.k) : others;
  });
}

function queriesPerCall(question: Question, size: number): number {
  const most = question.kind === 'nearest' ? Math.min(question.k + 1, size) : size;
  return Math.max(1, Math.floor(HITS_PER_CALL / Math.max(1, most)));
}

/** What does not need the index to be refused. @throws ERR_USAGE */
function checkQuestion(request: NeighborsRequest): void {
  chooseMetric(request);
  const { question, queries } = request;
  if (question.kind === 'within') thresholdOf(question.threshold);
  else checkK(question.k);
  if (queries.kind === 'smiles' && queries.smiles.length === 0) {
    throw new AssayerError('ERR_USAGE', { problem: 'There are no queries. Give at least one SMILES.' });
  }
}

async function openQueries(
  engine: Engine,
  index: NeighborSearch,
  queries: QueryInput,
  signal?: AbortSignal,
): Promise<FingerprintSource> {
  switch (queries.kind) {
    case 'self':
      return index.asSource(signal);
    case 'source':
      return await openSource(engine, queries.input, signal);
    case 'smiles':
      return openSmiles(engine, queries.smiles, signal);
  }
}

/** SMILES given in the call; each is its own id. */
function openSmiles(engine: Engine, smiles: readonly string[], signal?: AbortSignal): FingerprintSource {
  async function* batches(): AsyncGenerator<SourceBatch> {
    await using featurizer = await engine.createFeaturizer();
    const features = await featurizer.featurize(smiles, { ...(signal && { signal }) });
    const compounds = { rows: smiles.map((_, i) => i), ids: smiles, inputs: smiles };
    yield compoundRows({ compounds, features });
  }
  return {
    kind: 'compounds',
    path: 'the given SMILES',
    content: compoundContent(engine.contract),
    sha256: identity(smiles),
    how: null,
    batches: batches(),
    share: (rows) => rows / smiles.length,
    [Symbol.asyncDispose]: async () => {},
  };
}
