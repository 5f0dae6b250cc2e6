import type { DatasetRecipe } from './dataset-recipe.ts';

export const ames: DatasetRecipe = {
  endpoint: {
    id: 'ames',
    title: 'Ames mutagenicity',
    kind: 'classification',
    unit: 'probability',
    modelledScale: 'probability of a positive test',
    transform: 'identity',
    direction: 'lower is better (0 is safe)',
    assay:
      'Bacterial reverse mutation (Salmonella and E. coli strains, with and without S9); any strain positive is 1.',
    species: 'bacteria',
  },
  rawFile: 'raw/pharmabench/ames_cls_final_data.csv.gz',
  rawSha256: '3d867fa3748c94579d6bccea569a1d8eb38c6cfbd723fe7933f7adb1097566ed',
  smilesColumn: 'Smiles_unify',
  valueColumn: 'value',
  splitFile: 'splits/ames.csv.gz',
  splitSha256: 'bdc5362ce2e76a5629387a6b5fa4bff1e05f71563737e0c1a254c56ffff83fcc',
  splitName: 'scaffold_train_test_label',
  splitOmits: false,
  source: 'PharmaBench (Niu et al. 2024, doi:10.1038/s41597-024-03793-0)',
  licence: 'CC0-1.0 for the set; underlying ChEMBL CC BY-SA 3.0 and published Ames lists',
  notes:
    'The published split is unbalanced (46.8 % positive in train, 55.2 % in test) and 118 test rows share the skeleton with a training row.',
  weakSpots:
    'Any strain positive counts as positive; mutagens that need unusual activation are under-represented.',
  cutoffs: 'above 0.5 more likely mutagenic than not',
};
