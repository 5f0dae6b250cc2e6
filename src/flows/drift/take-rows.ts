import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../core/fingerprint.ts';
import type { DriftSample } from './drift-sample.ts';

/** Some rows of a sample, in the order given; what it was read from stays. @param name of the new sample */
export function takeRows(sample: DriftSample, rows: ArrayLike<number>, name: string): DriftSample {
  const take = <Item>(items: readonly Item[]) => Array.from(rows, (row) => items[row]);
  return {
    ...sample,
    name,
    ids: take(sample.ids),
    inchikeys: take(sample.inchikeys),
    smiles: sample.smiles && take(sample.smiles),
    fingerprints: takeWide(sample.fingerprints, rows, FINGERPRINT_BYTES, Uint8Array),
    descriptors: sample.descriptors && takeWide(sample.descriptors, rows, DESCRIPTOR_COUNT, Float64Array),
    ...(sample.rawDescriptors && {
      rawDescriptors: takeWide(sample.rawDescriptors, rows, DESCRIPTOR_COUNT, Float64Array),
    }),
    covariates: new Map([...sample.covariates].map(([column, cells]) => [column, take(cells)])),
    clusters: sample.clusters && take(sample.clusters),
    series: take(sample.series),
  };
}

/**
 * The rows in an order that does not depend on the file's: by compound, then by what else is known of the row. Which rows a
 * permutation moves goes by their numbers, so equal sets of rows get equal reports.
 */
export function inKnownOrder(sample: DriftSample): DriftSample {
  return takeRows(sample, knownOrder(sample), sample.name);
}

/** The rows of `inKnownOrder`. */
export function knownOrder(sample: DriftSample): number[] {
  const keys = sample.inchikeys.map((inchikey, row) =>
    JSON.stringify([
      inchikey,
      sample.smiles?.[row],
      ...Array.from(sample.covariates.values(), (cells) => cells[row]),
      // Not the cluster: a row that is one by itself is named by its place in the file.
      sample.series[row],
      sample.ids[row],
    ]),
  );
  return [...keys.keys()].sort((i, j) => (keys[i] < keys[j] ? -1 : keys[i] > keys[j] ? 1 : i - j));
}

/** Rows of a row-major array. @param width of a row */
export function takeWide<Values extends Uint8Array | Float64Array>(
  from: Values,
  rows: ArrayLike<number>,
  width: number,
  Kind: new (length: number) => Values,
): Values {
  const out = new Kind(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    out.set(from.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  }
  return out;
}
