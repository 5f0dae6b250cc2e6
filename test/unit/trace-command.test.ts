import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compoundText, lineageText } from '../../src/cli/trace-text.ts';
import { contractHash } from '../../src/core/contract.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { RegistryDraft } from '../../src/core/registry-records.ts';
import { workHash } from '../../src/flows/lineage.ts';
import { runEvents } from '../../src/flows/open-lineage.ts';
import { provDocument } from '../../src/flows/prov-json.ts';
import type { Registry } from '../../src/flows/registry/open-registry.ts';
import { traceAnything } from '../../src/flows/trace.ts';
import { graphOf } from '../../src/flows/trace-graph.ts';
import { append } from '../../src/registry/append.ts';
import {
  acting,
  alice,
  checked,
  contract,
  decision,
  draft,
  evidence,
  hashes,
  policy,
  release,
  TestClock,
  wholeStory,
} from '../registry/fixtures.ts';
import { leaveRun, modelsFolder, open, workspaceWithRegistry } from './registry-workspace.ts';
import { freshPath, inchikeyOf, runOf } from './trace-compound-fixtures.ts';

/** A registry with a story from the team to a candidate, told by the clock of a test. */
async function storied(): Promise<{ registry: Registry; decided: string }> {
  const registry = await open(await workspaceWithRegistry());
  const clock = new TestClock();
  const began = clock.advance(0);
  await append(registry.database, wholeStory(began), clock);
  const found = checked(clock.advance());
  const decided = decision(policy(began), found);
  const id = (decided as Extract<RegistryDraft, { kind: 'decision' }>).body.decision.id;
  const candidate = draft('retrain', 'herg', {
    monitor: 'monitor-1',
    decision: id,
    stage: 'candidate',
    artifact: sha256('candidate'),
    version: '2',
  });
  await append(
    registry.database,
    [evidence(found), decided, ...acting(decided, clock.advance(0)), candidate],
    clock,
  );
  return { registry, decided: id };
}

test('a compound is found by InChIKey and by id in the results of recorded runs, and in no other', async () => {
  const path = await workspaceWithRegistry();
  const runs = [await leaveRun(path), await leaveRun(path)];
  await using registry = await open(path);
  for (const text of [inchikeyOf(1), 'aspirin']) {
    const traced = await traceAnything(registry, text);
    if (traced.kind !== 'compound') throw new Error('a compound was asked for');
    expect(traced.results).toBe(2);
    expect(traced.compound.predictions.map(({ run, value }) => [run, value])).toEqual(
      runs.map(({ run }) => [run, 5]),
    );
    const text2 = compoundText(traced);
    expect(text2).toContain('2 predictions in 2 of 2 recorded results');
    for (const { run, output } of runs) {
      expect(text2).toContain(`run ${run}`);
      expect(text2).toContain(output.path);
    }
  }
  const refused = await traceAnything(registry, 'broken', { as: 'id' });
  expect(refused.kind === 'compound' && refused.compound.rejections).toHaveLength(2);
});

test('only runs whose keys name the compound are read', async () => {
  const path = await workspaceWithRegistry();
  const run = await leaveRun(path);
  const other = await leaveRun(path, {}, [{ id: 'other', inchikey: inchikeyOf(2), value: 3 }]);
  await using registry = await open(path);
  writeFileSync(other.output.path, 'altered'); // were it read, that would be told
  const traced = await traceAnything(registry, inchikeyOf(1));
  if (traced.kind !== 'compound') throw new Error('a compound was asked for');
  expect(traced).toMatchObject({ results: 2, compound: { runs: 1, unread: [] } });
  expect(traced.compound.predictions.map(({ run: name }) => name)).toEqual([run.run]);
  // Without keys nobody knows what it holds.
  rmSync(join(path, 'results', `${other.output.sha256}.keys`));
  const again = await traceAnything(registry, inchikeyOf(1));
  expect(again.kind === 'compound' && again.compound.unread.map(({ run: name }) => name)).toEqual([
    other.run,
  ]);
});

test('what nobody knows is told with what was looked for and where', async () => {
  const path = await workspaceWithRegistry();
  await leaveRun(path);
  await using registry = await open(path);
  const nowhere = traceAnything(registry, 'no-such-thing');
  await expect(nowhere).rejects.toThrow(/no run, artifact, .* is called so.*the one recorded result hold/s);
  await expect(nowhere).rejects.toMatchObject({ code: 'ERR_TRACE_UNKNOWN' });
  await expect(traceAnything(registry, 'aspirin', { as: 'record' })).rejects.toMatchObject({
    code: 'ERR_TRACE_UNKNOWN',
  });
  const file = freshPath('other.csv');
  writeFileSync(file, 'other');
  await expect(traceAnything(registry, file, { as: 'file' })).rejects.toThrow(/went into no recorded run/);
  await expect(traceAnything(registry, freshPath('none'), { as: 'file' })).rejects.toMatchObject({
    code: 'ERR_INPUT_NOT_FOUND',
  });
});

