import { contractHash } from '../core/contract.ts';
import { AssayerError } from '../core/errors.ts';
import type { TraceQuery, TraceReading } from '../core/trace.ts';
import type { Engine } from './engine.ts';

const INCHIKEY = /^[A-Z]{14}-[A-Z]{10}-[A-Z]$/;

/** How a query was taken, and which readings its text does not allow. */
export interface ReadQuery {
  readonly readings: readonly TraceReading[];
  readonly notTaken: readonly string[];
}

/**
 * By which names the compound of a query is looked for. A SMILES is standardized as a screen would do it, and its parent's
 * InChIKey is looked for; a text that could be several things is taken as all of them, since an id may look like a SMILES
 * (`C1`, `NCI`) or be an InChIKey.
 * @throws ERR_USAGE where nothing can be looked for
 */
export async function readQuery(engine: Engine, query: TraceQuery, signal?: AbortSignal): Promise<ReadQuery> {
  const text = query.text.trim();
  const asked = (as: TraceQuery['as']) => query.as === undefined || query.as === as;
  const isInchikey = INCHIKEY.test(text);
  const readings: TraceReading[] = [];
  const notTaken: string[] = [];
  if (asked('inchikey')) {
    if (isInchikey) readings.push({ kind: 'inchikey', text, how: 'as an InChIKey' });
    else if (query.as) notTaken.push('it is no InChIKey, which has the form AAAAAAAAAAAAAA-AAAAAAAAAA-A');
  }
  if (asked('smiles') && text !== '' && (query.as || !isInchikey)) {
    const { inchikey, problem } = await standardInchikey(engine, text, signal);
    const how = `as a SMILES, whose parent is ${inchikey} under contract ${contractHash(engine.contract).slice(0, 12)}`;
    if (problem === null) readings.push({ kind: 'inchikey', text: inchikey, how });
    else notTaken.push(`as a SMILES: ${problem}`);
  }
  if (asked('id') && query.text !== '') {
    // Ids stand in results as they stood in the input, blanks and all.
    readings.push({ kind: 'id', text: query.text, how: 'as an id' });
  }
  if (readings.length > 0) return { readings, notTaken };
  const why = notTaken.join('; ') || 'it is empty';
  throw new AssayerError('ERR_USAGE', {
    problem: `Nothing can be looked for by ${JSON.stringify(query.text)}: ${why}. Give an InChIKey, a SMILES or an id.`,
  });
}

async function standardInchikey(
  engine: Engine,
  smiles: string,
  signal?: AbortSignal,
): Promise<{ inchikey: string; problem: string | null }> {
  await using featurizer = await engine.createFeaturizer();
  const { reasons, inchikeys } = await featurizer.featurize([smiles], { ...(signal && { signal }) });
  const problem =
    reasons[0] ?? (inchikeys[0] ? null : 'InChI has no key for it, so it can only be traced by id');
  return { inchikey: inchikeys[0], problem };
}
