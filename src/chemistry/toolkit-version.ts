import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const TOOLKIT_PACKAGE = '@rdkit/rdkit';

const require = createRequire(import.meta.url);

/** Path of RDKit's compiled program. */
export function toolkitProgram(): string {
  return require.resolve(`${TOOLKIT_PACKAGE}/RDKit_minimal.wasm`);
}

/** Version of the installed toolkit, as in its package.json; nothing is loaded. */
export function toolkitVersion(): string {
  const text = readFileSync(join(toolkitProgram(), '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
