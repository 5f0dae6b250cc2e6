import { joinFloat64 } from '../../src/core/join-arrays.ts';
import type { Compounds } from './compounds.ts';

/** The compounds of both, the first ones first. */
export function joinCompounds(first: Compounds, second: Compounds): Compounds {
  if (second.rows.length === 0) return first;
  const [a, b] = [first.sample, second.sample];
  return {
    sample: {
      ...a,
      hash: `${a.hash} ${b.hash}`,
      ids: [...a.ids, ...b.ids],
      inchikeys: [...a.inchikeys, ...b.inchikeys],
      smiles: a.smiles && b.smiles && [...a.smiles, ...b.smiles],
      fingerprints: new Uint8Array(Buffer.concat([a.fingerprints, b.fingerprints])),
      descriptors: a.descriptors && b.descriptors && joinFloat64(a.descriptors, b.descriptors),
      clusters: a.clusters && b.clusters && [...a.clusters, ...b.clusters],
      series: [...a.series, ...b.series],
    },
    rows: [...first.rows, ...second.rows],
    values: joinFloat64(first.values, second.values),
    censored: Uint8Array.from([...first.censored, ...second.censored]),
    documents: [...first.documents, ...second.documents],
  };
}
