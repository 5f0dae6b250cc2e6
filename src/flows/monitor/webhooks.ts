import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { systemCode } from '../../store/file-error.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Webhook } from '../webhook.ts';

/** Addresses and secrets by the names that policies use: {"on-call": {"url": "https://...", "secret": "..."}}. */
export const WEBHOOKS_FILE = 'webhooks.json';

/**
 * The webhooks of a workspace: from ASSAYER_WEBHOOKS where that is given, else from webhooks.json, which only its user may
 * read.
 * @param text  the value of ASSAYER_WEBHOOKS
 * @throws ERR_WEBHOOK; no message repeats an address or a secret
 */
export async function readWebhooks(
  workspace: Workspace,
  text: string | undefined,
): Promise<ReadonlyMap<string, Webhook>> {
  const path = join(workspace.path, WEBHOOKS_FILE);
  const refuse = (name: string, problem: string, cause?: unknown) =>
    new AssayerError('ERR_WEBHOOK', { name, problem }, { cause });
  if (text !== undefined) return parse(text, (problem) => refuse('in ASSAYER_WEBHOOKS', problem));
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw refuse(`in ${path}`, 'others than its owner may read its secret; run chmod 600 on the file');
    return parse(await readFile(path, 'utf8'), (problem) => refuse(`in ${path}`, problem));
  } catch (cause) {
    if (cause instanceof AssayerError) throw cause;
    if (systemCode(cause) === 'ENOENT') return new Map();
    throw refuse(`in ${path}`, describeCause(cause), cause);
  }
}

function parse(text: string, refuse: (problem: string) => AssayerError): Map<string, Webhook> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, and that holds secrets.
    throw refuse('it is no JSON');
  }
  if (!isObject(document)) throw refuse('it is no object of names');
  return new Map(
    Object.entries(document).map(([name, value]) => {
      if (!isObject(value) || typeof value.url !== 'string' || typeof value.secret !== 'string')
        throw refuse(`${name} has no text "url" and "secret"`);
      return [name, { name, url: value.url, secret: value.secret }];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
