import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvidence } from '../../core/audit.ts';
import type { LineageRecord } from '../../core/lineage.ts';
import { openTable } from '../../store/compound-table.ts';
import type { FeaturizedBatch } from '../../store/feature-schema.ts';
import { openFeatureSetFile } from '../../store/feature-set.ts';
import type { TableFormat } from '../../store/table-format.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import { openFeatures } from '../features.ts';
import type { Attempt } from './attempts.ts';
import { failureText, findInput, otherEngine } from './recorded-input.ts';

/**
 * Makes the features of a recorded run again: from its input where that still lies there, and the new feature set must have
 * the recorded hash; else from the inputs that the stored feature set holds, and every feature must be the stored one.
 * @param scratch  a workspace that holds nothing; what is made goes there
 */
export async function featuresAgain(
  engine: Engine,
  workspace: Workspace,
  scratch: Workspace,
  run: LineageRecord,
  signal?: AbortSignal,
): Promise<Attempt> {
  const what = `run ${run.run}`;
  const recorded = run.featureSet.sha256;
  const input = run.work.input.sha256;
  const evidence: AuditEvidence[] = [
    { name: 'input', value: `${run.input}, SHA-256 ${input}` },
    { name: 'recorded feature set', value: recorded ?? 'not kept' },
  ];
  const attempt = (outcome: Attempt['outcome'], inWords: string, remedy: string): Attempt => ({
    what,
    outcome,
    inWords,
    evidence,
    remedy,
  });
  const screenAgain = `assayer screen ${run.input} --out <file>`;
  if (recorded === null)
    return attempt(
      'not-tried',
      'its features were not kept, since a compound ran into a deadline',
      screenAgain,
    );
  const other = otherEngine(engine, run);
  if (other) return attempt('not-tried', other, `npx assayer@${run.work.engine} audit`);
  const stored = join(workspace.features, `${recorded}.arrow`);
  try {
    const found = await findInput(run.input, input, signal);
    if (found.is === 'same') {
      const made = await fromInput(engine, scratch, run, signal);
      evidence.push({ name: 'feature set made again', value: made ?? 'not kept' });
      if (made === null) return attempt('not-tried', 'a compound ran into a deadline this time', screenAgain);
      return made === recorded
        ? attempt('same', 'its input gives the recorded feature set', '')
        : attempt(
            'differs',
            'its input gives another feature set than was recorded',
            `compare ${run.environment.node ?? 'its environment'} and this one; ${screenAgain}`,
          );
    }
    if (found.is === 'other') evidence.push({ name: 'what lies there now', value: found.sha256 });
    if (!existsSync(stored)) {
      const inWords = `its input is ${found.is === 'other' ? 'another file now' : 'gone'}, and its feature set is not in the workspace: it cannot be reconstructed`;
      return attempt(
        'gone',
        inWords,
        `put the file of SHA-256 ${input.slice(0, 12)}... back to ${run.input}`,
      );
    }
    const differing = await fromFeatureSet(engine, stored, run.work.input.format, signal);
    evidence.push({ name: 'feature set', value: stored });
    return differing === null
      ? attempt(
          'same',
          `its input is ${found.is === 'other' ? 'another file now' : 'gone'}; the records that the feature set keeps give the same features`,
          '',
        )
      : attempt(
          'differs',
          `row ${differing} of its feature set is not what its record gives`,
          `move ${stored} away and screen again`,
        );
  } catch (cause) {
    return attempt('differs', `making its features again failed: ${failureText(cause)}`, screenAgain);
  }
}

async function fromInput(
  engine: Engine,
  scratch: Workspace,
  { input, work }: LineageRecord,
  signal?: AbortSignal,
): Promise<string | null> {
  const { format, smilesColumn, idColumn } = work.input;
  await using table = await openTable(input, {
    format: format as TableFormat,
    smilesColumn,
    ...(idColumn !== null && { idColumn }),
    spoolFolder: scratch.tmp,
    ...(signal && { signal }),
  });
  const source = await openFeatures(engine, table, scratch, signal);
  for await (const _ of source.batches) if (signal?.aborted) break;
  return source.sha256();
}

/** @returns the first row whose features differ; null where none does */
async function fromFeatureSet(
  engine: Engine,
  path: string,
  format: string,
  signal?: AbortSignal,
): Promise<number | null> {
  const set = await openFeatureSetFile(path, signal);
  if (set === null) return 0;
  await using featurizer = await engine.createFeaturizer();
  const kind = format === 'sdf' ? 'molblock' : 'smiles';
  for await (const { compounds, features } of set.batches(signal)) {
    const made = await featurizer.featurize(compounds.inputs, { kind, ...(signal && { signal }) });
    const at = firstDifference(features, made);
    if (at !== null) return compounds.rows[at];
  }
  return null;
}

type Features = FeaturizedBatch['features'];

function firstDifference(stored: Features, made: Features): number | null {
  const texts = ['reasons', 'smiles', 'inchikeys', 'scaffolds', 'notes'] as const;
  const bits = stored.fingerprints.length / stored.count;
  const width = stored.descriptors.length / stored.count;
  for (let i = 0; i < stored.count; i++) {
    const isSame =
      texts.every((name) => stored[name][i] === made[name][i]) &&
      equal(stored.fingerprints, made.fingerprints, i * bits, bits) &&
      equal(stored.descriptors, made.descriptors, i * width, width);
    if (!isSame) return i;
  }
  return null;
}

function equal(one: ArrayLike<number>, other: ArrayLike<number>, from: number, length: number): boolean {
  for (let at = from; at < from + length; at++) if (!Object.is(one[at], other[at])) return false;
  return true;
}
