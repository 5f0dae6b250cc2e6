import type { Rejection } from './read-smiles.ts';
import type { RDKitModule } from './toolkit.ts';

/**
 * Why the toolkit refused a text, from its own messages: parses it once more to hear them.
 * @param text  SMILES or molfile for which `get_mol` answered null
 */
export function parseFailure(rdkit: RDKitModule, text: string): Rejection {
  const log = rdkit.set_log_capture('rdApp.error');
  rdkit.get_mol(text)?.delete();
  const lines = (log?.get_buffer() ?? '')
    .split('\n')
    .map((line) => line.replace(/^\[[\d:]+\]\s*/, '').trim());
  log?.delete();
  const syntax = lines.find((line) => /Parse Error/i.test(line));
  const position = lines.map((line) => /around position (\d+)/.exec(line)?.[1]).find((found) => found);
  const first = syntax ?? lines.find((line) => line !== '' && !line.startsWith('*')) ?? '';
  const message = first
    .replace(/^.*Parse Error:\s*/i, '')
    .replace(/\s*(?:for input|while parsing).*$/, '')
    .replace(/\s+/g, ' ')
    .slice(0, 100);
  if (message === '') return { code: 'SYNTAX' };
  return {
    code: syntax ? 'SYNTAX' : 'CHEMISTRY',
    detail: position ? `${message} near character ${position}` : message,
  };
}
