import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { AssayerError } from '../../src/core/errors.ts';
import type { DeviceFacts } from './device-facts.ts';

const COMMITTED = new URL('../results', import.meta.url).pathname;

/** Writes result files of one device, each as soon as its part is done, so that what ends early leaves the rest. */
export class Results {
  readonly folder: string;
  readonly #facts: DeviceFacts;
  readonly #startedAt = new Date().toISOString();
  readonly #seed: number;

  /**
   * @param out  where the device's folder is made; bench/results when not said
   * @throws ERR_USAGE where an emulated device would come to stand among the measured ones
   */
  constructor(facts: DeviceFacts, seed: number, out: string = COMMITTED) {
    if (facts.emulated && !relative(COMMITTED, resolve(out)).startsWith('..')) {
      const problem = `Device ${facts.device.name} is emulated: its results do not belong into ${COMMITTED}. Name another folder with --out.`;
      throw new AssayerError('ERR_USAGE', { problem });
    }
    this.#facts = facts;
    this.#seed = seed;
    this.folder = join(out, facts.device.name.replace(/\W+/g, '-').toLowerCase());
    mkdirSync(this.folder, { recursive: true });
  }

  /** @returns the path written */
  write(name: string, result: object): string {
    const path = join(this.folder, `${name}.json`);
    const { emulated, ...facts } = this.#facts;
    const head = {
      name,
      measuredAt: this.#startedAt,
      emulated,
      seed: this.#seed,
      machine: facts,
    };
    writeFileSync(path, `${JSON.stringify({ ...head, ...result }, null, 1)}\n`);
    return path;
  }
}
