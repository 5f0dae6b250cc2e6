import { html, type Markup } from './escape.ts';

/** How the two sides of a plot are drawn, with their names and numbers. */
export function legend(plotId: string, reference: string, batch: string): Markup {
  return html`<ul class="legend"><li>${swatch(html`<path class="bars-reference" d="M1 1h20v10H1Z"/>`)}${reference}</li><li>${swatch(
    html`<path fill="url(#${plotId}-hatch)" d="M1 1h20v10H1Z"/><path class="step-batch" d="M1 11V1h20v10Z"/>`,
  )}${batch}</li></ul>`;
}

function swatch(marks: Markup): Markup {
  return html`<svg class="swatch" viewBox="0 0 22 12" width="22" height="12" aria-hidden="true">${marks}</svg>`;
}
