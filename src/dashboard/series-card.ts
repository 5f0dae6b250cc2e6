import type { Moved, Verdict } from '../core/drift.ts';
import { outside, partOf, pOf } from './drift-words.ts';
import { type Content, html, type Markup } from './escape.ts';
import { count, counted } from './figures.ts';
import { shorten } from './shorten.ts';
import { structure } from './structure.ts';
import { facts } from './table.ts';

const MOST_EXAMPLES = 3;

/** A series that moved: its scaffold, how much it moved the statistic, its compounds on either side, examples. */
export function seriesCard(moved: Moved, verdict: Verdict, drawings: ReadonlyMap<string, string>): Markup {
  const { name, p, examples } = moved;
  const figures = [...figuresOf(moved, verdict), ...(p === null ? [] : [['p, corrected', pOf(p)] as const])];
  const shown = examples.slice(0, MOST_EXAMPLES);
  return html`<article>
${facts(figures)}<div class="structures">
${scaffold(name, drawings)}
${shown.map((smiles, i) => html`<figure>${structure(smiles, drawings)}<figcaption>${shown.length === 1 ? 'example' : `example ${count(i + 1)}`}</figcaption></figure>\n`)}</div>
</article>
`;
}

function figuresOf({ effect, reference, batch }: Moved, verdict: Verdict): (readonly [string, Content])[] {
  const compounds = (rows: number) => counted(rows, 'compound', 'compounds');
  return [
    // Of a distance the effect of a series is a count, no part of the statistic.
    verdict.stream === 'distance'
      ? ['Beyond the domain', compounds(effect.value)]
      : [shorten(effect.name, 60), partOf(effect, verdict.effect)],
    ['In the batch', compounds(batch)],
    ['In the reference', reference === null ? 'not known' : compounds(reference)],
  ];
}

/** The scaffold drawn; what has no drawing is a series by another name, a plate or a document. */
function scaffold(name: string, drawings: ReadonlyMap<string, string>): Markup {
  if (drawings.has(name)) {
    return html`<figure class="scaffold">${structure(name, drawings)}<figcaption>scaffold</figcaption></figure>`;
  }
  const text = name === '' ? 'compounds without rings' : outside(name, 60);
  return html`<figure class="scaffold"><div class="structure undrawn">${text}</div><figcaption>series</figcaption></figure>`;
}
