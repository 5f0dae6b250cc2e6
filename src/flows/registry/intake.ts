import { takeInOutbox } from './intake-outbox.ts';
import { takeInReleases } from './intake-releases.ts';
import type { Registry } from './open-registry.ts';

/** Steps of an intake after which a process may end; tests end it at each. */
export const INTAKE_STEPS = [
  'opened',
  'releases-recorded',
  'run-set-aside',
  'runs-recorded',
  'keys-built',
  'run-removed',
] as const;
export type IntakeStep = (typeof INTAKE_STEPS)[number];

/** What an intake did. */
export interface IntakeReport {
  readonly runs: number;
  readonly releases: number;
  readonly artifacts: number;
  /** Files that were not taken in, where they lie now, and why. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** What could not be recorded or prepared beside the records, each in words. */
  readonly notes: readonly string[];
}

/** What an intake has to do with: a registry before it is handed out. */
export type IntakePlace = Pick<Registry, 'engine' | 'workspace' | 'database' | 'team' | 'caller'>;

export interface IntakeOptions {
  readonly onStep: (step: IntakeStep) => void;
  readonly signal?: AbortSignal;
}

/**
 * Takes in what lies in a workspace: releases with the artifacts that they name, then the runs of its outbox. It may end at
 * any point and be repeated: what is recorded already is not recorded again, and an outbox file goes only once its record
 * stands.
 * @throws ERR_REGISTRY_*, ERR_CLOCK, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function takeIn(
  place: IntakePlace,
  modelsFolder: string,
  options: IntakeOptions,
): Promise<IntakeReport> {
  const releases = await takeInReleases(place, modelsFolder);
  options.onStep('releases-recorded');
  const runs = await takeInOutbox(place, modelsFolder, options);
  return {
    runs: runs.runs,
    releases: releases.releases,
    artifacts: releases.artifacts + runs.artifacts,
    refused: [...releases.refused, ...runs.refused],
    notes: [...new Set([...releases.notes, ...runs.notes])],
  };
}
