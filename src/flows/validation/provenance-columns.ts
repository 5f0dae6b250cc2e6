import type { FindProvenance } from './provenance-rule.ts';

/** The letter of AqSolDB's id is the public set that a row was taken from. */
export const sourcesOfAqsoldb: FindProvenance = async (recipe, read) => {
  const [ids] = await read(recipe.rawFile, recipe.rawSha256, ['ID']);
  return {
    years: 'AqSolDB names no dates',
    origin: [{ by: 'AqSolDB source', labels: ids.map((id) => /^[A-I](?=-)/.exec(id)?.[0] ?? null) }],
    source: { by: 'AqSolDB source' },
  };
};

/** Collections that the compounds of the Biogen set were bought from: origin of compounds, not of values. */
export const vendorsOfBiogen: FindProvenance = async (recipe, read) => {
  const [collections] = await read(recipe.rawFile, recipe.rawSha256, ['CollectionName']);
  return {
    years: 'measured within about 20 months; the file names no date',
    origin: [{ by: 'compound collection', labels: collections.map((name) => name || null) }],
    source:
      'all values come from one laboratory and one assay; collections of compounds are no sources of values',
  };
};

/** Rules in this order decide what a description of a hERG assay says of the method. */
const HERG_METHODS: readonly (readonly [method: string, says: RegExp])[] = [
  [
    'electrophysiology',
    /patch|electrophysiolog|voltage.?clamp|tail current|ion ?works?|hERG potassium current/i,
  ],
  [
    'ligand displacement',
    /displac|binding|radioligand|\[3H\]|\[35S\]|\[125I\]|MK-?499|dofeti[ld]i[ld]e|astemizole/i,
  ],
  ['flux or dye', /\bRb|rubidium|thallium|flux|FLIPR|membrane potential|fluorescen|FluxOR/i],
];

/** Methods behind hERG values as far as the assay's description tells them. */
export const methodsOfHerg: FindProvenance = async (recipe, read) => {
  const [descriptions] = await read(recipe.rawFile, recipe.rawSha256, ['description']);
  return {
    years: 'the table names neither documents nor years',
    origin: [
      { by: 'method', labels: descriptions.map(methodOf) },
      { by: 'assay description', labels: descriptions.map((text) => shortened(text) || null) },
    ],
    source: { by: 'method' },
  };
};

/** @returns 'not said' where the description names no method */
export function methodOf(description: string): string {
  return HERG_METHODS.find(([, says]) => says.test(description))?.[0] ?? 'not said';
}

/** Patents repeat a page of protocol under many numbers; the first words tell assays apart well enough. */
function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
