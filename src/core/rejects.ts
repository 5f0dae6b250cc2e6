/**
 * Why a single compound is refused. A refused row is an answer, not an error: it stays in the output with its
 * code and text, and its neighbours are unharmed. Each text ends where a detail may follow after a colon.
 */
export const REJECTS = {
  EMPTY: 'no SMILES',
  NON_ASCII: 'holds a character outside ASCII',
  CONTROL_CHARACTER: 'holds a control character',
  TOO_LONG: 'text too long',
  TOO_MANY_ATOMS: 'too many heavy atoms',
  NOT_SMILES: 'not a SMILES',
  TRAILING_TEXT: 'text after the SMILES',
  SYNTAX: 'cannot be read',
  CHEMISTRY: 'chemically impossible',
  TIMEOUT: 'took too long',
  TOOLKIT_FAILED: 'the chemistry toolkit failed on it',
} as const;

export type RejectCode = keyof typeof REJECTS;

/** Refusals that may come from the state of the machine at that time instead of from the compound. */
const TRANSIENT: ReadonlySet<string> = new Set<RejectCode>(['TIMEOUT', 'TOOLKIT_FAILED']);

/** True where another run may accept the compound: an answer to give, but not one to keep for later runs. */
export function isTransientReject(reason: string | null): boolean {
  return reason !== null && TRANSIENT.has(reason.split(':', 1)[0]);
}

/** The text of the `reason` column: `CODE: text`, with the detail in brackets. */
export function rejectReason(code: RejectCode, detail?: string): string {
  return detail ? `${code}: ${REJECTS[code]} (${detail})` : `${code}: ${REJECTS[code]}`;
}
