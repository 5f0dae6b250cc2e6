#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it: it re-executes itself on the Node 24 that package.json pins
// when the caller's is older, and runs the TypeScript sources of a checkout or the compiled files of a package.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (Number(process.versions.node.split('.')[0]) < 24) {
  const require = createRequire(import.meta.url);
  const node = join(dirname(require.resolve('node/package.json')), 'bin', 'node');
  if (!existsSync(node)) {
    console.error(
      `assayer needs Node 24, and ${node} is missing: run npm ci (its install script must be allowed).`,
    );
    process.exit(1);
  }
  // In a process group of its own, so that the child gets each signal once: a terminal sends ctrl-C to the whole
  // group, `kill` to this process alone, and the child ends at once on a second one.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGTSTP', () => {
    child.kill('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  });
  process.on('SIGCONT', () => child.kill('SIGCONT'));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
} else {
  // A closed terminal, and the end of the process above, cancel as SIGTERM does: nothing half-written stays behind.
  const cancel = () => process.kill(process.pid, 'SIGTERM');
  process.on('SIGHUP', cancel);
  process.on('disconnect', cancel);
  process.channel?.unref();
  const source = join(root, 'src', 'main.ts');
  const { main } = await import(
    pathToFileURL(existsSync(source) ? source : join(root, 'dist', 'main.js')).href
  );
  process.exitCode = await main(process.argv.slice(2));
}
