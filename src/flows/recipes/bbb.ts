import type { DatasetRecipe } from './dataset-recipe.ts';

export const bbb: DatasetRecipe = {
  endpoint: {
    id: 'bbb',
    title: 'Blood-brain barrier penetration',
    kind: 'classification',
    unit: 'probability',
    modelledScale: 'probability that it penetrates',
    transform: 'identity',
    direction: 'wanted for a target in the brain, unwanted for one elsewhere',
    assay:
      'Yes or no, merged from published lists and from ChEMBL permeability and logBB rows by threshold; not one assay.',
    species: 'mixed, not told apart',
  },
  rawFile: 'raw/pharmabench/bbb_cls_final_data.csv.gz',
  rawSha256: 'abaa6c120d5ce2136c9a77c2a90bfbb62c0ad2a6a807eeb0fe89749dca353466',
  smilesColumn: 'Smiles_unify',
  valueColumn: 'value',
  splitFile: 'splits/bbb.csv.gz',
  splitSha256: 'c1ac1abb89d348c109a71feec71eee9d6a588e0d7ae796b7f931abd0c29b7303',
  splitName: 'scaffold_train_test_label',
  splitOmits: false,
  source: 'PharmaBench (Niu et al. 2024, doi:10.1038/s41597-024-03793-0)',
  licence: 'CC0-1.0 for the set; underlying ChEMBL CC BY-SA 3.0',
  notes:
    'The published split leaks: 46 % of its test rows have the skeleton of a training row (stereo variants and stereo-free copies), so read its figures as optimistic. 173 skeletons carry both labels; 69 % of the rows are positive.',
  weakSpots:
    'Thresholds differ between the merged lists, and efflux by P-gp is not separated from permeability. Stereoisomers with different labels get one prediction.',
  cutoffs: 'above 0.5 more likely penetrating than not; the base rate is 0.69',
};
