/**
 * A text that fits its place: of a longer one the two ends, and how long it is.
 * @param most  characters (code points) that are shown, >= 8
 */
export function shorten(text: string, most = 96): string {
  // Looking at so many units suffices to know, whatever the length.
  if (text.length <= most) return text;
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const head = Math.ceil(most * 0.6);
  const tail = characters.slice(characters.length - (most - head)).join('');
  return `${characters.slice(0, head).join('')}…${tail} (${characters.length} characters)`;
}
