import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { AssayerError } from '../core/errors.ts';
import { canonicalJson } from '../core/hash.ts';
import { ENGINE_VERSION } from '../core/version.ts';

/** Where to tell of something. Neither address nor secret is ever repeated in an outcome: addresses hold secrets, too. */
export interface Webhook {
  readonly name: string;
  /** https, or http inside a trusted network. */
  readonly url: string;
  /** Shared with the receiver; at least 32 bytes of UTF-8. */
  readonly secret: string;
}

/** One call, and what came of it. */
export interface WebhookAttempt {
  /** ISO 8601. */
  readonly time: string;
  /** null where no answer came. */
  readonly status: number | null;
  /** null where it was delivered. */
  readonly problem: string | null;
  /** How long was waited after it; 0 after the last. */
  readonly waitedMs: number;
}

export interface WebhookOutcome {
  readonly name: string;
  readonly payload: string;
  readonly delivered: boolean;
  readonly attempts: readonly WebhookAttempt[];
  readonly inWords: string;
}

export interface WebhookOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Calls in all. */
  readonly attempts?: number;
  /** For an answer's head. */
  readonly timeoutMs?: number;
  /** Wait after the first failure; it doubles from one to the next. */
  readonly firstWaitMs?: number;
  /** A receiver that asks for a longer wait than this is given up. */
  readonly longestWaitMs?: number;
  /** Waits; rejects where the signal is aborted. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const LEAST_SECRET_BYTES = 32;

/**
 * Posts a payload as canonical JSON, signed. Each attempt carries
 *   Assayer-Delivery    the payload's id, the same in every attempt
 *   Assayer-Timestamp   seconds since 1970 of the attempt
 *   Assayer-Signature   v1=<hex>, HMAC-SHA256 of `<timestamp>.<body>` under the secret
 * It is tried again, with twice the wait each time, where no answer came, or 5xx, 408 or 429; a Retry-After is kept to. Other
 * answers are final: redirects too, since a signed decision goes nowhere but where it was meant to.
 * @returns what came of it, whatever that is; the caller records it
 * @throws ERR_WEBHOOK where the address or the secret cannot be used; nothing was sent then
 */
export async function postWebhook(
  webhook: Webhook,
  payload: { readonly id: string },
  options: WebhookOptions,
): Promise<WebhookOutcome> {
  requireUsable(webhook);
  const { clock, signal, attempts = 5, timeoutMs = 10_000, firstWaitMs = 1000 } = options;
  const {
    longestWaitMs = 300_000,
    wait = (ms, until) => pause(ms, undefined, { ...(until && { signal: until }) }),
  } = options;
  const body = canonicalJson(payload);
  const made: WebhookAttempt[] = [];
  const ended = (delivered: boolean, inWords: string): WebhookOutcome => ({
    name: webhook.name,
    payload: payload.id,
    delivered,
    attempts: made,
    inWords: `${webhook.name} ${inWords}`,
  });
  for (let attempt = 1; ; attempt++) {
    const now = clock.now();
    const answer = await callOnce(webhook, payload.id, body, now, timeoutMs, signal);
    const { status, problem } = answer;
    const one = { time: new Date(now).toISOString(), status, problem };
    const backOff = Math.max(firstWaitMs * 2 ** (attempt - 1), answer.retryAfterMs);
    const isLast =
      attempt >= attempts || !answer.retryable || backOff > longestWaitMs || signal?.aborted === true;
    made.push({ ...one, waitedMs: isLast ? 0 : backOff });
    if (problem === null) return ended(true, `was told at attempt ${attempt}.`);
    const asked =
      answer.retryable && backOff > longestWaitMs ? `, and waiting ${backOff} ms is too long` : '';
    if (isLast)
      return ended(false, `was not told, after ${attempt} of ${attempts} attempts: ${problem}${asked}.`);
    try {
      await wait(backOff, signal);
    } catch (cause) {
      if (!signal?.aborted) throw cause;
      return ended(false, `was not told, after ${attempt} of ${attempts} attempts: cancelled while waiting.`);
    }
  }
}

interface Answer {
  readonly status: number | null;
  readonly problem: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number;
}

async function callOnce(
  { url, secret }: Webhook,
  id: string,
  body: string,
  now: number,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const timestamp = Math.floor(now / 1000);
  const timeout = AbortSignal.timeout(timeoutMs);
  const headers = {
    'content-type': 'application/json',
    'user-agent': `assayer/${ENGINE_VERSION}`,
    'assayer-delivery': id,
    'assayer-timestamp': String(timestamp),
    'assayer-signature': `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
  };
  try {
    const ends = signal ? AbortSignal.any([timeout, signal]) : timeout;
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: ends });
    const { status } = response;
    // What a receiver says beside its status is nobody's business here; unread, it would hold the connection.
    await response.body?.cancel();
    if (response.ok) return { status, problem: null, retryable: false, retryAfterMs: 0 };
    const retryable = status >= 500 || status === 408 || status === 429;
    const retryAfterMs = retryable ? retryAfter(response.headers.get('retry-after'), now) : 0;
    return { status, problem: `it answered ${status}`, retryable, retryAfterMs };
  } catch (cause) {
    const refused = { status: null, retryAfterMs: 0 };
    if (signal?.aborted) return { ...refused, problem: 'cancelled', retryable: false };
    if (timeout.aborted) return { ...refused, problem: `no answer within ${timeoutMs} ms`, retryable: true };
    return { ...refused, problem: `no connection (${networkCode(cause)})`, retryable: true };
  }
}

/** Milliseconds to wait by a Retry-After of seconds or a date; 0 where there is none that can be read. */
function retryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  if (/^\d+$/.test(header.trim())) return 1000 * Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

/** The code of a network error: its message can hold the address. */
function networkCode(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') return error.code;
  }
  return 'no code';
}

function requireUsable({ name, url, secret }: Webhook): void {
  const refuse = (problem: string): never => {
    throw new AssayerError('ERR_WEBHOOK', { name, problem });
  };
  const address = URL.parse(url) ?? refuse('its address is no URL');
  if (address.protocol !== 'https:' && address.protocol !== 'http:')
    refuse('its address is neither https nor http');
  if (address.username || address.password)
    refuse('its address holds a user or a password; the signature takes their place');
  const bytes = Buffer.byteLength(secret);
  if (bytes < LEAST_SECRET_BYTES)
    refuse(`its secret has ${bytes} bytes, and ${LEAST_SECRET_BYTES} are needed`);
}
