/** HTML or SVG text that is safe to place in a page: made by `html` alone. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = string | Markup | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, and marks that turn the direction of the text after them: they hide what is written. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text for an element or a quoted attribute. What cannot be seen, and half surrogate pairs, show as U+FFFD.
 * @param text  from anywhere
 */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(HIDDEN, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * A template whose places are escaped, unless they are Markup already; lists are joined. Numbers are no places: how
 * many digits they get is decided where they are known.
 * @returns the markup, to be placed in another template or written by `page`
 */
export function html(parts: TemplateStringsArray, ...places: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + render(places[i - 1]) + part));
}

export const NOTHING: Markup = new Markup('');

function render(content: Content): string {
  if (typeof content === 'string') return escapeText(content);
  return content instanceof Markup ? content.text : content.map(render).join('');
}
