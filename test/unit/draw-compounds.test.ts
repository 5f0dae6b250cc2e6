import { readFileSync } from 'node:fs';
import { beforeAll, expect, test, vi } from 'vitest';
import { drawCompounds } from '../../src/chemistry/draw-compounds.ts';
import { redraw } from '../../src/chemistry/redraw.ts';
import { Toolkit } from '../../src/chemistry/toolkit.ts';

const SIZE = { width: 150, height: 110 };
const EXAMPLES = readFileSync(new URL('../../examples/compounds.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.slice(line.lastIndexOf(',') + 1));
const ATTRIBUTES = [
  'class',
  'viewBox',
  'width',
  'height',
  'aria-hidden',
  'fill',
  'stroke',
  'stroke-width',
  'd',
];

let toolkit: Toolkit;
beforeAll(async () => {
  toolkit = await Toolkit.load();
});

test('every example is drawn as paths alone, without ids, styles, background or fixed black', async () => {
  const drawings = await drawCompounds(toolkit, EXAMPLES, SIZE);
  expect([...drawings.keys()]).toEqual(EXAMPLES);
  for (const [smiles, svg] of drawings) {
    expect(new Set(svg.match(/<[^\s>]+/g)), smiles).toEqual(new Set(['<svg', '<path', '</svg']));
    const attributes = new Set([...svg.matchAll(/ ([a-zA-Z-]+)="/g)].map(([, name]) => name));
    expect(
      [...attributes].filter((name) => !ATTRIBUTES.includes(name)),
      smiles,
    ).toEqual([]);
    expect(svg.match(/"#[0-9a-fA-F]+"|url|NaN/), smiles).toBeNull();
    expect(svg).toContain('viewBox="0 0 150 110" width="150" height="110"');
  }
});

test('bonds have the colour of the text around them, heteroatoms one that the page decides', async () => {
  const coloursOf = async (smiles: string) => {
    const svg = (await drawCompounds(toolkit, [smiles], SIZE)).get(smiles) ?? '';
    return new Set(
      [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour.replace(/,.*/, '')),
    );
  };
  expect(await coloursOf('c1ccccc1C')).toEqual(new Set(['none', 'currentColor']));
  expect(await coloursOf('*c1ccccc1B(O)O')).toEqual(new Set(['none', 'currentColor', 'var(--atom-oxygen']));
  expect(await coloursOf('NCCS(=O)(=O)OP(F)Cl')).toEqual(
    new Set([
      'none',
      'currentColor',
      ...['nitrogen', 'sulfur', 'oxygen', 'phosphorus', 'halogen'].map((name) => `var(--atom-${name}`),
    ]),
  );
});

test('the same compounds give the same bytes, repeats once, whatever was drawn before', async () => {
  const pair = ['CCO', 'c1ccccc1', 'CCO'];
  const first = await drawCompounds(toolkit, pair, SIZE);
  const other = await drawCompounds(await Toolkit.load(), pair.toReversed(), SIZE);
  expect([...first.keys()]).toEqual(['CCO', 'c1ccccc1']);
  expect(other.get('CCO')).toBe(first.get('CCO'));
  expect(other.get('c1ccccc1')).toBe(first.get('c1ccccc1'));
});

test('what is no SMILES, or too large for a picture, has no drawing', async () => {
  const refused = ['', 'plate 7', 'C1CC(', 'c1cccc1', 'C'.repeat(121), 'InChI=1S/CH4/h1H4', '<svg/>', 'CC(C'];
  expect((await drawCompounds(toolkit, [...refused, 'C'.repeat(120)], SIZE)).size).toBe(1);
  expect((await drawCompounds(toolkit, [], SIZE)).size).toBe(0);
});

test('every molecule is deleted', async () => {
  let alive = 0;
  const { get_mol } = toolkit.rdkit;
  const spy = vi.spyOn(toolkit.rdkit, 'get_mol').mockImplementation((smiles: unknown) => {
    const mol = Reflect.apply(get_mol, toolkit.rdkit, [smiles]);
    if (!mol) return mol;
    alive++;
    const remove = mol.delete.bind(mol);
    mol.delete = () => {
      alive--;
      remove();
    };
    return mol;
  });
  await drawCompounds(toolkit, ['CCO', 'C1CC(', 'CCN', 'c1cccc1'], SIZE);
  expect(spy.mock.calls.length).toBeGreaterThanOrEqual(3);
  expect(alive).toBe(0);
  spy.mockRestore();
});

test('a compound that breaks the toolkit has no drawing, and the next is drawn by a fresh one', async () => {
  const own = await Toolkit.load();
  const broken = own.rdkit;
  vi.spyOn(broken, 'get_mol').mockImplementation(() => {
    throw new Error('memory access out of bounds');
  });
  const drawings = await drawCompounds(own, ['CCO', 'CCN'], SIZE);
  expect([...drawings.keys()]).toEqual(['CCN']);
  expect(own.rdkit).not.toBe(broken);
});

const HEADER = '<svg><!-- END OF HEADER -->\n';
const PATH =
  "<path class='bond-0' d='M 1.0,2.5 L 3,4' style='fill:none;stroke:#FF0000;stroke-width:1.3px' />\n";

test('a drawing is written anew from its coordinates', () => {
  expect(redraw(`${HEADER}${PATH}${PATH}</svg>`, SIZE)).toBe(
    '<svg class="molecule" viewBox="0 0 150 110" width="150" height="110" aria-hidden="true"><path fill="none" stroke="var(--atom-oxygen, #c0201d)" stroke-width="1.3" d="M1 2.5L3 4M1 2.5L3 4"/></svg>',
  );
});

test.each([
  ['another element', `${PATH}<text x='1'>N</text>`],
  ['a script', '<script>1</script>'],
  ['coordinates that are none', PATH.replace('M 1.0', 'M javascript')],
  ['a colour that was not asked for', PATH.replace('#FF0000', '#123456')],
  ['no coordinates', "<path style='fill:none' />"],
])('a drawing with %s is refused', (_, body) => {
  expect(redraw(`${HEADER}${body}</svg>`, SIZE)).toBeNull();
  expect(redraw(body, SIZE)).toBeNull();
});
