import { AssayerError } from '../core/errors.ts';
import type { IndexRows } from '../store/fingerprint-rows.ts';

/** A Map holds at most 2^24 keys; beyond half of that another one is begun. */
const MAP_SIZE = 2 ** 23;

/** The ids of an index in the making, each with the place where it stands. */
export class IndexIds {
  readonly #maps: Map<string, string | number>[] = [new Map()];

  /** Takes an id of a row that is in the index already. */
  known(id: string, index: string): void {
    this.#put(id, `index ${index}`);
  }

  /**
   * Takes the ids of new rows.
   * @param path     where they stand, for the message
   * @param numbers  their rows there
   * @returns the rows, ids as they are stored
   * @throws ERR_INDEX_ID_REPEATED
   */
  add(path: string, rows: IndexRows, numbers: readonly number[]): IndexRows {
    // What UTF-8 cannot hold is replaced before ids are compared, not after.
    const ids = rows.ids.map((id) => id.toWellFormed());
    for (const [i, id] of ids.entries()) {
      const known = this.#maps.find((map) => map.has(id))?.get(id);
      if (known !== undefined) {
        const first = typeof known === 'number' ? `row ${known} of ${path}` : known;
        const second = `row ${numbers[i]} of ${path}`;
        throw new AssayerError('ERR_INDEX_ID_REPEATED', { id, first, second });
      }
      this.#put(id, numbers[i]);
    }
    return { ...rows, ids };
  }

  #put(id: string, place: string | number): void {
    if ((this.#maps.at(-1)?.size ?? 0) >= MAP_SIZE) this.#maps.push(new Map());
    this.#maps.at(-1)?.set(id, place);
  }
}
