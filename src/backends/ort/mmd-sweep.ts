import type ort from 'onnxruntime-node';
import { AssayerError } from '../../core/errors.ts';
import type { MmdKernel } from '../../core/mmd.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import { kernelInputs, type TileGraphs } from './mmd-graphs.ts';
import type { RowLabels } from './mmd-row-labels.ts';
import { cutLabels, cutTiles, rowNumbers, rowTerms, type Tile } from './mmd-tiles.ts';

/** Runs the graphs of one kernel over all pairs of tiles; K is symmetric, so half of them do. */
export class MmdSweep {
  readonly #problem: MmdProblem;
  readonly #kernel: MmdKernel;
  readonly #graphs: TileGraphs;
  readonly #tileRows: number;
  readonly #signal: AbortSignal | undefined;

  constructor(
    problem: MmdProblem,
    kernel: MmdKernel,
    graphs: TileGraphs,
    tileRows: number,
    signal: AbortSignal | undefined,
  ) {
    this.#problem = problem;
    this.#kernel = kernel;
    this.#graphs = graphs;
    this.#tileRows = tileRows;
    this.#signal = signal;
  }

  /** Row sums of K without its diagonal. float64 [N] */
  async sumRows(): Promise<Float64Array> {
    const rowSums = new Float64Array(this.#problem.shape.count);
    const tiles = cutTiles(this.#problem, this.#kernel, this.#tileRows, false);
    for (const [queries, targets] of this.#pairs(tiles)) {
      const { query_sums, target_sums } = await this.#graphs.rows.run(this.#inputs(queries, targets));
      addTo(rowSums, queries.start, query_sums, 1);
      if (queries !== targets) addTo(rowSums, targets.start, target_sums, 1);
    }
    return rowSums;
  }

  /** a'Ca of columns `from` to `to`. float64 [to - from] */
  async sumColumns(labels: RowLabels, terms: Float64Array, from: number, to: number): Promise<Float64Array> {
    const sums = new Float64Array(to - from);
    const tiles = cutTiles(this.#problem, this.#kernel, this.#tileRows, true);
    const cut = new Map(tiles.map((tile) => [tile, cutLabels(labels, tile, from, to)]));
    for (const [queries, targets] of this.#pairs(tiles)) {
      const { sums: part } = await this.#graphs.columns.run({
        ...this.#inputs(queries, targets),
        query_terms: rowTerms(terms, queries, 'queries'),
        target_terms: rowTerms(terms, targets, 'targets'),
        query_labels: cut.get(queries)!,
        target_labels: cut.get(targets)!,
      });
      addTo(sums, 0, part, queries === targets ? 1 : 2);
    }
    return sums;
  }

  /** Pairs of tiles on and above the diagonal. @throws ERR_CANCELLED */
  *#pairs(tiles: readonly Tile[]): Generator<[queries: Tile, targets: Tile]> {
    for (const [i, queries] of tiles.entries()) {
      for (const targets of tiles.slice(i)) {
        if (this.#signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
        yield [queries, targets];
      }
    }
  }

  #inputs(queries: Tile, targets: Tile): Record<string, ort.Tensor> {
    const inputs: Record<string, ort.Tensor> = {
      ...kernelInputs(this.#kernel),
      query_rows: rowNumbers(queries, 'queries'),
      target_rows: rowNumbers(targets, 'targets'),
    };
    for (const [part, tensor] of Object.entries(queries.values)) inputs[`queries${part}`] = tensor;
    for (const [part, tensor] of Object.entries(targets.values)) inputs[`targets${part}`] = tensor;
    return inputs;
  }
}

function addTo(sums: Float64Array, start: number, part: ort.OnnxValue, times: number): void {
  const values = (part as ort.Tensor).data as Float32Array;
  for (let i = 0; i < values.length; i++) sums[start + i] += times * values[i];
}
