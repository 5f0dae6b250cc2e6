/** An element's opening as a browser reads it. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface ReadPage {
  readonly tags: readonly Tag[];
  /** Text outside of tags, style left out, entities resolved. */
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const VOID = ['meta'];

/**
 * Reads a page strictly: every attribute quoted, every element closed in its turn, no comment, no stray bracket or
 * ampersand. So what passes cannot be read in another way by a browser.
 * @throws at the first place that is not as strict as that
 */
export function readPage(source: string): ReadPage {
  const tags: Tag[] = [];
  const open: string[] = [];
  let text = '';
  const pattern = /<!doctype html>|<(\/?)([a-z0-9]+)((?: [a-zA-Z-]+="[^"<>]*")*)(\/?)>|([^<>]+)|([\s\S])/g;
  // A style sheet is raw text: it ends at the first bracket that opens.
  const unstyled = source.replace(/<style>[^<]*<\/style>/, '<style></style>');
  for (const match of unstyled.matchAll(pattern)) {
    const [whole, closing, name, attributes, selfClosing, run, stray] = match;
    const around = () => unstyled.slice(Math.max(0, match.index - 60), match.index + 60);
    if (stray !== undefined) throw new Error(`stray ${stray} in ${around()}`);
    if (run !== undefined) {
      text += resolve(run);
      continue;
    }
    if (whole === '<!doctype html>') continue;
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing in ${around()}`);
      text += ' ';
      continue;
    }
    const pairs = [...attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)].map(
      ([, key, value]) => [key, resolve(value)] as const,
    );
    if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`repeated in ${around()}`);
    tags.push({ name, attributes: new Map(pairs) });
    if (!selfClosing && !VOID.includes(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(' ')}`);
  return { tags, text };
}

function resolve(text: string): string {
  return text.replace(/&(#?\w*);?/g, (whole, name: string) => {
    if (!(name in ENTITIES) || !whole.endsWith(';')) throw new Error(`bare ampersand: ${whole}`);
    return ENTITIES[name];
  });
}
