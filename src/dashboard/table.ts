import { type Content, html, type Markup, NOTHING } from './escape.ts';

export interface Column {
  readonly label: string;
  /** Right-aligned, so that digits stand under each other. */
  readonly numeric?: boolean;
  /** Has the room that the others leave. */
  readonly wide?: boolean;
  /** Known for what it is without its label, where rows are blocks. */
  readonly apart?: boolean;
}

export interface Table {
  /** What the table shows; read out, and shown above it. */
  readonly caption: string;
  readonly columns: readonly Column[];
  /** A cell for each column; the first one is the row's heading. */
  readonly rows: readonly (readonly Content[])[];
}

/** With so many columns a table needs more room than a small window has. */
const BROAD = 6;

/**
 * A table that becomes a list of blocks where the page is narrow, each cell then with its column's label. Roles are
 * written out, since a browser forgets them when a table is laid out as blocks.
 */
export function table({ caption, columns, rows }: Table): Markup {
  const kindOf = ({ numeric, wide, apart }: Column) => {
    const names = [numeric ? 'numeric' : '', wide ? 'wide' : '', apart ? 'apart' : ''].filter(Boolean);
    return names.length === 0 ? NOTHING : html` class="${names.join(' ')}"`;
  };
  const heading = (column: Column) =>
    html`<th role="columnheader" scope="col"${kindOf(column)}>${column.label}</th>`;
  const cell = (content: Content, i: number) => {
    const kind = kindOf(columns[i]);
    if (i === 0) return html`<th role="rowheader" scope="row"${kind}>${content}</th>`;
    return html`<td role="cell" data-label="${columns[i].label}"${kind}><div>${content}</div></td>`;
  };
  const names = [
    columns.length >= BROAD ? 'broad' : '',
    // On paper its sentences stand under the other cells.
    columns.some(({ wide, apart }) => wide && apart) ? 'told' : '',
  ].filter(Boolean);
  const kind = names.length === 0 ? NOTHING : html` class="${names.join(' ')}"`;
  return html`<table role="table"${kind}>
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(heading)}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => html`<tr role="row">${row.map(cell)}</tr>\n`)}</tbody>
</table>
`;
}

/** Names and what they stand for, as a description list. */
export function facts(pairs: readonly (readonly [name: Content, content: Content])[]): Markup {
  return html`<dl class="facts">
${pairs.map(([name, content]) => html`<div><dt>${name}</dt><dd>${content}</dd></div>\n`)}</dl>
`;
}
