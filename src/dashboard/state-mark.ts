import type { Verdict } from '../core/drift.ts';
import { html, Markup } from './escape.ts';

/** A state's word, and a shape of its own, so that it is known without colour. */
const STATES: Readonly<Record<Verdict['state'], { word: string; shape: string }>> = {
  steady: { word: 'steady', shape: '<circle cx="6" cy="6" r="4.5"/>' },
  drift: { word: 'drift', shape: '<path d="M6 1L11.4 10.6H0.6Z"/>' },
  forecast: { word: 'forecast', shape: '<path class="hollow" d="M0.8 6H10.6M6.4 1.8L10.6 6L6.4 10.2"/>' },
  'not-evaluable': { word: 'not evaluable', shape: '<path class="hollow" d="M6 1.4L10.6 6L6 10.6L1.4 6Z"/>' },
};

export function stateMark(state: Verdict['state']): Markup {
  const { word, shape } = STATES[state];
  return html`<span class="state state-${state}"><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">${new Markup(shape)}</svg>${word}</span>`;
}
