import { html, type Markup } from './escape.ts';

/**
 * How the two sides of a plot are drawn, with their names and numbers.
 * @param id  unique in the page
 */
export function legend(id: string, reference: string, batch: string): Markup {
  return html`<ul class="legend"><li>${swatch(html`<path class="bars-reference" d="M1 1h20v10H1Z"/>`)}${reference}</li><li>${swatch(
    html`${hatch(id)}<path fill="url(#${id}-hatch)" d="M1 1h20v10H1Z"/><path class="step-batch" d="M1 11V1h20v10Z"/>`,
  )}${batch}</li></ul>`;
}

/** Slanted lines in the colour of the batch, to be filled with as `url(#<id>-hatch)`. */
export function hatch(id: string): Markup {
  return html`<pattern id="${id}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch-batch" d="M0 0V5"/></pattern>`;
}

function swatch(marks: Markup): Markup {
  return html`<svg class="swatch" viewBox="0 0 22 12" width="22" height="12" aria-hidden="true">${marks}</svg>`;
}
