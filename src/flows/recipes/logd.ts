import type { DatasetRecipe } from './dataset-recipe.ts';

export const logd: DatasetRecipe = {
  endpoint: {
    id: 'logd',
    title: 'Distribution coefficient logD at pH 7.4',
    kind: 'regression',
    unit: 'log10(octanol/buffer)',
    modelledScale: 'logD at pH 7.4',
    transform: 'identity',
    direction: 'neither end is better; 1 to 3 is the usual target window',
    assay:
      'Octanol against buffer at pH 7.4, shake flask or chromatographic, from some 880 literature assays; about 30 % of the rows are one large industrial deposit (CHEMBL3301361).',
    species: 'none',
  },
  rawFile: 'raw/pharmabench/logd_reg_final_data.csv.gz',
  rawSha256: '501d3fd37e050ca1602f754b5890d618b618fd7c15e24b5e6c88f6f5d01cb6e9',
  smilesColumn: 'Smiles_unify',
  valueColumn: 'value',
  splitFile: 'splits/logd.csv.gz',
  splitSha256: 'a8a654bf2464ba61f9a35e6fb71728007364bcc8e91affe80c6c11c8434e5a2b',
  splitName: 'scaffold_train_test_label',
  splitOmits: false,
  source: 'PharmaBench (Niu et al. 2024, doi:10.1038/s41597-024-03793-0)',
  licence: 'CC0-1.0 for the set; underlying ChEMBL CC BY-SA 3.0',
  notes:
    'Shake-flask and chromatographic values are mixed. Of the test rows of the published split, 162 share a scaffold with a training row, 72 of them the skeleton.',
  weakSpots:
    'Protonation is not computed: the pKa of unusual acids, bases and zwitterions is guessed from similar compounds. Values below -2 and above 6 are rare and drawn toward the middle.',
  cutoffs:
    'below 0 often poorly permeable, 1 to 3 the usual target, above 5 often poorly soluble and quickly cleared',
};
