/**
 * Packs the GPU bench with all it needs into one archive, for a machine that has an NVIDIA driver and nothing else:
 *
 *     npm run bench:gpu:pack -- [--out assayer-gpu.tar.xz]
 *     tar xf assayer-gpu.tar.xz && assayer-gpu/bench-gpu --out results        # there
 *
 * Equal sources give an equal archive (with the same xz). Takes minutes, nearly all of them xz's.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CommandOption, helpText, runCommand } from './command.ts';
import { commitOf } from './device-facts.ts';
import { archive, FOLDER, largestFiles, stage } from './stage.ts';

/** What such archives may have at most. */
const MOST_BYTES = 60e6;

const OPTIONS = {
  out: { type: 'string', default: `${FOLDER}.tar.xz`, value: 'FILE', help: 'the archive' },
  help: { type: 'boolean', default: false, help: 'shows this' },
} as const satisfies Record<string, CommandOption>;

await runCommand(() => {
  const { values: options } = parseArgs({ options: OPTIONS });
  if (options.help) {
    process.stdout.write(helpText('npm run bench:gpu:pack -- [OPTION ...]', OPTIONS));
    return 0;
  }
  return pack(resolve(options.out));
});

/** @returns the exit code: 1 where the archive is larger than it may be */
function pack(out: string): number {
  const root = new URL('../..', import.meta.url).pathname;
  const temporary = mkdtempSync(join(tmpdir(), 'gpu-pack-'));
  try {
    const folder = stage(root, temporary, commitOf(root));
    const tar = join(temporary, 'archive.tar');
    archive(folder, tar);
    console.error(`compressing ${(statSync(tar).size / 1e6).toFixed(0)} MB`);
    execFileSync('sh', ['-c', 'xz -9 -T1 -c "$1" > "$2"', 'sh', tar, out]);
    const sizeBytes = statSync(out).size;
    console.log(`${out}: ${(sizeBytes / 1e6).toFixed(1)} MB`);
    if (sizeBytes <= MOST_BYTES) return 0;
    const largest = largestFiles(folder, 8).map(
      ({ path, bytes }) => `  ${path}: ${(bytes / 1e6).toFixed(1)} MB`,
    );
    console.error(`More than ${MOST_BYTES / 1e6} MB. Largest before compression:\n${largest.join('\n')}`);
    return 1;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
