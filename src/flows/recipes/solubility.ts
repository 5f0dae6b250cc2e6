import type { DatasetRecipe } from './dataset-recipe.ts';

export const solubility: DatasetRecipe = {
  endpoint: {
    id: 'solubility',
    title: 'Aqueous solubility',
    kind: 'regression',
    unit: 'log10(mol/L)',
    modelledScale: 'log10(mol/L)',
    transform: 'identity',
    direction: 'higher is more soluble',
    assay:
      'Equilibrium solubility in water near 25 C, merged from nine public sets; pH of the medium mostly not given.',
    species: 'none',
  },
  rawFile: 'raw/aqsoldb/data_curated.csv.gz',
  rawSha256: '363a42a4e4ea8e6039758146d34efdd95cde2da81c665316cacc1869e0a805ed',
  smilesColumn: 'SMILES',
  valueColumn: 'Solubility',
  splitFile: 'splits/solubility.csv.gz',
  splitSha256: '911b93c5bcf77ca414a83c6e0214edcf502c0fb08255a666f23479bf4e19e7fc',
  splitName: 'scaffold-hash',
  splitOmits: false,
  source: 'AqSolDB (Sorkun, Khetan and Er 2019, doi:10.1038/s41597-019-0151-1)',
  licence: 'CC0-1.0',
  notes:
    'Holds salts, metals, gases and liquids beside drugs, from laboratories that differ by more than 1 log unit on 5 to 10 % of shared compounds.',
  weakSpots:
    'Salts and mixtures are predicted as their parent, whose solubility can be another by several log units.',
  cutoffs: 'above -2 soluble, -4 to -2 moderately, -6 to -4 poorly soluble, below -6 practically insoluble',
};