test('a file, a run, a name and a unique beginning lead to the same thing, an ambiguous one to an error', async () => {
  const path = await workspaceWithRegistry();
  const hash = JSON.parse(readFileSync(join(modelsFolder, 'herg', '1', 'manifest.json'), 'utf8')).hash;
  const { work } = runOf({ path: '', format: 'csv', sha256: '', sizeBytes: 0 });
  const used = { ...work, models: [{ ...work.models[0], version: '1', hash }] };
  const run = await leaveRun(path, { work: used, workHash: workHash(used), run: 'abcdefgh-1' });
  await leaveRun(path, { run: 'abcdefgh-2' });
  await using registry = await open(path);
  const nameOf = async (text: string) => {
    const traced = await traceAnything(registry, text);
    return traced.kind === 'lineage' ? traced.lineage.name : null;
  };
  expect(await nameOf('herg@1')).toBe(hash);
  expect(await nameOf(hash)).toBe(hash);
  expect(await nameOf(hash.slice(0, 8))).toBe(hash);
  expect(await nameOf(run.output.path)).toBe(run.output.sha256);
  expect(await nameOf('abcdefgh-1')).toBe('abcdefgh-1');
  await expect(nameOf('abcdefgh')).rejects.toMatchObject({ code: 'ERR_TRACE_AMBIGUOUS' });
  // Shorter than a beginning may be: an id of a compound may look like one.
  await expect(nameOf(hash.slice(0, 7))).rejects.toMatchObject({ code: 'ERR_TRACE_UNKNOWN' });
});

test('a decision is followed to evidence, monitor, release, dataset and definition, and to the candidate', async () => {
  const { registry, decided } = await storied();
  await using _ = registry;
  const traced = await traceAnything(registry, decided);
  if (traced.kind !== 'lineage') throw new Error('a decision was asked for');
  const text = lineageText(traced.lineage);
  const [origins, results] = text.split('What follows from it');
  for (const part of [
    'evidence',
    'monitor monitor-1',
    'policy',
    'release',
    'dataset',
    'definition',
    'run run-1',
  ]) {
    expect(origins, part).toContain(part);
  }
  expect(origins).toContain('webhook was told at attempt 1.');
  expect(results).toContain(sha256('candidate').slice(0, 12));
  expect(text).toContain('herg@1 released (record herg#1) by Alice');
});

/** The formal attributes that PROV-JSON requires of each relation, and what they refer to. */
const RELATIONS: Record<string, Record<string, 'entity' | 'activity' | 'agent'>> = {
  used: { 'prov:activity': 'activity', 'prov:entity': 'entity' },
  wasGeneratedBy: { 'prov:entity': 'entity', 'prov:activity': 'activity' },
  wasDerivedFrom: { 'prov:generatedEntity': 'entity', 'prov:usedEntity': 'entity' },
  wasAssociatedWith: { 'prov:activity': 'activity', 'prov:agent': 'agent' },
  wasAttributedTo: { 'prov:entity': 'entity', 'prov:agent': 'agent' },
};
const QUALIFIED = /^(assayer|prov|xsd|_):[\w.@~%/+*-]+$/;

/** The rules of the W3C member submission of 24 April 2013, sections 2 and 3. */
function requireProv(document: ReturnType<typeof provDocument>): void {
  const { prefix, ...parts } = JSON.parse(JSON.stringify(document)) as Record<string, Record<string, never>>;
  for (const uri of Object.values(prefix)) expect(URL.canParse(uri)).toBe(true);
  for (const [part, records] of Object.entries(parts)) {
    expect(['entity', 'activity', 'agent', ...Object.keys(RELATIONS)]).toContain(part);
    for (const [id, attributes] of Object.entries(records as Record<string, Record<string, unknown>>)) {
      expect(id).toMatch(QUALIFIED);
      expect(id.startsWith('_:')).toBe(part in RELATIONS);
      for (const [name, value] of Object.entries(attributes)) {
        expect(name).toMatch(QUALIFIED);
        if (typeof value !== 'object') expect(['string', 'number', 'boolean']).toContain(typeof value);
        else expect(value).toEqual({ $: expect.any(String), type: expect.stringMatching(/^(prov|xsd):/) });
      }
      for (const [formal, kind] of Object.entries(RELATIONS[part] ?? {})) {
        expect(attributes[formal], `${part} ${id}`).toEqual(expect.any(String));
        expect(parts[kind], `${part} ${id} names ${attributes[formal]}`).toHaveProperty([
          `${attributes[formal]}`,
        ]);
      }
      if (part === 'activity') {
        for (const time of ['prov:startTime', 'prov:endTime'])
          expect(new Date(`${attributes[time]}`).toISOString()).toBe(attributes[time]);
      }
    }
  }
}

