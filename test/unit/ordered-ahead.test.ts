import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { orderedAhead } from '../../src/flows/ordered-ahead.ts';
import { started } from '../../src/flows/started.ts';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i;
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

test.each([1, 2, 3, 7])('results keep the order of the input with %i under way', async (depth) => {
  const slowFirst = async (i: number) => {
    await sleep((10 - i) % 5);
    return i * 2;
  };
  expect(await collect(orderedAhead(numbers(10), depth, slowFirst))).toEqual([
    0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
  ]);
});

test('no more than depth items are under way', async () => {
  let running = 0;
  let most = 0;
  const watch = async (i: number) => {
    most = Math.max(most, ++running);
    await sleep(1);
    running--;
    return i;
  };
  await collect(orderedAhead(numbers(20), 3, watch));
  expect(most).toBe(3);
});

test('a failure surfaces after the results before it, and nothing stays under way', async () => {
  const seen: number[] = [];
  let settled = 0;
  const failAtTwo = async (i: number) => {
    await sleep(1);
    settled++;
    if (i === 2) throw new Error('two');
    return i;
  };
  const run = async () => {
    for await (const item of orderedAhead(numbers(10), 3, failAtTwo)) seen.push(item);
  };
  await expect(run()).rejects.toThrow('two');
  expect(seen).toEqual([0, 1]);
  const after = settled;
  await sleep(20);
  expect(settled).toBe(after);
});

test('a started stream works on its first item before it is read, and gives the same items', async () => {
  const log: number[] = [];
  async function* logged() {
    for await (const i of numbers(3)) {
      log.push(i);
      yield i;
    }
  }
  await using resources = new AsyncDisposableStack();
  const stream = started(logged(), resources);
  await sleep(5);
  expect(log).toEqual([0]);
  expect(await collect(stream)).toEqual([0, 1, 2]);
});

test('a started stream that is never read is closed with its resources, and its error is not lost', async () => {
  let closed = false;
  async function* open() {
    try {
      yield 1;
      yield 2;
    } finally {
      closed = true;
    }
  }
  {
    await using resources = new AsyncDisposableStack();
    started(open(), resources);
  }
  expect(closed).toBe(true);
  async function* failing(): AsyncGenerator<number> {
    yield* numbers(0);
    throw new Error('broken');
  }
  await using resources = new AsyncDisposableStack();
  const stream = started(failing(), resources);
  await sleep(5);
  await expect(collect(stream)).rejects.toThrow('broken');
});
