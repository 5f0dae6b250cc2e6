import { expect, test } from 'vitest';
import { AssayerError } from '../../src/core/errors.ts';
import { canonicalJson, sha256 } from '../../src/core/hash.ts';
import {
  RECORD_KINDS,
  type RecordBodies,
  type RegistryDraft,
  type RegistryRecord,
  recordHash,
} from '../../src/core/registry-records.ts';
import { releaseHash } from '../../src/core/release.ts';
import { append } from '../../src/registry/append.ts';
import { lastOf, readHead, recordByHash, recordsOf, runsWith } from '../../src/registry/read-records.ts';
import { PROJECTION_TABLES, rebuildProjections } from '../../src/registry/rebuild.ts';
import type { Database, Sql } from '../../src/registry/sql.ts';
import { trace } from '../../src/registry/trace.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { onBothDatabases } from './databases.ts';
import {
  acting,
  alice,
  bob,
  checked,
  decision,
  definition,
  draft,
  evidence,
  hashes,
  label,
  policy,
  release,
  run,
  TestClock,
  wholeStory,
} from './fixtures.ts';

async function dump(sql: Sql): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const table of PROJECTION_TABLES) {
    const rows = await sql.query<object>(`select * from assayer.${table}`);
    tables[table] = rows.map(canonicalJson).sort();
  }
  return tables;
}

