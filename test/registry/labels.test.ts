import fc from 'fast-check';
import { expect, test } from 'vitest';
import { append } from '../../src/registry/append.ts';
import { type LabelsAsOf, labelsAsOf, labelVersions } from '../../src/registry/labels-as-of.ts';
import { onBothDatabases } from './databases.ts';
import { definition, draft, label, TestClock } from './fixtures.ts';

/** What happens to a registry: time passes, labels are recorded together, somebody asks. */
const events = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.constantFrom(1, 1000) }),
    fc.record({
      kind: fc.constant('record' as const),
      labels: fc.array(
        fc.record({
          compound: fc.constantFrom('a', 'b', 'c'),
          assay: fc.constantFrom('patch-clamp', 'binding'),
          value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    fc.record({ kind: fc.constant('ask' as const), agoMs: fc.constantFrom(0, 1, 1000, 5000) }),
  ),
  { minLength: 1, maxLength: 12 },
);

onBothDatabases((given) => {
  /** An endpoint with two assays, whose definition is recorded at the clock's time. */
  const define = (clock: TestClock) =>
    append(given.database, [definition(null, 'nM', ['patch-clamp', 'binding'])], clock);

  test('an answer as of a time holds each last version that was recorded by then, and only that', async () => {
    const { database } = given;
    const clock = new TestClock();
    await define(clock);
    const before = clock.advance(0);
    const first = clock.advance();
    await append(database, [label('a', 1), label('b', 2), label('a', 3, 'binding')], clock);
    const second = clock.advance();
    await append(database, [label('a', 10), label('a', 11)], clock);
    const values = async (time: string) =>
      (await labelsAsOf(database, 'herg', time)).labels.map(
        ({ assay, compound, version, value }) => `${assay} ${compound} v${version} ${value}`,
      );
    expect(await values(before)).toEqual([]);
    expect(await values(first)).toEqual(['binding a v1 3', 'patch-clamp a v1 1', 'patch-clamp b v1 2']);
    // A millisecond before the revision it was not known.
    const justBefore = new Date(Date.parse(second) - 1).toISOString();
    expect(await values(justBefore)).toEqual(await values(first));
    expect(await values(second)).toEqual(['binding a v1 3', 'patch-clamp a v3 11', 'patch-clamp b v1 2']);
    expect((await labelsAsOf(database, 'ames', second)).labels).toEqual([]);
    const versions = await labelVersions(database, 'herg', 'a');
    expect(versions.map(({ assay, version, value }) => [assay, version, value])).toEqual([
      ['patch-clamp', 1, 1],
      ['binding', 1, 3],
      ['patch-clamp', 2, 10],
      ['patch-clamp', 3, 11],
    ]);
    expect(versions[2]).toMatchObject({ recordedAt: second, unit: 'nM', relation: '=' });
  });

  test('a time that is none is refused', async () => {
    for (const time of ['2026-11-21', 'yesterday', '2026-11-21T09:00:00.000+01:00']) {
      await expect(labelsAsOf(given.database, 'herg', time)).rejects.toMatchObject({
        code: 'ERR_REGISTRY_TIME',
      });
    }
  });

  test('values come back to the last bit', async () => {
    const { database } = given;
    const clock = new TestClock();
    await define(clock);
    const values = [0.1 + 0.2, Number.MIN_VALUE, Number.MAX_VALUE, -1 / 3, 1e21, 0];
    await append(
      database,
      values.map((value, i) => label(`c${i}`, value)),
      clock,
    );
    const { labels } = await labelsAsOf(database, 'herg', clock.advance(0));
    expect(labels.map(({ value }) => value)).toEqual(values);
  });

  test('no later revision changes an answer that was given', async () => {
    const { database } = given;
    let endpoints = 0;
    // Every sequence has an endpoint of its own, and all share one chain and its clock.
    const clock = new TestClock();
    await fc.assert(
      fc.asyncProperty(events, async (sequence) => {
        const endpoint = `endpoint-${++endpoints}`;
        const shared = definition(null, 'nM', ['patch-clamp', 'binding']);
        if (shared.kind !== 'definition') throw new Error('no definition');
        const defined = {
          ...shared.body.definition,
          endpoint: { ...shared.body.definition.endpoint, id: endpoint },
        };
        await append(
          database,
          [draft('definition', endpoint, { ...shared.body, definition: defined })],
          clock,
        );
        const answers: { time: string; now: string; answer: LabelsAsOf }[] = [];
        const expected = new Map<string, string>();
        for (const event of sequence) {
          if (event.kind === 'wait') clock.advance(event.milliseconds);
          if (event.kind === 'record') {
            const drafts = event.labels.map(({ compound, assay, value }) => {
              const made = label(compound, value, assay);
              return made.kind === 'label' ? draft('label', compound, { ...made.body, endpoint }) : made;
            });
            await append(database, drafts, clock);
            for (const { compound, assay, value } of event.labels)
              expected.set(`${assay}/${compound}`, `${value}`);
          }
          if (event.kind === 'ask') {
            const now = clock.advance(0);
            const time = new Date(Date.parse(now) - event.agoMs).toISOString();
            answers.push({ time, now, answer: await labelsAsOf(database, endpoint, time) });
          }
        }
        for (const { time, now, answer } of answers) {
          expect(await labelsAsOf(database, endpoint, time, answer.upTo)).toEqual(answer);
          // Asked for an earlier time than the present, the end of the chain has no say.
          if (time < now) {
            expect((await labelsAsOf(database, endpoint, time)).labels).toEqual(answer.labels);
          }
        }
        const { labels } = await labelsAsOf(database, endpoint, clock.advance(0));
        expect(
          new Map(labels.map(({ assay, compound, value }) => [`${assay}/${compound}`, `${value}`])),
        ).toEqual(expected);
      }),
      { numRuns: 25, seed: 7 },
    );
  });
});
