import type { DatasetRecipe } from './dataset-recipe.ts';

export const rlmClearance: DatasetRecipe = {
  endpoint: {
    id: 'rlm-clearance',
    title: 'Rat liver microsomal intrinsic clearance',
    kind: 'regression',
    unit: 'log10(mL/min/kg)',
    modelledScale: 'log10 of intrinsic clearance in mL/min/kg, scaled to the liver',
    transform: 'identity',
    direction: 'lower is more stable',
    assay: 'Substrate depletion in rat liver microsomes; one laboratory, about 20 months.',
    species: 'rat',
  },
  rawFile: 'raw/biogen/ADME_public_set_3521.csv.gz',
  rawSha256: '2cfabc2667740c224487876c33b23124159ef43294e0f9e4d926cb6276c95a3b',
  smilesColumn: 'SMILES',
  valueColumn: 'LOG RLM_CLint (mL/min/kg)',
  assayLimits: { lower: 1.027920136 },
  splitFile: 'splits/rlm-clearance.csv.gz',
  splitSha256: '9f7b0c484fbd5d3ab7b266d75791d5b86da27ac4713346f6a364cbef0ed8445c',
  splitName: 'authors',
  splitOmits: true,
  source: 'Biogen ADME public set (Fang et al. 2023, doi:10.1021/acs.jcim.3c00160)',
  licence: 'MIT',
  notes:
    "Of the values, 11 % sit at the assay floor, 1.028 (10.7 mL/min/kg): no loss was seen, so the true value is there or below. The figures score them as if they were exact. The authors' split is random-like: 19 % of the test rows share a scaffold with a training row.",
  weakSpots:
    'Rats clear many compounds faster and by other enzymes than humans: it does not stand in for human clearance. Stable compounds cannot be ranked below the floor.',
  cutoffs:
    'below 1.37 (24 mL/min/kg) the liver extracts under 30 % of the flow, above 2.11 (129 mL/min/kg) over 70 %, taken at a liver blood flow of 55.2 mL/min/kg without regard to binding',
};