onBothDatabases((given) => {
  /** A whole registry: everything up to a decision, and a signed head's record. @returns its records */
  async function tell(clock: TestClock): Promise<RegistryRecord[]> {
    const { database } = given;
    const began = clock.advance(0);
    const records = await append(database, wholeStory(began), clock);
    const found = [checked(clock.advance()), checked(clock.advance(), 'other')];
    records.push(...(await append(database, found.map(evidence), clock)));
    clock.advance();
    const decided = decision(policy(began), ...found);
    records.push(...(await append(database, [decided, ...acting(decided, clock.advance(0))], clock)));
    const [last] = records.slice(-1);
    const head = {
      schema: 'assayer.head/1',
      sequence: last.sequence,
      hash: last.hash,
      time: last.time,
      key: sha256('key'),
      signature: '',
    } as const;
    const more = [
      draft('approval', last.hash, { approver: bob, reason: 'seen' }),
      draft('head', last.hash, { head }),
    ];
    records.push(...(await append(database, more, clock)));
    return records;
  }

  test('an empty chain is whole, and appending nothing leaves it empty', async () => {
    const { database } = given;
    expect(await append(database, [], new TestClock())).toEqual([]);
    expect(await verifyChain(database)).toEqual({
      records: 0,
      head: { sequence: 0, hash: null, time: null },
      problems: [],
    });
  });

  test('every kind of record goes into the chain and comes back as it was', async () => {
    const { database } = given;
    const records = await tell(new TestClock());
    expect(new Set(records.map(({ kind }) => kind))).toEqual(new Set(RECORD_KINDS));
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, i) => i + 1));
    expect(records.map(({ previous }) => previous)).toEqual([
      null,
      ...records.slice(0, -1).map(({ hash }) => hash),
    ]);
    for (const record of records) {
      expect(await recordByHash(database, record.hash)).toEqual(record);
      expect(recordHash({ ...record, body: canonicalJson(record.body) })).toBe(record.hash);
    }
    expect(await recordByHash(database, sha256('nothing'))).toBe(null);
    expect((await verifyChain(database)).problems).toEqual([]);
    expect((await readHead(database)).hash).toBe(records.at(-1)?.hash);
  });

  test('records are found by kind and subject, runs by what went in and came out', async () => {
    const { database } = given;
    const clock = new TestClock();
    await tell(clock);
    await append(database, [run('run-2', hashes.artifact, hashes.output, sha256('last'))], clock);
    expect((await recordsOf(database, 'label', 'compound-1')).map(({ body }) => body.value)).toEqual([
      120, 130.5,
    ]);
    expect(await recordsOf(database, 'label', 'compound-2')).toEqual([]);
    expect(await recordsOf(database, 'run')).toHaveLength(2);
    expect((await lastOf(database, 'label', 'compound-1'))?.body.value).toBe(130.5);
    expect(await lastOf(database, 'label', 'compound-2')).toBe(null);
    const subjects = async (hash: string, direction: 'in' | 'out') =>
      (await runsWith(database, hash, direction)).map(({ subject }) => subject);
    expect(await subjects(hashes.artifact, 'in')).toEqual(['run-1', 'run-2']);
    expect(await subjects(hashes.output, 'in')).toEqual(['run-2']);
    expect(await subjects(hashes.output, 'out')).toEqual(['run-1']);
    expect(await subjects(hashes.artifact, 'out')).toEqual([]);
  });

  test('a trace goes from a result to its origins, and from an origin to its results', async () => {
    const { database } = given;
    const clock = new TestClock();
    const records = await tell(clock);
    await append(database, [run('run-2', hashes.artifact, hashes.output, sha256('last'))], clock);
    const origins = await trace(database, sha256('last'), 'origins');
    expect(origins[0]).toEqual({ from: sha256('last'), to: 'run-2', role: 'run' });
    const reached = origins.map(({ to }) => to);
    for (const origin of ['run-1', hashes.input, hashes.artifact, hashes.dataset, hashes.contract]) {
      expect(reached).toContain(origin);
    }
    expect(reached).not.toContain(release.hash);
    const results = (await trace(database, hashes.dataset, 'results')).map(({ from }) => from);
    const made = records.find((record) => record.kind === 'decision')?.body.decision.id;
    for (const result of [
      hashes.artifact,
      'run-1',
      hashes.output,
      'run-2',
      release.hash,
      'monitor-1',
      made,
    ]) {
      expect(results).toContain(result);
    }
    expect(await trace(database, sha256('nothing'), 'origins')).toEqual([]);
  });

  test('everything but the records can be made anew from them', async () => {
    const { database } = given;
    await tell(new TestClock());
    const before = await dump(database);
    for (const table of PROJECTION_TABLES) expect(before[table], table).not.toEqual([]);
    await database.transaction(async (sql) => {
      for (const table of PROJECTION_TABLES.toReversed()) await sql.query(`delete from assayer.${table}`);
    });
    expect(await dump(database)).not.toEqual(before);
    await database.transaction(rebuildProjections);
    expect(await dump(database)).toEqual(before);
    // And what was edited by hand goes.
    await database.query('update assayer.labels set value = 1');
    await database.transaction(rebuildProjections);
    expect(await dump(database)).toEqual(before);
  });

  test('what is refused leaves no trace', async () => {
    const { database } = given;
    const clock = new TestClock();
    await append(database, [definition()], clock);
    const before = [await readHead(database), await dump(database)];
    await expect(append(database, [label('a', 1), label('b', 2, 'other')], clock)).rejects.toThrow(
      /no assay/,
    );
    expect([await readHead(database), await dump(database)]).toEqual(before);
  });

  test.each(['that stands', 'that does not stand'])(
    'an append whose commit was lost, %s, is there once',
    async (fate) => {
      const { database } = given;
      const clock = new TestClock();
      await append(database, [definition()], clock);
      let lost = 0;
      const losing: Database = {
        dialect: database.dialect,
        query: (text, values) => database.query(text, values),
        async transaction(use) {
          if (lost > 0) return await database.transaction(use);
          lost++;
          const loss = new AssayerError('ERR_REGISTRY_LOST', { path: 'registry' });
          await database.transaction(async (sql) => {
            await use(sql);
            if (fate === 'that does not stand') throw loss;
          });
          throw loss;
        },
        [Symbol.asyncDispose]: async () => undefined,
      };
      const appended = await append(losing, [label('a', 1), label('a', 2)], clock);
      expect(await recordsOf(database, 'label')).toEqual(appended);
      expect(appended.map(({ sequence }) => sequence)).toEqual([2, 3]);
      expect(lost).toBe(1);
    },
  );

  test('a clock that went back is refused, one that stands still is not', async () => {
    const { database } = given;
    const clock = new TestClock();
    await append(database, [definition()], clock);
    await append(database, [label('a', 1)], clock);
    clock.advance(-3600_000);
    await expect(append(database, [label('a', 2)], clock)).rejects.toMatchObject({ code: 'ERR_CLOCK' });
    clock.advance(3600_000);
    await append(database, [label('a', 3)], clock);
    expect((await recordsOf(database, 'label')).map(({ body }) => body.value)).toEqual([1, 3]);
  });

  test('a second definition of an endpoint is a declared variant or refused', async () => {
    const { database } = given;
    const clock = new TestClock();
    await expect(append(database, [definition('site B')], clock)).rejects.toMatchObject({
      code: 'ERR_DEFINITION_CONFLICT',
    });
    await append(database, [definition()], clock);
    const ofAnother = { ...definition('site B', 'uM', []), subject: 'ames' } as RegistryDraft;
    const refusals = [
      [definition(), 'ERR_REGISTRY_DUPLICATE'],
      [definition(null, 'uM', ['binding']), 'ERR_DEFINITION_CONFLICT'],
      // The assay's labels are in nM already.
      [definition('site B', 'uM', ['patch-clamp']), 'ERR_DEFINITION_CONFLICT'],
      [ofAnother, 'ERR_DEFINITION_CONFLICT'],
    ] as const;
    for (const [given, code] of refusals) {
      await expect(append(database, [given], clock)).rejects.toMatchObject({ code });
    }
    await append(database, [definition('site B', 'uM', ['binding'])], clock);
    await append(database, [label('a', 1, 'binding')], clock);
    await expect(append(database, [definition('site B', 'pM', [])], clock)).rejects.toMatchObject({
      code: 'ERR_DEFINITION_CONFLICT',
    });
  });

  test('a record may name only what the registry holds, and is never there twice', async () => {
    const { database } = given;
    const clock = new TestClock();
    const story = wholeStory(clock.advance(0));
    const at = (kind: string) => story.findIndex((each) => each.kind === kind);
    for (const kind of ['dataset', 'feature-set', 'artifact', 'monitor', 'run'] as const) {
      const alone = append(database, [story[at(kind)]], clock);
      await expect(alone, kind).rejects.toMatchObject({ code: 'ERR_REGISTRY_REFERENCE' });
    }
    const found = checked(clock.advance(0));
    await expect(append(database, [evidence(found)], clock)).rejects.toMatchObject({
      code: 'ERR_REGISTRY_REFERENCE',
    });
    await append(database, story, clock);
    const once = ['team', 'definition', 'contract', 'dataset', 'feature-set', 'artifact', 'release', 'run'];
    for (const kind of [...once, 'assay-event', 'policy']) {
      const again = append(database, [story[at(kind)]], clock);
      await expect(again, kind).rejects.toMatchObject({ code: 'ERR_REGISTRY_DUPLICATE' });
    }
    await expect(append(database, [run('run-3'), run('run-3')], clock)).rejects.toMatchObject({
      code: 'ERR_REGISTRY_DUPLICATE',
    });
    const nobody = draft('approval', sha256('nothing'), { approver: alice, reason: '' });
    await expect(append(database, [nobody], clock)).rejects.toMatchObject({ code: 'ERR_REGISTRY_REFERENCE' });
    await expect(append(database, [decision(story[at('policy')], found)], clock)).rejects.toMatchObject({
      code: 'ERR_REGISTRY_REFERENCE',
    });
  });

  test('a record that is named by another hash than its own is refused', async () => {
    const { database } = given;
    const clock = new TestClock();
    const story = wholeStory(clock.advance(0));
    const altered = structuredClone(release);
    Object.assign(altered, { version: '2' });
    const changed = [
      story.map((each) => (each.kind === 'contract' ? { ...each, subject: sha256('other') } : each)),
      story.map((each) => (each.kind === 'release' ? { ...each, body: { release: altered } } : each)),
      story.map((each) => (each.kind === 'policy' ? { ...each, subject: sha256('other') } : each)),
    ];
    for (const drafts of changed) {
      await expect(append(database, drafts, clock)).rejects.toMatchObject({ code: 'ERR_REGISTRY_HASH' });
    }
  });

  test('a label or a submission of an unknown assay, or with a time that is none, is refused', async () => {
    const { database } = given;
    const clock = new TestClock();
    await append(database, [definition()], clock);
    const sent = (assay: string, submittedAt: string) =>
      draft('submission', 'a', { endpoint: 'herg', assay, submittedAt });
    const refusals = [
      [label('a', 1, 'unknown'), 'ERR_ASSAY_UNKNOWN'],
      [sent('unknown', '2026-11-20T09:00:00.000Z'), 'ERR_ASSAY_UNKNOWN'],
      [sent('patch-clamp', '2026-11-20'), 'ERR_REGISTRY_TIME'],
      [sent('patch-clamp', '2026-13-20T09:00:00.000Z'), 'ERR_REGISTRY_TIME'],
    ] as const;
    for (const [given, code] of refusals) {
      await expect(append(database, [given], clock)).rejects.toMatchObject({ code });
    }
  });

  test('a retrain is asked for once by a decision, may fail and start again, and ends once as a candidate', async () => {
    const { database } = given;
    const clock = new TestClock();
    await tell(clock);
    const [{ decision: id }] = await database.query<{ decision: string }>(
      'select decision from assayer.retrains',
    );
    const stage = (named: Partial<RecordBodies['retrain']>) =>
      append(
        database,
        [
          draft('retrain', 'herg', {
            monitor: 'monitor-1',
            decision: id,
            stage: 'started',
            ...named,
          }),
        ],
        clock,
      );
    await expect(stage({ stage: 'requested' })).rejects.toMatchObject({ code: 'ERR_REGISTRY_DUPLICATE' });
    await expect(stage({ decision: sha256('nothing') })).rejects.toMatchObject({
      code: 'ERR_REGISTRY_REFERENCE',
    });
    await stage({ stage: 'failed', problem: 'no data' });
    await stage({});
    await stage({ stage: 'candidate', artifact: sha256('candidate'), version: '2' });
    await expect(stage({})).rejects.toMatchObject({ code: 'ERR_REGISTRY_DUPLICATE' });
    expect(await database.query('select stage, artifact from assayer.retrains')).toEqual([
      { stage: 'candidate', artifact: sha256('candidate') },
    ]);
    const origins = (await trace(database, sha256('candidate'), 'origins')).map(({ to }) => to);
    for (const origin of [id, 'monitor-1', release.hash, hashes.dataset]) expect(origins).toContain(origin);
  });

  test('two teams may each have a first release of an endpoint, one team may not have two', async () => {
    const { database } = given;
    const clock = new TestClock();
    const other = { ...release, version: '2' };
    const theirs = { ...other, hash: releaseHash(other) };
    await append(database, [draft('team', 'a', { title: 'A' }), draft('team', 'b', { title: 'B' })], clock);
    await append(database, [draft('release', 'herg', { release }, 'a')], clock);
    await append(database, [draft('release', 'herg', { release: theirs }, 'b')], clock);
    const third = { ...other, version: '3' };
    const again = draft('release', 'herg', { release: { ...third, hash: releaseHash(third) } }, 'b');
    await expect(append(database, [again], clock)).rejects.toThrow(/releases_place/);
  });

  test('an assay change is confirmed once, by another person than the one who reported it', async () => {
    const { database } = given;
    const clock = new TestClock();
    await append(database, [definition()], clock);
    const report = wholeStory(clock.advance(0)).filter(({ kind }) => kind === 'assay-event')[0];
    const confirm = (by: typeof alice) =>
      append(database, [draft('assay-event', 'event-1', { stage: 'confirmed', reason: 'seen', by })], clock);
    await expect(confirm(bob)).rejects.toThrow(/nobody has reported it/);
    await append(database, [report], clock);
    await expect(confirm(alice)).rejects.toThrow(/another person/);
    await expect(confirm({ name: 'A.', mail: 'ALICE@example.org' })).rejects.toThrow(/another person/);
    await confirm(bob);
    await expect(confirm(bob)).rejects.toMatchObject({ code: 'ERR_ASSAY_EVENT' });
  });

  test('a policy never takes effect before it is recorded, and judges nothing older than itself', async () => {
    const { database } = given;
    const clock = new TestClock();
    const before = clock.advance(0);
    const now = clock.advance();
    const story = wholeStory(now);
    const early = story.map((each) => (each.kind === 'policy' ? policy(before) : each));
    await expect(append(database, early, clock)).rejects.toMatchObject({ code: 'ERR_POLICY_LATE' });
    await append(database, story, clock);
    const old = checked(clock.advance());
    await append(database, [evidence(old)], clock);
    const lenient = policy(clock.advance(), 'lenient');
    await append(database, [lenient], clock);
    const fresh = checked(clock.advance(0), 'next');
    await append(database, [evidence(fresh)], clock);
    // Neither as what is judged nor as what a rule rests on.
    for (const found of [[old], [old, fresh]]) {
      await expect(append(database, [decision(lenient, ...found)], clock)).rejects.toMatchObject({
        code: 'ERR_POLICY_EVIDENCE',
      });
    }
    await append(database, [decision(policy(now), old), decision(lenient, fresh)], clock);
  });

  test('evidence is of its monitor, not of the future, and what was edited is refused', async () => {
    const { database } = given;
    const clock = new TestClock();
    await append(database, wholeStory(clock.advance(0)), clock);
    const now = clock.advance();
    const found = checked(now);
    const refusals = [
      [evidence({ ...found, report: sha256('better') }), 'ERR_REGISTRY_HASH'],
      [evidence(checked(new Date(Date.parse(now) + 1).toISOString())), 'ERR_POLICY_EVIDENCE'],
      [{ ...evidence(found), subject: 'monitor-2' } as RegistryDraft, 'ERR_POLICY_EVIDENCE'],
    ] as const;
    for (const [given, code] of refusals) {
      await expect(append(database, [given], clock)).rejects.toMatchObject({ code });
    }
    await append(database, [evidence(found)], clock);
    await expect(append(database, [evidence(found)], clock)).rejects.toMatchObject({
      code: 'ERR_REGISTRY_DUPLICATE',
    });
  });

  test('records can neither be changed nor removed by a statement', async () => {
    const { database } = given;
    await append(database, [definition()], new TestClock());
    const statements = [
      "update assayer.records set body = '{}'",
      'delete from assayer.records',
      'truncate assayer.records cascade',
    ];
    for (const statement of statements) {
      await expect(database.query(statement)).rejects.toThrow(/never changed or removed/);
    }
  });
});
