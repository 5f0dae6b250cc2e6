import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/** One run of some work. */
export interface Timing {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

/** A program that stays, and answers each line with a line of JSON: so that it takes turns with what it is beside. */
export class Peer implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args);
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** The next line of its output. @throws Error where it ended */
  async read<T>(): Promise<T> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.#child.spawnfile} ended`);
    return JSON.parse(value) as T;
  }

  async ask<T = Timing>(line: string): Promise<T> {
    this.#child.stdin.write(`${line}\n`);
    return await this.read<T>();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
    this.#lines.close();
  }
}

/** Times work of this process; CPU seconds are those of all its threads. */
export async function time(work: () => unknown): Promise<Timing> {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wallSeconds: (performance.now() - wall) / 1000, cpuSeconds: (user + system) / 1e6 };
}
