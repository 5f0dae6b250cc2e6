/** Each row of a table as its heading with its cells under it, side by side as far as there is room, labelled. */
function asBlocks(table: string): string {
  return `${table},${table} :is(caption,tbody,th,td){display:block}
${table} thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
${table} tr{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.35rem 1rem;padding:.6rem 0;border-bottom:1px solid var(--rule)}
${table} tbody th{grid-column:1/-1}
${table} td.apart.wide{grid-column:1/-1;order:1}
${table} td.apart::before{content:none}
${table} td:not(.apart){order:2}
${table} tbody :is(th,td,.numeric){border:0;padding:0;text-align:left}
${table} td::before{content:attr(data-label);display:block;color:var(--muted);font-size:.78rem;font-weight:600;line-height:1.35}
`;
}

/** Tables and lists of facts; where a page is narrow the rows of a table become blocks, sooner with many columns. */
export const TABLE_STYLE: string = `
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.4;margin:.75rem 0}
caption{text-align:left;font-size:.82rem;padding-bottom:.5rem;max-width:80ch}
th,td{text-align:left;vertical-align:top;padding:.5rem .9rem .5rem 0;border-bottom:1px solid var(--rule)}
thead th{font-size:.78rem;font-weight:600;color:var(--muted);vertical-align:bottom;border-bottom-color:var(--muted)}
tbody th{font-weight:600}
th:last-child,td:last-child{padding-right:0}
th small,td small{display:block}
thead .wide{width:40%}
.broad thead .wide{width:34%}
td{overflow-wrap:anywhere}
td>div{min-width:8rem}
.apart>div::first-letter{text-transform:uppercase}
td.numeric>div{min-width:4.6rem}
small.named{min-width:9rem}
.unbroken{white-space:nowrap}
details th,details td{padding-top:.2rem;padding-bottom:.2rem}
tbody th small{overflow-wrap:anywhere;max-width:60ch;margin-top:.1rem}
.numeric{text-align:right}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr));gap:.7rem 1.75rem}
dt,dd{min-width:0;overflow-wrap:anywhere}
article dt::first-letter{text-transform:uppercase}
dt{font-size:.78rem;font-weight:600;line-height:1.4}
dd{font-size:.92rem;line-height:1.4}
dd small,dd code{display:block}
.glossary .facts{display:block;columns:24rem;column-gap:2.5rem}
.glossary .facts>div{break-inside:avoid;padding-bottom:.7rem}
.glossary dt{color:var(--ink)}
.glossary dd{color:var(--muted);font-size:.85rem}
@media screen and (max-width:40rem){
${asBlocks('table')}}
@media screen and (max-width:54rem){
${asBlocks('.broad')}}
/* The sentences of a row stand under its figures. */
@media print,screen and (min-width:54.01rem) and (max-width:70rem){
.told,.told tbody{display:block}
.told thead,.told caption{display:block}
.told tr{display:grid;grid-template-columns:2.2fr 1.7fr 2.6fr 1.1fr 2fr 1.3fr;column-gap:.8rem;padding:.35rem 0;border-bottom:1px solid var(--rule)}
.told :is(th,td){border:0;padding:0}
.told thead tr{border-bottom-color:var(--muted)}
.told td.apart.wide{grid-column:1/-1;order:1;padding-top:.15rem}
.told thead .apart.wide{display:none}
.told td>div,.told td.numeric>div{min-width:0}
}
`;