test('every trace is PROV-JSON by its rules: of a decision, of a run, of a compound', async () => {
  const { registry, decided } = await storied();
  await using _ = registry;
  for (const name of [decided, 'run-1', hashes.dataset, release.hash, 'monitor-1']) {
    const document = provDocument(await graphOf(registry.database, await traceAnything(registry, name)));
    requireProv(document);
    expect(document.entity).not.toEqual({});
  }
  const ofRun = provDocument(await graphOf(registry.database, await traceAnything(registry, 'run-1')));
  expect(Object.keys(ofRun.activity)).toEqual(['assayer:run-1']);
  expect(Object.values(ofRun.used)).toContainEqual({
    'prov:activity': 'assayer:run-1',
    'prov:entity': `assayer:${hashes.artifact}`,
    'prov:role': 'artifact',
  });
  expect(Object.values(ofRun.wasDerivedFrom)).toContainEqual({
    'prov:generatedEntity': `assayer:${hashes.output}`,
    'prov:usedEntity': `assayer:${hashes.input}`,
    'prov:activity': 'assayer:run-1',
  });
  expect(Object.values(ofRun.agent)).toContainEqual(expect.objectContaining({ 'prov:label': 'tox' }));
  const ofDecision = provDocument(await graphOf(registry.database, await traceAnything(registry, decided)));
  expect(Object.values(ofDecision.wasAttributedTo)).toContainEqual({
    'prov:entity': `assayer:${release.hash}`,
    'prov:agent': `assayer:person/${encodeURIComponent(alice.mail)}`,
  });
});

test('the predictions of a compound are entities that follow from input and model', async () => {
  const path = await workspaceWithRegistry();
  const run = await leaveRun(path);
  await using registry = await open(path);
  const document = provDocument(await graphOf(registry.database, await traceAnything(registry, 'aspirin')));
  requireProv(document);
  expect(document.entity[`assayer:${run.run}/herg/0`]).toMatchObject({
    'assayer:value': 5,
    'assayer:unit': 'nM',
    'assayer:compound': inchikeyOf(1),
  });
});

/** What OpenLineage 2-0-2 requires of a run event, of datasets and of every facet. */
function requireRunEvent(event: ReturnType<typeof runEvents>[number]): void {
  expect(new Date(event.eventTime).toISOString()).toBe(event.eventTime);
  expect(['START', 'COMPLETE']).toContain(event.eventType);
  expect(event.run.runId).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  for (const uri of [event.producer, event.schemaURL]) expect(URL.canParse(uri)).toBe(true);
  for (const named of [event.job, ...event.inputs, ...event.outputs]) {
    expect([typeof named.namespace, typeof named.name]).toEqual(['string', 'string']);
  }
  const facets = [event.run, event.job, ...event.inputs, ...event.outputs].flatMap((holder) => [
    ...Object.values(holder.facets),
    ...('outputFacets' in holder ? Object.values(holder.outputFacets ?? {}) : []),
  ]);
  expect(facets.length).toBeGreaterThan(2);
  for (const facet of facets) {
    expect(URL.canParse(facet._producer) && URL.canParse(facet._schemaURL)).toBe(true);
  }
}

test('runs of a trace are OpenLineage events of start and end, in the order of time', async () => {
  const { registry } = await storied();
  await using _ = registry;
  const events = runEvents(await graphOf(registry.database, await traceAnything(registry, hashes.dataset)));
  expect(events.map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
  for (const event of events) requireRunEvent(event);
  const [, end] = events;
  expect(end.inputs.map(({ name }) => name).sort()).toEqual([hashes.artifact, hashes.input].sort());
  // The run was a check, too: its evidence came out of it.
  const kinds = end.outputs.map(({ name, facets }) => [name === hashes.output, facets.assayer_thing.kind]);
  expect(kinds.sort()).toEqual([
    [false, 'evidence'],
    [true, 'output'],
  ]);
  // A contract that nothing has used has no run to tell of.
  const unused = { ...contract, standardization: { version: 2, rules: [] } };
  const body = { contract: unused };
  await registry.append([{ kind: 'contract', subject: contractHash(unused), team: null, body }]);
  const alone = await graphOf(registry.database, await traceAnything(registry, contractHash(unused)));
  expect(() => runEvents(alone)).toThrow(/holds none/);
});

test('an event of a screen says how many rows its result has, and of how many bytes', async () => {
  const path = await workspaceWithRegistry();
  const run = await leaveRun(path, { counts: { rows: 2, accepted: 1, rejected: 1 } });
  await using registry = await open(path);
  const events = runEvents(await graphOf(registry.database, await traceAnything(registry, run.output.path)));
  for (const event of events) requireRunEvent(event);
  expect(events[1].outputs[0].outputFacets?.outputStatistics).toMatchObject({
    rowCount: 2,
    size: run.output.sizeBytes,
  });
});
