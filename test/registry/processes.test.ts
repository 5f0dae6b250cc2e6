import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { append } from '../../src/registry/append.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { temporaryFolder } from '../assayer.ts';
import { newFolder, onBothDatabases } from './databases.ts';
import { definition } from './fixtures.ts';
import { openPlace, type Place } from './place.ts';

const script = new URL('append-child.ts', import.meta.url).pathname;

interface Child {
  readonly process: ChildProcess;
  readonly ready: Promise<unknown>;
  /** What it printed; null where it was killed before. */
  readonly printed: Promise<number[] | string | null>;
  /** Lets it end by itself. */
  end(): Promise<void>;
}

interface Doing {
  readonly count?: number;
  readonly victim?: string;
  readonly step?: number;
  /** At which write or sync of a file the child kills itself. */
  readonly fileCall?: number;
  readonly start?: string;
}

function startChild(place: Place, name: string, doing: Doing = {}): Child {
  const { count = 1, victim = '-', step = 0, start = '-', fileCall = 0 } = doing;
  const args = [script, place.folder, place.url, name, `${count}`, victim, `${step}`, start, `${fileCall}`];
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, 'line').then(([text]) => JSON.parse(text) as number[] | string);
  child.stderr.on('data', (text) => String(text).trim() !== 'ready' && process.stderr.write(text));
  return {
    process: child,
    ready: Promise.race([once(child.stderr, 'data'), exited]),
    printed: Promise.race([line, exited.then(() => null)]),
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

/** Statements of one append, so points at which a process may end: before, after each of them, after the commit. */
const STEPS = Array.from({ length: 7 }, (_, i) => i + 1);

async function defineIn(place: Place): Promise<void> {
  await using database = await openPlace(place);
  await append(database, [definition()], systemClock);
}

/** @returns how many labels each subject has */
async function expectWhole(place: Place): Promise<Map<string, number>> {
  await using database = await openPlace(place);
  expect((await verifyChain(database)).problems).toEqual([]);
  const counts = new Map<string, number>();
  for (const { subject } of await recordsOf(database, 'label')) {
    counts.set(subject, (counts.get(subject) ?? 0) + 1);
  }
  return counts;
}

async function exitOf({ process: { exitCode, signalCode }, process: child }: Child): Promise<unknown[]> {
  return exitCode === null && signalCode === null ? await once(child, 'exit') : [exitCode, signalCode];
}

onBothDatabases((given) => {
  test('processes that append at once lose nothing, and the chain is whole', async () => {
    const place = await given.newPlace();
    await defineIn(place);
    const start = join(temporaryFolder(), 'start');
    const children = ['a', 'b', 'c'].map((name) => startChild(place, name, { count: 15, start }));
    await Promise.all(children.map(({ ready }) => ready));
    writeFileSync(start, '');
    const appended = await Promise.all(children.map(({ printed }) => printed));
    await Promise.all(children.map((child) => child.end()));
    expect(appended.flat().toSorted((x, y) => Number(x) - Number(y))).toEqual(
      Array.from({ length: 90 }, (_, i) => i + 2),
    );
    const counts = await expectWhole(place);
    expect([...counts.values()]).toEqual(Array(45).fill(2));
  });

  test('a process that is killed at any statement of an append leaves all of it or nothing', async () => {
    const place = await given.newPlace();
    await defineIn(place);
    for (const step of STEPS) {
      const child = startChild(place, `step${step}`, { victim: 'self', step });
      expect(await child.printed, `step ${step}`).toBe(null);
    }
    // What there are no more statements for goes through.
    const past = startChild(place, 'past', { victim: 'self', step: STEPS.length + 1 });
    expect(await past.printed).toHaveLength(2);
    await past.end();
    // Only what was committed stands, and then both labels do.
    const committed = [`step${STEPS.length}-0`, 'past-0'];
    expect(await expectWhole(place)).toEqual(new Map(committed.map((subject) => [subject, 2])));
  });
});

test('where the owner of the embedded database is killed, the process that appends takes its place', async () => {
  const place: Place = { folder: await newFolder(), url: '' };
  await defineIn(place);
  let owner = startChild(place, 'owner');
  expect(await owner.printed).toEqual([2, 3]);
  for (const step of STEPS) {
    const next = startChild(place, `step${step}`, { victim: `${owner.process.pid}`, step });
    expect(await next.printed, `step ${step}`).toEqual([2 * step + 2, 2 * step + 3]);
    expect((await exitOf(owner))[1]).toBe('SIGKILL');
    owner = next;
  }
  await owner.end();
  const counts = await expectWhole(place);
  expect([...counts.values()]).toEqual(Array(STEPS.length + 1).fill(2));
});

test('an owner that is killed at any write or sync of its files leaves all of an append or nothing', async () => {
  const place: Place = { folder: await newFolder(), url: '' };
  await defineIn(place);
  let survivors = 0;
  for (let call = 1; ; call++) {
    const child = startChild(place, `call${call}`, { fileCall: call });
    const printed = await child.printed;
    await child.end();
    if (printed === null) continue;
    expect(printed).toHaveLength(2);
    survivors = call;
    break;
  }
  // The log is written and synced at least once for a commit.
  expect(survivors).toBeGreaterThan(2);
  const counts = await expectWhole(place);
  expect(counts.get(`call${survivors}-0`)).toBe(2);
  expect(new Set(counts.values())).toEqual(new Set([2]));
});
