import { definitionHash } from '../../core/registry-records.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { listModels, readManifest } from '../models.ts';
import type { Standing } from './compare-bundle.ts';

/**
 * What a bundle is compared with.
 * @throws ERR_MODEL_CORRUPT where the models folder holds something whose identity cannot be read
 */
export async function readStanding(sql: Sql, modelsFolder: string): Promise<Standing> {
  const definitions = await recordsOf(sql, 'definition');
  const contracts = await recordsOf(sql, 'contract');
  const policies = await recordsOf(sql, 'policy');
  const datasets = await recordsOf(sql, 'dataset');
  const artifacts = await recordsOf(sql, 'artifact');
  const models = new Map<string, string>();
  for (const entry of await listModels(modelsFolder)) {
    models.set(`${entry.endpoint}@${entry.version}`, (await readManifest(entry)).hash);
  }
  return {
    definitions: definitions.map(({ subject, body }) => ({
      endpoint: subject,
      variant: body.variant,
      hash: definitionHash(body.definition),
      assays: body.assays,
    })),
    contracts: new Set(contracts.map(({ subject }) => subject)),
    policies: new Map(policies.map(({ subject, body }) => [subject, body.policy])),
    datasets: new Map(datasets.map(({ subject, body }) => [subject, body])),
    artifacts: new Map(artifacts.map(({ subject, body }) => [subject, body])),
    models,
  };
}
