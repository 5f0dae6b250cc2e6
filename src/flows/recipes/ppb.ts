import type { DatasetRecipe } from './dataset-recipe.ts';

export const ppb: DatasetRecipe = {
  endpoint: {
    id: 'ppb',
    title: 'Plasma protein binding',
    kind: 'regression',
    unit: 'fraction bound',
    modelledScale: 'log10(bound/unbound), limits -3 to 3',
    transform: 'log10-odds',
    direction: 'neither end is better; lower binding leaves more free drug',
    assay:
      'Binding to plasma or serum proteins by equilibrium dialysis, ultrafiltration and others, from some 400 literature assays.',
    species: 'human, as far as assays name one',
  },
  rawFile: 'raw/pharmabench/ppb_reg_final_data.csv.gz',
  rawSha256: 'a5c9402750dbc1d064407c062c791f66e82cd91b1df9c8fd03d9ae2f2a60f541',
  smilesColumn: 'Smiles_unify',
  valueColumn: 'value',
  plausible: { from: 0, to: 1 },
  assayLimits: { lower: Math.log10(0.001 / 0.999), upper: Math.log10(0.999 / 0.001) },
  splitFile: 'splits/ppb.csv.gz',
  splitSha256: 'a8b579b93480365dbe9b054529c2d28ea4fa8bfb6da49f71dde967e6860c8e0f',
  splitName: 'scaffold_train_test_label',
  splitOmits: false,
  source: 'PharmaBench (Niu et al. 2024, doi:10.1038/s41597-024-03793-0)',
  licence: 'CC0-1.0 for the set; underlying ChEMBL CC BY-SA 3.0',
  notes:
    'Small and mixed: half of the values are above 0.95, where one per cent is a large step on the modelled scale. In the longer list that the file was made from, every species that is named is human. Values past 0.999 (or below 0.001) are read as bounds there. Some assays are wrong in the source and are kept as published: CHEMBL5167414 (13 rows) holds unbound fractions as bound ones, CHEMBL4724731 has one value for all 18 rows.',
  weakSpots:
    'Low evidence: about 1,000 training rows from many laboratories. Do not tell 0.99 from 0.999 with it, a tenfold difference in free drug.',
  cutoffs: 'above 0.9 highly, above 0.99 very highly bound; below 0.5 mostly free',
};
