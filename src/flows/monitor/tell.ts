import { AssayerError } from '../../core/errors.ts';
import type { MonitorDecision } from '../../core/monitor-decision.ts';
import type { ToldOutcome } from '../../core/registry-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { throwIfCancelled } from '../../store/file-error.ts';
import type { Registry } from '../registry/open-registry.ts';
import { postWebhook, type WebhookOptions } from '../webhook.ts';
import { actingDecisions } from './in-force.ts';
import { readWebhooks } from './webhooks.ts';

/** Somebody who was told of a decision, or was not. */
export interface Told {
  readonly decision: string;
  readonly to: string;
  readonly outcome: ToldOutcome;
}

export interface TellOptions {
  /** The value of ASSAYER_WEBHOOKS; webhooks.json where it is not given. */
  readonly webhooks?: string;
  /** Also those who could not be told before. */
  readonly again?: boolean;
  /** How calls are made; tests do not wait. */
  readonly calls?: Omit<WebhookOptions, 'clock' | 'signal'>;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: 'posted' | 'told') => void;
}

/**
 * Tells the webhooks of each decision that did something, and records what came of it. Who was told is never told again, but
 * for one whose record a crash kept from being written: receivers know a delivery by the decision's id. Whoever cannot be
 * told stops nobody else, and no decision.
 * @returns outcomes recorded now
 * @throws ERR_CANCELLED, and as Registry.append
 */
export async function tellDecisions(registry: Registry, options: TellOptions): Promise<Told[]> {
  const { database, engine, workspace } = registry;
  const { signal, onStep = () => undefined } = options;
  const standing = await toldSoFar(database);
  const told: Told[] = [];
  for (const { body, team } of await actingDecisions(database)) {
    const { decision } = body;
    for (const to of webhooksOf(decision)) {
      const before = standing.get(`${decision.id} ${to}`);
      if (before !== undefined && (before || !options.again)) continue;
      throwIfCancelled(signal);
      const outcome = await tell(to, decision, () => readWebhooks(workspace, options.webhooks), {
        ...options.calls,
        clock: engine.clock,
        ...(signal && { signal }),
      });
      throwIfCancelled(signal);
      onStep('posted');
      // Nothing was called, as before: one record of it is enough.
      if (before === false && outcome.attempts.length === 0) continue;
      await registry.append([{ kind: 'told', subject: decision.id, team, body: { to, outcome } }]);
      onStep('told');
      told.push({ decision: decision.id, to, outcome });
    }
  }
  return told;
}

/** Names of webhooks follow the log and the approver's address. */
function webhooksOf({ tell: names }: MonitorDecision): readonly string[] {
  return names.slice(2);
}

async function tell(
  to: string,
  decision: MonitorDecision,
  read: () => ReturnType<typeof readWebhooks>,
  options: WebhookOptions,
): Promise<ToldOutcome> {
  const nobody = (inWords: string): ToldOutcome => ({ delivered: false, attempts: [], inWords });
  try {
    const webhook = (await read()).get(to);
    if (!webhook) return nobody(`${to} was not told: no webhook of this name is set up in webhooks.json.`);
    const { delivered, attempts, inWords } = await postWebhook(webhook, decision, options);
    return { delivered, attempts, inWords };
  } catch (cause) {
    if (!(cause instanceof AssayerError && cause.code === 'ERR_WEBHOOK')) throw cause;
    return nobody(`${to} was not told. ${cause.message}`);
  }
}

/** Whether the last attempt to tell somebody of a decision came through, by `<decision> <name>`. */
async function toldSoFar(sql: Sql): Promise<Map<string, boolean>> {
  const rows = await sql.query<{ decision: string; receiver: string; delivered: boolean }>(
    'select decision, receiver, delivered from assayer.told order by record',
  );
  return new Map(rows.map(({ decision, receiver, delivered }) => [`${decision} ${receiver}`, delivered]));
}
