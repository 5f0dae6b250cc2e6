import { userInfo } from 'node:os';
import { join } from 'node:path';
import { AssayerError } from '../../core/errors.ts';
import type { RegistryDraft, RegistryRecord } from '../../core/registry-records.ts';
import { append } from '../../registry/append.ts';
import type { Database } from '../../registry/sql.ts';
import { lockOutput } from '../../store/output-lock.ts';
import { openWorkspace, type Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import { type IntakeReport, type IntakeStep, takeIn } from './intake.ts';

/** An open registry with what flows need beside it. Whoever opened it disposes of it. */
export interface Registry extends AsyncDisposable {
  readonly engine: Engine;
  readonly workspace: Workspace;
  readonly database: Database;
  /** In whose name records are added; null for what all teams share. */
  readonly team: string | null;
  /** Who runs this process, as the records name them. */
  readonly caller: string;
  /** What was taken in from the workspace when it was opened. */
  readonly intake: IntakeReport;
  /** @throws as registry/append.ts */
  append(drafts: readonly RegistryDraft[]): Promise<RegistryRecord[]>;
}

export interface RegistryOptions {
  /** Of a Postgres server (DATABASE_URL); without it the registry lies in the workspace. */
  readonly url?: string;
  /** Must be recorded already. */
  readonly team?: string;
  /** The user of this process where it is not given. */
  readonly caller?: string;
  /** Where the artifacts of releases and runs are looked for; the shipped models where it is not given. */
  readonly modelsFolder?: string;
  readonly signal?: AbortSignal;
  /** Called after each step of the intake. */
  readonly onStep?: (step: IntakeStep) => void;
}

/**
 * Opens the registry of a workspace, and takes in what screens and releases have left there since.
 * @throws ERR_TEAM_UNKNOWN, ERR_REGISTRY_*, ERR_CLOCK, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function openRegistry(
  engine: Engine,
  workspacePath: string,
  options: RegistryOptions = {},
): Promise<Registry> {
  const { url, team = null, caller = userInfo().username, signal } = options;
  const { modelsFolder = engine.modelsFolder, onStep = () => undefined } = options;
  const workspace = await openWorkspace(workspacePath, engine.clock);
  const { openDatabase } = await import('../../registry/open-database.ts');
  const folder = join(workspace.path, 'registry');
  await using stack = new AsyncDisposableStack();
  const database = stack.use(
    await openDatabase({ folder, lock: lockOutput, ...(url !== undefined && { url }) }),
  );
  onStep('opened');
  await requireTeam(database, team);
  const place = { engine, workspace, database, team, caller };
  const intake = await takeIn(place, modelsFolder, { onStep, ...(signal && { signal }) });
  const held = stack.move();
  return {
    ...place,
    intake,
    append: (drafts) => append(database, drafts, engine.clock),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function requireTeam(database: Database, team: string | null): Promise<void> {
  if (team === null) return;
  const rows = await database.query<{ team: string }>('select team from assayer.teams order by team');
  if (rows.some((row) => row.team === team)) return;
  const known = rows.map((row) => row.team).join(', ') || 'none';
  throw new AssayerError('ERR_TEAM_UNKNOWN', { team, known });
}
