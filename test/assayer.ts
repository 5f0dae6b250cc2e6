import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const bin = new URL('../bin/assayer.js', import.meta.url).pathname;
const models = new URL('../models', import.meta.url).pathname;

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Run>;
}

/** Starts the real command line as a child process. */
export function startAssayer(args: readonly string[], options: { cwd: string; input?: string }): Started {
  const child = spawn(process.execPath, [bin, ...args], { cwd: options.cwd, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Run>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs the command line to its end. */
export function assayer(args: readonly string[], options: { cwd: string; input?: string }): Promise<Run> {
  return startAssayer(args, options).ended;
}

/** An empty folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A copy of the shipped models that a test may damage. */
export function copyOfModels(folder: string): string {
  const copy = join(folder, 'models');
  cpSync(models, copy, { recursive: true });
  return copy;
}

/** Rows of a CSV output whose cells hold no line breaks, as objects by column name. */
export function readCsv(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n').map(splitCells);
  return lines.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
}

function splitCells(line: string): string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
  return cells.map((cell) => (cell[1] === undefined ? cell[2] : cell[1].replaceAll('""', '"')));
}
