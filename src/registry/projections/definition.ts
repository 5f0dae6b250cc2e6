import { AssayerError } from '../../core/errors.ts';
import { definitionHash, type RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import type { Sql } from '../sql.ts';

/**
 * An endpoint means one thing in all teams. Another meaning is a variant under a name of its own.
 * @throws ERR_DEFINITION_CONFLICT, ERR_REGISTRY_DUPLICATE
 */
export async function projectDefinitions(
  sql: Sql,
  records: readonly RegistryRecord<'definition'>[],
): Promise<void> {
  for (const { subject: endpoint, sequence, body } of records) {
    const hash = definitionHash(body.definition);
    if (body.definition.endpoint.id !== endpoint) {
      const problem = `its definition is that of ${body.definition.endpoint.id}`;
      throw new AssayerError('ERR_DEFINITION_CONFLICT', { endpoint, problem });
    }
    const variant = body.variant ?? '';
    await requireNew(sql, endpoint, variant, hash);
    await insertRows(sql, 'definitions', {
      endpoint: ['text', [endpoint]],
      variant: ['text', [variant]],
      hash: ['text', [hash]],
      record: ['bigint', [sequence]],
    });
    for (const assay of body.assays) await addAssay(sql, endpoint, assay, variant, sequence);
  }
}

async function requireNew(sql: Sql, endpoint: string, variant: string, hash: string): Promise<void> {
  const standing = await sql.query<{ variant: string; hash: string }>(
    'select variant, hash from assayer.definitions where endpoint = $1',
    [endpoint],
  );
  const shared = standing.find((row) => row.variant === '');
  const same = standing.find((row) => row.variant === variant);
  if (same?.hash === hash) {
    throw new AssayerError('ERR_REGISTRY_DUPLICATE', { kind: 'definition', subject: endpoint });
  }
  if (same) {
    const problem =
      variant === ''
        ? `it is defined already, as ${same.hash}; this one is ${hash}. Two meanings under one name would be read as one: declare it as a variant`
        : `its variant ${variant} is defined already, as ${same.hash}; this one is ${hash}`;
    throw new AssayerError('ERR_DEFINITION_CONFLICT', { endpoint, problem });
  }
  if (variant !== '' && !shared) {
    const problem = `a variant ${variant} of it needs the definition that it varies`;
    throw new AssayerError('ERR_DEFINITION_CONFLICT', { endpoint, problem });
  }
}

async function addAssay(
  sql: Sql,
  endpoint: string,
  assay: string,
  variant: string,
  record: number,
): Promise<void> {
  const [standing] = await sql.query<{ variant: string }>(
    'select variant from assayer.assays where endpoint = $1 and assay = $2',
    [endpoint, assay],
  );
  if (standing) {
    const of = standing.variant === '' ? 'the shared definition' : `variant ${standing.variant}`;
    const problem = `assay ${assay} belongs to ${of} already, and a label has one meaning`;
    throw new AssayerError('ERR_DEFINITION_CONFLICT', { endpoint, problem });
  }
  await insertRows(sql, 'assays', {
    endpoint: ['text', [endpoint]],
    assay: ['text', [assay]],
    variant: ['text', [variant]],
    record: ['bigint', [record]],
  });
}
