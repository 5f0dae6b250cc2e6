import type { DatasetRecipe } from './dataset-recipe.ts';

export const cyp3a4Inhibition: DatasetRecipe = {
  endpoint: {
    id: 'cyp3a4-inhibition',
    title: 'CYP3A4 inhibition',
    kind: 'classification',
    unit: 'probability',
    modelledScale: 'probability of being called an inhibitor',
    transform: 'identity',
    direction: 'lower is better (0 is no inhibition)',
    assay:
      'Quantitative high-throughput screen with recombinant CYP3A4 and a luciferin substrate (PubChem AID 1851), active or inactive.',
    species: 'human, recombinant',
  },
  rawFile: 'raw/tdc/cyp3a4_veith.tab.gz',
  rawSha256: 'f20f2676e5c9e196e31d5d8565c68e4ed3cc73a1c1b86c23c2ab9d833156804b',
  smilesColumn: 'Drug',
  valueColumn: 'Y',
  splitFile: 'splits/cyp3a4-inhibition.csv.gz',
  splitSha256: '59bc61101425ecba733715e435f8d702b6c9c11837c6fa292b5f704a13b466f0',
  splitName: 'scaffold-hash',
  splitOmits: false,
  source: 'Veith et al. 2009, doi:10.1038/nbt.1581, as distributed by Therapeutics Data Commons',
  licence:
    'CC BY 4.0 as the distributor states for most of its sets (not verified for this one); underlying PubChem, public domain',
  notes:
    'Inconclusive wells were removed by the distributor, so the CYP sets do not hold the same compounds. 41 % of the rows are positive.',
  weakSpots:
    'A luciferin readout is fooled by inhibitors of luciferase and by coloured compounds. Time-dependent inhibition is not seen, and no concentration is given.',
  cutoffs: 'above 0.5 more likely an inhibitor than not',
};
