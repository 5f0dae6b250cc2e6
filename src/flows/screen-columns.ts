import type { CompoundBatch, FeatureBatch } from '../core/compound.ts';
import type { EndpointDefinition } from '../core/endpoint.ts';
import type { ColumnValues, TableColumn } from '../store/table-columns.ts';
import type { ToldAnswers } from './frozen-answers.ts';

/**
 * The columns of a screen's output, in order, with units.
 * @param extra columns after those of the endpoints; and endpoints for which monitoring has put something in force: only
 *   these have a column for it, so that what nobody has frozen keeps its bytes
 */
export function screenColumns(
  endpoints: readonly EndpointDefinition[],
  extra: {
    readonly lowEvidence: boolean;
    readonly notes: boolean;
    readonly withState?: ReadonlySet<string>;
  },
): TableColumn[] {
  const columns: TableColumn[] = [
    { name: 'row', type: 'int', nullable: false },
    { name: 'id', type: 'string', nullable: false },
    { name: 'input', type: 'string', nullable: false },
    { name: 'smiles', type: 'string', nullable: true },
    { name: 'inchikey', type: 'string', nullable: true },
    { name: 'status', type: 'string', nullable: false },
    { name: 'reason', type: 'string', nullable: true },
  ];
  for (const { id, unit } of endpoints) {
    columns.push(
      { name: id, type: 'float', nullable: true, unit },
      { name: `${id}_low`, type: 'float', nullable: true, unit },
      { name: `${id}_high`, type: 'float', nullable: true, unit },
      { name: `${id}_percentile`, type: 'float', nullable: true, unit: 'percent' },
      { name: `${id}_in_domain`, type: 'boolean', nullable: true },
      { name: `${id}_nn_similarity`, type: 'float', nullable: true, unit: 'Tanimoto' },
      { name: `${id}_nn_id`, type: 'string', nullable: true },
      { name: `${id}_nn_value`, type: 'float', nullable: true, unit },
    );
    if (extra.withState?.has(id)) columns.push({ name: `${id}_state`, type: 'string', nullable: true });
  }
  if (extra.lowEvidence) columns.push({ name: 'low_evidence', type: 'string', nullable: true });
  if (extra.notes) columns.push({ name: 'notes', type: 'string', nullable: true });
  return columns;
}

/**
 * One batch of output, by column name.
 * @param lowEvidence endpoints whose models were trained on few rows
 */
export function screenRows(
  compounds: CompoundBatch,
  features: FeatureBatch,
  endpoints: readonly EndpointDefinition[],
  answers: readonly ToldAnswers[],
  lowEvidence: readonly string[],
): Record<string, ColumnValues[string]> {
  const accepted = (texts: readonly string[]) =>
    texts.map((text, i) => (features.reasons[i] === null ? text : null));
  const rows: Record<string, ColumnValues[string]> = {
    row: compounds.rows,
    id: compounds.ids,
    input: compounds.inputs,
    smiles: accepted(features.smiles),
    inchikey: accepted(features.inchikeys),
    status: features.reasons.map((reason) => (reason === null ? 'ok' : 'rejected')),
    reason: features.reasons,
    low_evidence: accepted(features.reasons.map(() => lowEvidence.join(' '))),
    notes: accepted(features.notes),
  };
  endpoints.forEach(({ id }, e) => {
    rows[id] = answers[e].value;
    rows[`${id}_low`] = answers[e].low;
    rows[`${id}_high`] = answers[e].high;
    rows[`${id}_percentile`] = answers[e].percentile;
    rows[`${id}_in_domain`] = answers[e].inDomain;
    rows[`${id}_nn_similarity`] = answers[e].similarity;
    rows[`${id}_nn_id`] = answers[e].neighborId;
    rows[`${id}_nn_value`] = answers[e].neighborValue;
    rows[`${id}_state`] = answers[e].state;
  });
  return rows;
}
