import type { DriftStream, Moved, Verdict } from '../core/drift.ts';
import { outside, partOf, pOf } from './drift-words.ts';
import { type Content, html, type Markup } from './escape.ts';
import { count, counted } from './figures.ts';
import { shorten } from './shorten.ts';
import { structure } from './structure.ts';
import { facts } from './table.ts';

const MOST_EXAMPLES = 3;

/** Where not all rows of a series are counted: what the count is of. The reference is not counted then. */
const COUNTED: Partial<Record<DriftStream, string>> = { distance: 'Beyond the domain' };

/** A series that moved: its scaffold, how much it moved the statistic, its compounds on either side, examples. */
export function seriesCard(
  { name, effect, p, reference, batch, examples }: Moved,
  verdict: Verdict,
  drawings: ReadonlyMap<string, string>,
): Markup {
  const counting = COUNTED[verdict.stream];
  const compounds = (rows: number) => counted(rows, 'compound', 'compounds');
  const figures: [string, Content][] = [
    [shorten(effect.name, 60), counting ? compounds(effect.value) : partOf(effect, verdict.effect)],
    [counting ?? 'In the batch', compounds(batch)],
  ];
  if (!counting) figures.push(['In the reference', compounds(reference)]);
  if (p !== null) figures.push(['p, corrected', pOf(p)]);
  const shown = examples.slice(0, MOST_EXAMPLES);
  return html`<article>
${facts(figures)}<div class="structures">
${scaffold(name, drawings)}
${shown.map((smiles, i) => html`<figure>${structure(smiles, drawings)}<figcaption>${shown.length === 1 ? 'example' : `example ${count(i + 1)}`}</figcaption></figure>\n`)}</div>
</article>
`;
}

/** The scaffold drawn; what has no drawing is a series by another name, a plate or a document. */
function scaffold(name: string, drawings: ReadonlyMap<string, string>): Markup {
  if (drawings.has(name)) {
    return html`<figure class="scaffold">${structure(name, drawings)}<figcaption>scaffold</figcaption></figure>`;
  }
  const text = name === '' ? 'compounds without rings' : outside(name, 60);
  return html`<figure class="scaffold"><div class="structure undrawn">${text}</div><figcaption>series</figcaption></figure>`;
}
