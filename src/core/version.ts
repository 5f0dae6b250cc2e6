import { readFileSync } from 'node:fs';

/** The engine's version, as in package.json; part of every lineage record. */
export const ENGINE_VERSION: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;
