import type { DatasetRecipe } from './dataset-recipe.ts';

export const cyp2d6Inhibition: DatasetRecipe = {
  endpoint: {
    id: 'cyp2d6-inhibition',
    title: 'CYP2D6 inhibition',
    kind: 'classification',
    unit: 'probability',
    modelledScale: 'probability of being called an inhibitor',
    transform: 'identity',
    direction: 'lower is better (0 is no inhibition)',
    assay:
      'Quantitative high-throughput screen with recombinant CYP2D6 and a luciferin substrate (PubChem AID 1851), active or inactive.',
    species: 'human, recombinant',
  },
  rawFile: 'raw/tdc/cyp2d6_veith.tab.gz',
  rawSha256: '0eb2a25a3d7f0e5f1668ff43bd92f4e24f6f75c67a257f2f4072632e19fb03ff',
  smilesColumn: 'Drug',
  valueColumn: 'Y',
  splitFile: 'splits/cyp2d6-inhibition.csv.gz',
  splitSha256: '7490e4c2338e659a66e54ace0a090198e65e44086d750feed9a9ff94a8173072',
  splitName: 'scaffold-hash',
  splitOmits: false,
  source: 'Veith et al. 2009, doi:10.1038/nbt.1581, as distributed by Therapeutics Data Commons',
  licence:
    'CC BY 4.0 as the distributor states for most of its sets (not verified for this one); underlying PubChem, public domain',
  notes:
    'Inconclusive wells were removed by the distributor, so the CYP sets do not hold the same compounds. 19 % of the rows are positive.',
  weakSpots:
    'A luciferin readout is fooled by inhibitors of luciferase and by coloured compounds. Time-dependent inhibition is not seen, and no concentration is given.',
  cutoffs: 'above 0.5 more likely an inhibitor than not, against a base rate of 0.19',
};
