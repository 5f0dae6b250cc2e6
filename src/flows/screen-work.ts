import { LOW_EVIDENCE_ROWS } from '../core/artifact.ts';
import { contractHash } from '../core/contract.ts';
import { type MonitoringState, statesInForce } from '../core/monitoring-state.ts';
import type { ReleaseState } from '../core/release.ts';
import { ENGINE_VERSION } from '../core/version.ts';
import type { CompoundTable } from '../store/compound-table.ts';
import type { Engine } from './engine.ts';
import type { WorkRecord } from './lineage.ts';
import type { ModelArtifact } from './models.ts';

/** What a screen's result is made of. */
export function workRecord(
  engine: Engine,
  table: CompoundTable,
  models: WorkRecord['models'],
  notes: boolean,
): WorkRecord {
  const { sha256, format, smilesColumn, idColumn } = table;
  return {
    schema: 'assayer.work/1',
    engine: ENGINE_VERSION,
    contract: contractHash(engine.contract),
    input: { sha256, format, smilesColumn, idColumn },
    models,
    notes,
  };
}

/** The models that answer, each with its place among the releases and what monitoring has put in force for it. */
export function answeringModels(
  artifacts: readonly ModelArtifact[],
  releases: ReleaseState['endpoints'],
  monitoring: MonitoringState | null,
): WorkRecord['models'] {
  return artifacts.map(({ manifest }) => {
    const { id, unit } = manifest.endpoint;
    const current = Object.hasOwn(releases, id) ? releases[id] : undefined;
    const states = statesInForce(monitoring, id, manifest.hash, current);
    return {
      endpoint: id,
      version: manifest.version,
      hash: manifest.hash,
      unit,
      lowEvidence: manifest.dataset.counts.train < LOW_EVIDENCE_ROWS,
      calibrated: manifest.calibration.kind !== 'none',
      released: current ? current.artifact === manifest.hash : null,
      ...(states.length > 0 && { states }),
    };
  });
}
