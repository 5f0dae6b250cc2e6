import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stateText } from '../../src/core/monitoring-state.ts';
import { screen } from '../../src/flows/screen.ts';
import { traceCompound } from '../../src/flows/trace-compound.ts';
import { updateMonitoringState } from '../../src/store/monitoring-state.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';
import { STATES, watched } from './monitoring-fixtures.ts';
import { engine } from './trace-compound-fixtures.ts';

const modelsFolder = new URL('../../models', import.meta.url).pathname;

it('what a screen wrote is traced as it stands in the result, from CSV and from Parquet', async () => {
  const folder = temporaryFolder();
  const input = join(folder, 'in.csv');
  writeFileSync(input, 'name,smiles\n"aspirin, tablet",CC(=O)Oc1ccccc1C(=O)O\nbroken,CC(\nethanol,CCO\n');
  const workspace = join(folder, 'ws');
  const lineages = [];
  for (const name of ['out.csv', 'out.parquet']) {
    const request = { input, output: join(folder, name), models: ['herg', 'ames'], modelsFolder, workspace };
    lineages.push((await screen(engine, request)).lineage);
  }
  const [first, second] = lineages;
  const opened = await openWorkspace(workspace);
  const trace = await traceCompound(engine, opened, lineages, { text: '[Na+].CC(=O)Oc1ccccc1C(=O)[O-]' });
  expect(trace.unread).toEqual([]);
  expect(trace.predictions.map(({ run, model }) => [run, model.endpoint])).toEqual([
    [first.run, 'herg'],
    [first.run, 'ames'],
    [second.run, 'herg'],
    [second.run, 'ames'],
  ]);
  const [row] = readCsv(join(folder, 'out.csv'));
  for (const traced of trace.predictions) {
    const { endpoint } = traced.model;
    const number = (ending: string) =>
      row[endpoint + ending] === '' ? null : Number(row[endpoint + ending]);
    expect(traced).toMatchObject({
      value: number(''),
      low: number('_low'),
      high: number('_high'),
      percentile: number('_percentile'),
      inDomain: row[`${endpoint}_in_domain`] === 'true',
      nearest: {
        similarity: number('_nn_similarity'),
        inchikey: row[`${endpoint}_nn_id`],
        value: number('_nn_value'),
      },
      device: first.devices[endpoint],
      input: { path: input, row: 0, id: 'aspirin, tablet', text: 'CC(=O)Oc1ccccc1C(=O)O' },
      inchikey: 'BSYNRYMUTXBXSQ-UHFFFAOYSA-N',
    });
    const model = first.work.models.find((one) => one.endpoint === endpoint);
    expect([traced.model.version, traced.model.artifact]).toEqual([model?.version, model?.hash]);
  }
  const refused = await traceCompound(engine, opened, lineages, { text: 'broken', as: 'id' });
  expect(refused.rejections.map(({ run, input: { row } }) => [run, row])).toEqual([
    [first.run, 1],
    [second.run, 1],
  ]);
  expect(refused.rejections[0].reason).toBe(readCsv(join(folder, 'out.csv'))[1].reason);
});

it('an answer under a freeze is traced with its state, and a refusal as one', async () => {
  const folder = temporaryFolder();
  const input = join(folder, 'in.csv');
  writeFileSync(input, 'name,smiles\ntetracosane,CCCCCCCCCCCCCCCCCCCCCCCC\n');
  const workspace = await openWorkspace(join(folder, 'ws'));
  const artifact = (endpoint: string): string =>
    JSON.parse(readFileSync(join(modelsFolder, endpoint, '1', 'manifest.json'), 'utf8')).hash;
  const { outside, refused } = STATES;
  await updateMonitoringState(workspace, async () => [
    watched([outside], { artifact: artifact('herg') }),
    watched([refused], { endpoint: 'ames', artifact: artifact('ames') }),
  ]);
  const request = { input, output: join(folder, 'out.csv'), models: ['herg', 'ames'], modelsFolder };
  const { lineage } = await screen(engine, { ...request, workspace: workspace.path });
  const trace = await traceCompound(engine, workspace, [lineage], { text: 'tetracosane', as: 'id' });
  expect(trace.unread).toEqual([]);
  expect(trace.predictions).toHaveLength(1);
  expect(trace.predictions[0]).toMatchObject({ value: null, inDomain: false, state: stateText([outside]) });
  expect(trace.rejections.map(({ reason }) => reason)).toEqual([`ames@1: ${stateText([refused])}`]);
});
