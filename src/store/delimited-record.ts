const LF = 10;
const CR = 13;
const QUOTE = 34;

/** One record of a delimited text, as byte ranges of its cells; reused from record to record. */
export class DelimitedRecord {
  readonly #delimiter: number;
  /** Cells found; a blank line has none. */
  count = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #quoted: boolean[] = [];
  /** Line feeds inside the record's quoted cells. */
  innerLines = 0;
  /** Where a quoted cell was still open when the bytes ended, as line feeds from the record's start; -1 if none. */
  openQuote = -1;
  /** True when a cell that spans lines has text after its closing quote: its opening quote was never meant as one. */
  misquoted = false;

  /** @param delimiter one ASCII byte */
  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /**
   * Finds the record that starts at `from`.
   * A cell is quoted when its first byte is a quote; inside, two quotes are one and line feeds belong to the cell.
   * @param final true when no more bytes follow, so that the last record need not end in a line feed
   * @returns where the next record starts, or -1 when this one goes on past the bytes
   * @source RFC 4180
   */
  scan(bytes: Buffer, from: number, final: boolean): number {
    const length = bytes.length;
    const delimiter = this.#delimiter;
    this.count = 0;
    this.innerLines = 0;
    this.openQuote = -1;
    this.misquoted = false;
    for (let at = from; ; at++) {
      const start = at;
      const quoted = at < length && bytes[at] === QUOTE;
      if (quoted) {
        at = this.#skipQuoted(bytes, at);
        if (at < 0) return -1;
      }
      const closed = at;
      while (at < length && bytes[at] !== delimiter && bytes[at] !== LF) at++;
      if (at === length && !final) return -1;
      const ended = at === length || bytes[at] === LF;
      const end = ended && at > start && bytes[at - 1] === CR ? at - 1 : at;
      if (quoted && end > closed && this.innerLines > 0) this.misquoted = true;
      this.#starts[this.count] = start;
      this.#ends[this.count] = end;
      this.#quoted[this.count] = quoted;
      this.count++;
      if (!ended) continue;
      if (this.count === 1 && start === end) this.count = 0;
      return Math.min(at + 1, length);
    }
  }

  /** @returns the byte after the closing quote, or -1 when there is none */
  #skipQuoted(bytes: Buffer, open: number): number {
    const linesBefore = this.innerLines;
    for (let at = open + 1; ; ) {
      const close = bytes.indexOf(QUOTE, at);
      const upTo = close < 0 ? bytes.length : close;
      for (let feed = bytes.indexOf(LF, at); feed >= 0 && feed < upTo; feed = bytes.indexOf(LF, feed + 1)) {
        this.innerLines++;
      }
      if (close < 0) {
        this.openQuote = linesBefore;
        return -1;
      }
      if (bytes[close + 1] !== QUOTE) return close + 1;
      at = close + 2;
    }
  }

  /** Text of cell i; '' where the record has fewer cells. Bytes that are not UTF-8 become U+FFFD. */
  text(bytes: Buffer, i: number): string {
    if (i >= this.count) return '';
    const raw = bytes.toString('utf8', this.#starts[i], this.#ends[i]);
    return this.#quoted[i] ? unquote(raw) : raw;
  }
}

/** What a quoted cell says; text after the closing quote is kept as it is. */
function unquote(raw: string): string {
  let close = raw.indexOf('"', 1);
  while (close >= 0 && raw[close + 1] === '"') close = raw.indexOf('"', close + 2);
  if (close < 0) close = raw.length;
  return raw.slice(1, close).replaceAll('""', '"') + raw.slice(close + 1);
}
