import { type Document, parseDocument, YAMLError } from 'yaml';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { type MonitorPolicy, parseMonitorPolicy } from '../../core/monitor-policy.ts';

/**
 * A policy from YAML or JSON (which is YAML too).
 * @param path  where it was read, for the message
 * @throws ERR_POLICY with the line where it is no plain YAML (anchors repeated by aliases are refused: a policy is read by
 *   people), or with the path inside the document
 */
export function parsePolicyText(text: string, path: string): MonitorPolicy {
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw noYaml(path, problem);
  return parseMonitorPolicy(plainValue(document, path), path);
}

function plainValue(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw noYaml(path, cause);
  }
}

function noYaml(path: string, cause: unknown): AssayerError {
  // The first line of the message; the rest draws the place in the text.
  const [line] = describeCause(cause).split(' at line');
  const place = cause instanceof YAMLError && cause.linePos ? ` (line ${cause.linePos[0].line})` : '';
  return new AssayerError('ERR_POLICY', { path, problem: `it is no plain YAML${place}: ${line}` }, { cause });
}
