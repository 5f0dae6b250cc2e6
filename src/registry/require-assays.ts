import { AssayerError } from '../core/errors.ts';
import type { Sql } from './sql.ts';

/**
 * Refuses what names an assay that no definition of its endpoint has.
 * @throws ERR_ASSAY_UNKNOWN for the first
 */
export async function requireAssays(
  sql: Sql,
  named: readonly { readonly endpoint: string; readonly assay: string }[],
): Promise<void> {
  const endpoints = [...new Set(named.map(({ endpoint }) => endpoint))];
  const rows = await sql.query<{ endpoint: string; assay: string }>(
    'select endpoint, assay from assayer.assays where endpoint = any($1::text[]) order by endpoint, assay',
    [endpoints],
  );
  const known = new Set(rows.map(({ endpoint, assay }) => `${endpoint}\n${assay}`));
  for (const { endpoint, assay } of named) {
    if (known.has(`${endpoint}\n${assay}`)) continue;
    const assays = rows.filter((row) => row.endpoint === endpoint).map((row) => row.assay);
    throw new AssayerError('ERR_ASSAY_UNKNOWN', { endpoint, assay, known: assays.join(', ') || 'none' });
  }
}
