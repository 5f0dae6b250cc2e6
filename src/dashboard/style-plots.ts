/** Plots, drawn structures, and the cards of series. */
export const PLOT_STYLE: string = `
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1.75rem 2rem}
.plotted h4{margin:0 0 .35rem}
h3+.footnote{margin:-.25rem 0 1rem}
.plot{display:block;width:100%;height:auto;max-width:30rem}
.plot text{font-size:11px;fill:var(--muted);font-variant-numeric:tabular-nums}
.plot .label{fill:var(--ink)}
.plot .marked{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--ground);stroke-width:3px;stroke-linejoin:round}
.plot .small{font-size:9.5px;paint-order:stroke;stroke:var(--ground);stroke-width:2px}
.axis{fill:none;stroke:var(--muted)}
.grid{fill:none;stroke:var(--rule)}
.bars-reference{fill:var(--reference);fill-opacity:.42;stroke:var(--reference);stroke-width:.8}
.step-batch{fill:none;stroke:var(--batch);stroke-width:1.8;stroke-linejoin:miter}
.hatch-batch{fill:none;stroke:var(--batch);stroke-width:1.1;stroke-opacity:.75}
.marker{fill:none;stroke:var(--ink);stroke-width:1.4;stroke-dasharray:5 3}
.diagonal{fill:none;stroke:var(--muted);stroke-dasharray:3 3}
.bounds{fill:none;stroke:var(--batch);stroke-width:1.3}
.point{fill:var(--ground);stroke:var(--batch);stroke-width:1.8}
.curve{fill:none;stroke:var(--batch);stroke-width:1.8}
.legend{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;list-style:none;font-size:.82rem;margin:.2rem 0 .35rem}
.legend+.plots{margin-top:.9rem}
.legend li{display:flex;align-items:center;gap:.45rem}
.swatch{flex:none}
details{font-size:.82rem;margin:.25rem 0}
summary{cursor:pointer;color:var(--muted)}
.series{display:flex;flex-wrap:wrap;margin-bottom:.75rem;gap:.75rem}
article{background:var(--surface);border:1px solid var(--rule);border-radius:6px;padding:.7rem .9rem .6rem}
article .facts{display:flex;flex-wrap:wrap;gap:.3rem 1.75rem}
.structures{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,8rem);gap:.3rem;margin-top:.5rem;align-items:end}
.structures figcaption{text-align:center;font-size:.78rem}
.scaffold figcaption{color:var(--ink);font-weight:600}
.structure{color:var(--ink)}
.structure svg{display:block;width:100%;height:auto;max-width:11.5rem;margin:0 auto}
.undrawn{color:var(--muted);font-size:.82rem}
.structure.undrawn{border:1px dashed var(--rule);border-radius:4px;padding:.5rem}
.structure.undrawn span,.structure.undrawn code{display:block}
@media (max-width:40rem){
article{flex:1 1 100%}
.structures{grid-auto-flow:row;grid-template-columns:repeat(2,minmax(0,1fr))}
}
@media print{
.plots{grid-template-columns:1fr 1fr;gap:5mm 8mm}
.series{gap:3mm}
article .facts{gap:.3rem 1.1rem}
.structures{grid-auto-columns:minmax(0,7.2rem)}
article{background:none}
.structure svg{max-width:38mm}
}
`;
