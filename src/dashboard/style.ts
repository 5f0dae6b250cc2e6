import { DARK, LIGHT, properties } from './palette.ts';
import { PLOT_STYLE } from './style-plots.ts';
import { TABLE_STYLE } from './style-tables.ts';

/** The one style sheet of a page. Paper is always light. */
export const STYLE: string = `
:root{color-scheme:light dark;${properties(LIGHT)};--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{${properties(DARK)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:.94rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
bdi,code,pre{overflow-wrap:anywhere}
main{max-width:74rem;margin:0 auto;padding:2rem 1.5rem 3rem}
h1,h2,h3,h4,p,figure,dl,dd,ul,pre{margin:0;padding:0}
h1{font-size:2rem;line-height:1.15;letter-spacing:-.015em;font-weight:650}
h2{font-size:1.2rem;line-height:1.3;font-weight:650;margin:2.75rem 0 .75rem;padding-top:.9rem;border-top:1px solid var(--rule)}
h3{font-size:.95rem;line-height:1.35;font-weight:650;margin:1.5rem 0 .5rem}
h4{font-size:.9rem;line-height:1.35;font-weight:600}
p{max-width:68ch}
small,caption,figcaption,.footnote,.absent,.eyebrow,dt{color:var(--muted)}
small{font-size:.82rem;line-height:1.4;font-weight:400}
code,pre{font-family:var(--mono);font-size:.8rem;line-height:1.45}
.numeric,td,dd{font-variant-numeric:tabular-nums lining-nums}
.eyebrow{display:flex;flex-wrap:wrap;gap:.4rem .9rem;align-items:center;font-size:.85rem;margin-bottom:.6rem}
.lead{font-size:1.1rem;line-height:1.45;margin-top:.6rem}
.verdict{border-left:4px solid var(--unknown);padding-left:1.25rem}
.verdict-drift{border-color:var(--drift)}
.verdict-steady{border-color:var(--steady)}
.verdict-not-evaluable{border-left-style:dashed}
.verdict .facts{margin-top:1.25rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr))}
.state{display:inline-flex;align-items:center;gap:.4em;font-weight:600;white-space:nowrap;color:var(--unknown)}
.state svg{flex:none;fill:currentColor;stroke:currentColor;stroke-width:1.4;stroke-linejoin:round}
.state .hollow{fill:none}
.state-drift{color:var(--drift)}
.state-steady{color:var(--steady)}
h3 .state{font-size:.82rem;margin-left:.5rem}
.tally dt{display:flex;flex-wrap:wrap;gap:0 .6rem;font-weight:400}
.tally dt .state{font-size:.9rem}
.tally dt .unbroken{line-height:1.65}
.plots+.footnote{margin-top:1.25rem}
.footnote,figcaption{font-size:.82rem;line-height:1.45;max-width:80ch}
pre{white-space:pre-wrap;user-select:all;background:var(--surface);border:1px solid var(--rule);border-radius:4px;padding:.75rem 1rem;margin-top:.5rem}
pre span{display:inline-block;max-width:100%}
:focus-visible{outline:2px solid var(--reference);outline-offset:2px}
footer{margin-top:2.5rem;color:var(--muted);font-size:.82rem}
@media (max-width:40rem){
main{padding:1.25rem 1rem 2rem}
h1{font-size:1.55rem}
.verdict{padding-left:.9rem}
}
${TABLE_STYLE}${PLOT_STYLE}@page{size:A4;margin:15mm 14mm}
@media print{
:root{color-scheme:light}
html{font-size:12.5px}
body{background:none;font-size:1rem;line-height:1.4}
main{max-width:none;padding:0}
h2{margin-top:7mm}
h1,h2,h3,h4,caption,h3+.footnote{break-after:avoid}
tr,table:not(.broad),article,.plotted,.facts>div,pre{break-inside:avoid}
thead{display:table-header-group}
tbody tr:first-child{break-before:avoid}
}
`;
