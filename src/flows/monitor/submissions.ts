import type { Sql } from '../../registry/sql.ts';

/** Submissions of an assay that are recorded, each as `<compound>\n<time>`. */
export async function knownSubmissions(sql: Sql, endpoint: string, assay: string): Promise<Set<string>> {
  const rows = await sql.query<{ compound: string; submittedAt: string }>(
    'select compound, submitted_at as "submittedAt" from assayer.submissions where endpoint = $1 and assay = $2',
    [endpoint, assay],
  );
  return new Set(rows.map(({ compound, submittedAt }) => `${compound}\n${submittedAt}`));
}
