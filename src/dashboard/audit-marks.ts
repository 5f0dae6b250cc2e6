import type { AuditCheck, AuditReport, Severity } from '../core/audit.ts';
import { html, Markup } from './escape.ts';

/** A word, a shape of its own so that it is known without colour, and whose colour it has. */
interface Mark {
  readonly word: string;
  readonly shape: string;
  readonly as: 'drift' | 'steady' | 'unknown';
}

const TRIANGLE = 'd="M6 1L11.4 10.6H0.6Z"';

const SEVERITY: Readonly<Record<Severity, Mark>> = {
  error: { word: 'error', shape: `<path ${TRIANGLE}/>`, as: 'drift' },
  warning: { word: 'warning', shape: `<path class="hollow" ${TRIANGLE}/>`, as: 'drift' },
  note: { word: 'note', shape: '<path class="hollow" d="M2 3.5H10M2 8.5H10"/>', as: 'unknown' },
};

const STATE: Readonly<Record<Exclude<AuditCheck['state'], 'found'>, Mark>> = {
  passed: { word: 'passed', shape: '<circle cx="6" cy="6" r="4.5"/>', as: 'steady' },
  partly: {
    word: 'tried in part',
    shape: '<path class="hollow" d="M6 1.5V10.5M1.5 6H10.5"/>',
    as: 'unknown',
  },
  'not-tried': {
    word: 'not tried',
    shape: '<path class="hollow" d="M6 1.4L10.6 6L6 10.6L1.4 6Z"/>',
    as: 'unknown',
  },
};

const VERDICT: Readonly<Record<AuditReport['state'], Mark>> = {
  error: SEVERITY.error,
  warning: SEVERITY.warning,
  incomplete: { ...STATE['not-tried'], word: 'not all was tried' },
  clean: STATE.passed,
};

export const severityMark = (severity: Severity): Markup => mark(SEVERITY[severity]);

export const verdictMark = (state: AuditReport['state']): Markup => mark(VERDICT[state]);

export const stateMark = (state: keyof typeof STATE): Markup => mark(STATE[state]);

/** A check's worst finding, or how far it was tried. */
export function checkMark({ state, findings }: AuditCheck): Markup {
  if (state !== 'found') return stateMark(state);
  return severityMark(findings.some(({ severity }) => severity === 'error') ? 'error' : 'warning');
}

function mark({ word, shape, as }: Mark): Markup {
  return html`<span class="state state-${as}"><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">${new Markup(shape)}</svg>${word}</span>`;
}
