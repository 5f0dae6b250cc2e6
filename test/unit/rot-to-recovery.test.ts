import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readStream } from '../../examples/rot-to-recovery/cases.ts';
import { replay } from '../../examples/rot-to-recovery/replay.ts';
import { createEngine } from '../../src/main.ts';
import { temporaryFolder } from '../assayer.ts';
import { noShared, shared } from '../shared.ts';

test.skipIf(noShared)(
  'a model rots, is frozen, learns the labels of the registry, and answers again after the gate',
  async () => {
    const workspace = temporaryFolder();
    const stream = await readStream({
      dataFolder: join(shared, 'data'),
      spoolFolder: workspace,
      case: 'microsomal-human-lab',
      most: 160,
      periods: 1,
    });
    const log: string[] = [];
    const engine = createEngine({ threads: 1, devices: ['cpu'], backends: ['wasm', 'reference'] });
    const policy = { checks: { permutations: 199 } };
    const say = (line: string) => log.push(line);
    // So few test rows tell the model from its nearest neighbours by chance only.
    const waivers = ['baseline=a short replay has some thirty test rows of each source'];
    const outcomes = await replay(engine, stream, { workspace, policy, waivers, say });

    const acted = outcomes.filter((outcome) => outcome !== 'carry-on');
    expect(acted).toEqual(['widen', 'freeze-release', 'retrain', 'released']);
    // Nothing is frozen before the drift; what is asked after the freeze and before the release is.
    const [kept] = stream.periods;
    const screened = log.filter((line) => line.includes(' screen '));
    expect(screened[0]).toContain(`${kept.compounds.length} answers, none frozen`);
    const at = (words: string) => log.findIndex((line) => line.includes(words));
    expect(at('160 frozen')).toBeGreaterThan(at('Freeze the release'));
    expect(at('@2 is a candidate')).toBeGreaterThan(at('160 frozen'));

    expect(screened.at(-1)).toContain('160 answers, none frozen');

    // The candidate has learnt of every compound that both came before, once: the first's data and all labels, no other.
    const data = join(workspace, 'retrain-data', stream.endpoint.id, '2');
    const rows = gunzipSync(readFileSync(join(data, 'raw.csv.gz')))
      .toString()
      .trimEnd()
      .split('\n')
      .slice(1);
    const first = gunzipSync(readFileSync(join(workspace, 'data/raw.csv.gz')))
      .toString()
      .trimEnd()
      .split('\n');
    const own = first.length - 1;
    const later = stream.periods.flatMap(({ compounds }) => compounds.map(({ value }) => value));
    const added = rows.slice(own).map((row) => row.split(',')[1].replaceAll('"', ''));
    expect(added.length).toBeGreaterThan(0.9 * later.length);
    const known = new Set(later.map(Number));
    expect(added.every((value) => known.has(Number(value)))).toBe(true);
    // Its test rows hold every test row of the first model, and new ones.
    const split = (folder: string) =>
      gunzipSync(readFileSync(join(folder, 'split.csv.gz')))
        .toString()
        .split('\n')
        .slice(1);
    const placed = (lines: string[]) => lines.map((line) => line.split(',').slice(0, 2).join(' '));
    const before = placed(split(join(workspace, 'data')));
    const after = placed(split(data));
    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    const isNewTest = (place: string) => Number(place.split(' ')[0]) >= own && place.endsWith(' test');
    expect(after.some(isNewTest)).toBe(true);
  },
);
