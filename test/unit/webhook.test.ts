import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/core/hash.ts';
import { postWebhook, type Webhook, type WebhookOptions } from '../../src/flows/webhook.ts';
import { check, DRIFT, play, policyWith } from './decide-fixtures.ts';

const SECRET = 'a secret of thirty-two bytes or more';
const [decision] = play(policyWith(), [check(1, { streams: DRIFT })]);

interface Call {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers in order, the last one again and again; 'hang' never answers, 'drop' closes the connection. */
type Reply = number | { readonly status: number; readonly headers: Record<string, string> } | 'hang' | 'drop';

let calls: Call[];
let replies: Reply[];
let server: ReturnType<typeof createServer>;
let webhook: Webhook;
let waited: number[];
let time: number;
let options: WebhookOptions;

beforeEach(async () => {
  [calls, replies, waited, time] = [[], [200], [], Date.parse('2026-12-24T18:00:00.500Z')];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', headers } = request;
      calls.push({ method, headers, body: Buffer.concat(parts).toString() });
      const reply = replies[Math.min(calls.length, replies.length) - 1];
      if (reply === 'drop') request.socket.destroy();
      else if (typeof reply === 'number') response.writeHead(reply).end('do not read this');
      else if (reply !== 'hang') response.writeHead(reply.status, reply.headers).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  webhook = { name: 'team-herg', url: `http://127.0.0.1:${port}/hooks/secret-path`, secret: SECRET };
  const wait = async (ms: number) => {
    waited.push(ms);
    time += ms;
  };
  options = { clock: { now: () => time }, wait, timeoutMs: 5000 };
});

afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

describe('a delivery', () => {
  it('is the decision as canonical JSON, once, signed with its time', async () => {
    const outcome = await postWebhook(webhook, decision, options);
    expect(outcome).toEqual({
      name: 'team-herg',
      payload: decision.id,
      delivered: true,
      attempts: [{ time: '2026-12-24T18:00:00.500Z', status: 200, problem: null, waitedMs: 0 }],
      inWords: 'team-herg was told at attempt 1.',
    });
    expect(calls).toHaveLength(1);
    const [{ method, headers, body }] = calls;
    expect(method).toBe('POST');
    expect(body).toBe(canonicalJson(decision));
    expect(headers['content-type']).toBe('application/json');
    expect(headers['assayer-delivery']).toBe(decision.id);
    expect(headers['assayer-timestamp']).toBe('1798135200');
    const signature = createHmac('sha256', SECRET).update(`1798135200.${body}`).digest('hex');
    expect(headers['assayer-signature']).toBe(`v1=${signature}`);
  });

  it('stands the check that the documentation gives to receivers, which refuses what is altered, old or replayed', async () => {
    const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');
    const [, code] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
    const receiver = await import(`data:text/javascript,${encodeURIComponent(code ?? '')}`);
    await postWebhook(webhook, decision, options);
    const [{ headers, body }] = calls;
    const fresh = () => receiver.createReceiver(SECRET);
    const at = (seconds: number) => time + 1000 * seconds;
    expect(fresh()(headers, body, at(1))).toEqual(decision);
    expect(() => fresh()(headers, body.replace('herg', 'ames'), at(1))).toThrow('signature');
    expect(() => fresh()({ ...headers, 'assayer-timestamp': '1798135201' }, body, at(1))).toThrow(
      'signature',
    );
    expect(() => fresh()({ ...headers, 'assayer-signature': 'v1=00' }, body, at(1))).toThrow('signature');
    expect(() => receiver.createReceiver(`${SECRET}.`)(headers, body, at(1))).toThrow('signature');
    expect(() => fresh()(headers, body, at(301))).toThrow('old');
    expect(() => fresh()(headers, body, at(-301))).toThrow('old');
    const twice = fresh();
    twice(headers, body, at(1));
    expect(() => twice(headers, body, at(2))).toThrow('already');
  });
});

describe('a failure', () => {
  it.each([500, 503, 408, 429])(
    'of %d is tried again with twice the wait, each time signed anew',
    async (status) => {
      replies = [status, status, status, 204];
      const outcome = await postWebhook(webhook, decision, options);
      expect(outcome).toMatchObject({ delivered: true, inWords: 'team-herg was told at attempt 4.' });
      expect(outcome.attempts.map((one) => [one.status, one.waitedMs])).toEqual([
        [status, 1000],
        [status, 2000],
        [status, 4000],
        [204, 0],
      ]);
      expect(calls.map(({ headers }) => headers['assayer-timestamp'])).toEqual([
        '1798135200',
        '1798135201',
        '1798135203',
        '1798135207',
      ]);
      expect(new Set(calls.map(({ headers }) => headers['assayer-signature'])).size).toBe(4);
      expect(new Set(calls.map(({ headers }) => headers['assayer-delivery'])).size).toBe(1);
    },
  );

  it.each([400, 401, 403, 404, 410, 422, 301, 307])('of %d is final', async (status) => {
    replies = [{ status, headers: { location: '/elsewhere', 'retry-after': '1' } }, 200];
    const outcome = await postWebhook(webhook, decision, options);
    expect(outcome).toMatchObject({ delivered: false, attempts: [{ status, waitedMs: 0 }] });
    expect(outcome.inWords).toBe(`team-herg was not told, after 1 of 5 attempts: it answered ${status}.`);
    expect([calls.length, waited]).toEqual([1, []]);
  });

  it('ends after the stated number of attempts, and says so', async () => {
    replies = [500];
    const outcome = await postWebhook(webhook, decision, { ...options, attempts: 3, firstWaitMs: 10 });
    expect(outcome).toMatchObject({ delivered: false, inWords: expect.stringContaining('3 of 3 attempts') });
    expect([calls.length, waited]).toEqual([3, [10, 20]]);
  });

  it('waits as long as the receiver asks, in seconds or until a date, and no shorter than by itself', async () => {
    const asking = (after: string) => ({ status: 429, headers: { 'retry-after': after } });
    replies = [asking('30'), asking('Thu, 24 Dec 2026 18:02:00 GMT'), asking('0'), asking('soon'), 200];
    expect((await postWebhook(webhook, decision, options)).delivered).toBe(true);
    expect(waited).toEqual([30_000, 89_500, 4000, 8000]);
  });

  it('is given up where the receiver asks for too long a wait', async () => {
    replies = [{ status: 503, headers: { 'retry-after': '86400' } }, 200];
    const outcome = await postWebhook(webhook, decision, options);
    expect(outcome.inWords).toContain('it answered 503, and waiting 86400000 ms is too long');
    expect(calls).toHaveLength(1);
  });

  it('of the network is tried again: a dropped connection, an answer that does not come', async () => {
    replies = ['drop', 'hang', 200];
    const outcome = await postWebhook(webhook, decision, { ...options, timeoutMs: 300 });
    expect(outcome.delivered).toBe(true);
    expect(outcome.attempts.map(({ status }) => status)).toEqual([null, null, 200]);
    expect(outcome.attempts[0].problem).toMatch(/^no connection \((UND_ERR_SOCKET|ECONNRESET)\)$/);
    expect(outcome.attempts[1].problem).toBe('no answer within 300 ms');
  });

  it('tells neither secret nor address', async () => {
    const nobody = { ...webhook, url: 'http://127.0.0.1:1/hooks/secret-path' };
    replies = [500];
    const outcomes = [
      await postWebhook(nobody, decision, { ...options, attempts: 2 }),
      await postWebhook(webhook, decision, { ...options, attempts: 2 }),
    ];
    for (const outcome of outcomes) {
      expect(outcome.delivered).toBe(false);
      expect(JSON.stringify(outcome)).not.toMatch(/secret|127\.0\.0\.1/);
    }
    for (const wrong of [
      { url: 'secret-path' },
      { url: 'ftp://secret-path' },
      { url: 'http://a:secret@b' },
      { secret: 'secret' },
    ]) {
      const error = await postWebhook({ ...webhook, ...wrong }, decision, options).catch((cause) => cause);
      expect(error.code).toBe('ERR_WEBHOOK');
      expect(error.message.replace('its secret has', '')).not.toContain('secret');
    }
    expect(calls).toHaveLength(2);
  });
});

it('a call that is cancelled says so, whether it waits or is under way', async () => {
  const cancelling = new AbortController();
  replies = [500];
  const wait = (_: number, signal?: AbortSignal) => {
    cancelling.abort();
    return Promise.reject(signal?.reason);
  };
  const waiting = await postWebhook(webhook, decision, { ...options, signal: cancelling.signal, wait });
  expect(waiting).toMatchObject({
    delivered: false,
    inWords: expect.stringContaining('cancelled while waiting'),
  });
  const underway = await postWebhook(webhook, decision, { ...options, signal: AbortSignal.abort() });
  expect(underway.attempts).toMatchObject([{ status: null, problem: 'cancelled', waitedMs: 0 }]);
});
