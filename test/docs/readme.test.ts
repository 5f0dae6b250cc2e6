import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assayer, temporaryFolder } from '../assayer.ts';

const root = new URL('../../', import.meta.url).pathname;
const readme = readFileSync(join(root, 'README.md'), 'utf8');

interface Example {
  readonly command: string;
  readonly output: string;
}

/** The console blocks: commands (`$ ...`), each with the lines below it. */
function blocksOf(text: string): Example[][] {
  const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1]);
  return blocks.map((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command, ...lines] = part.trimEnd().split('\n');
        return { command, output: lines.join('\n').trim() };
      }),
  );
}

/** The command line's arguments of a shown command; null for what is not ours to run here (npm ci, npm test). */
function argumentsOf(command: string): string[] | null {
  const ours = command.replace(/^npm ci && /, '').replace(/^npm run demo$/, 'npx assayer demo');
  return ours.startsWith('npx assayer ')
    ? ours.slice('npx assayer '.length).replaceAll("'", '').split(' ')
    : null;
}

/** What may differ from run to run: times and rates, and the devices of the machine. */
function masked(output: string): string {
  return output
    .trim()
    .replace(/^time .*$/gm, 'time')
    .replace(/^device .*$/gm, 'device');
}

test('the first screen of the read-me shows the demo, after npm ci', () => {
  const [[first]] = blocksOf(readme.split('\n').slice(0, 40).join('\n'));
  expect(first.command).toBe('npm ci && npm run demo');
});

test('the read-me names the test command', () => {
  expect(readme).toContain('npm ci && npm test');
});

test.each(['README.md', 'docs/indexes.md'])('the commands of %s print what it shows', async (file) => {
  const blocks = blocksOf(readFileSync(join(root, file), 'utf8'));
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) {
    const folder = temporaryFolder();
    symlinkSync(join(root, 'examples'), join(folder, 'examples'));
    for (const name of ['library.csv', 'hits.csv']) {
      symlinkSync(join(root, 'examples', 'compounds.csv'), join(folder, name));
    }
    for (const { command, output } of block) {
      const args = argumentsOf(command);
      if (!args) continue;
      const run = await assayer(args, { cwd: folder });
      expect([command, run.code, run.stderr]).toEqual([command, 0, expect.not.stringContaining('ERR_')]);
      if (output) expect(masked(run.stdout)).toBe(masked(output));
    }
  }
});
