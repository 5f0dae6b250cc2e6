import fs, { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../src/core/clock.ts';
import { AssayerError } from '../../src/core/errors.ts';
import { append } from '../../src/registry/append.ts';
import type { Database, Sql } from '../../src/registry/sql.ts';
import { label } from './fixtures.ts';
import { openPlace } from './place.ts';

/**
 * Appends labels to a registry, as a process of its own: `<folder> <url> <name> <count> <victim> <step> <start file or -> <file call>`.
 * It makes `count` appends of two labels each. At statement number `step` of the first it kills the process `victim`, which
 * may be 'self'; at the write or sync of a file of that number, itself. It prints the numbers of its records, or the code of the error, and stays until its input ends.
 */
const [folder, url, name, count, victim, step, start, fileCall] = process.argv.slice(2);
await using database = await openPlace({ folder, url });
process.stderr.write('ready\n');
while (start !== '-' && !existsSync(start)) await setTimeout(2);

if (fileCall !== '0') killAtFileCall(Number(fileCall));

let statements = 0;
function countStatement(): void {
  if (++statements !== Number(step)) return;
  process.kill(victim === 'self' ? process.pid : Number(victim), 'SIGKILL');
}

const watched: Database = {
  dialect: database.dialect,
  query: (text, values) => database.query(text, values),
  async transaction(use) {
    countStatement();
    const result = await database.transaction((sql) =>
      use({
        async query(text, values) {
          const rows = await (sql as Sql).query<never>(text, values);
          countStatement();
          return rows;
        },
      }),
    );
    countStatement();
    return result;
  },
  [Symbol.asyncDispose]: async () => undefined,
};

try {
  const appended: number[] = [];
  for (let i = 0; i < Number(count); i++) {
    const records = await append(watched, [label(`${name}-${i}`, 1), label(`${name}-${i}`, 2)], systemClock);
    appended.push(...records.map(({ sequence }) => sequence));
  }
  process.stdout.write(`${JSON.stringify(appended)}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify(error instanceof AssayerError ? error.code : String(error))}\n`);
}
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));

/** Emscripten's file system calls these; the count begins here, once the database is open. */
function killAtFileCall(last: number): void {
  let calls = 0;
  for (const name of ['writeSync', 'fsyncSync', 'ftruncateSync', 'unlinkSync', 'renameSync'] as const) {
    const real = fs[name] as (...values: unknown[]) => unknown;
    const counted = (...values: unknown[]) => {
      if (++calls === last) process.kill(process.pid, 'SIGKILL');
      return real(...values);
    };
    Object.assign(fs, { [name]: counted });
  }
  syncBuiltinESMExports();
}
