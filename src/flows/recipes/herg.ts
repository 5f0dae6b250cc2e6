import type { DatasetRecipe } from './dataset-recipe.ts';

export const herg: DatasetRecipe = {
  endpoint: {
    id: 'herg',
    title: 'hERG channel inhibition, IC50',
    kind: 'regression',
    unit: 'nM',
    modelledScale: 'pIC50 = 9 - log10(IC50 / nM)',
    transform: '9-log10',
    direction: 'a higher IC50 (lower pIC50) is a weaker block',
    assay:
      'IC50 against hERG / IKr: manual and automated patch clamp, thallium flux and radioligand displacement mixed.',
    species: 'human',
  },
  rawFile: 'raw/chembl_herg/ChEMBL_hERG.csv.gz',
  rawSha256: 'a00c710826df11d42f899e1760de7ae503d58ff37137bc26d64cc38e0b9a79fb',
  smilesColumn: 'canonical_smiles',
  valueColumn: 'standard_value',
  relationColumn: 'standard_relation',
  units: { column: 'standard_units', factors: { nM: 1 } },
  plausible: { from: 0, to: 2.5e6 },
  splitFile: 'splits/herg.csv.gz',
  splitSha256: '2b6be8f2c15d712f5ca14dd909b9a6e4c43f254117ab487153872f8233d07246',
  splitName: 'scaffold-hash',
  splitOmits: false,
  source: 'ChEMBL hERG IC50 values as collected by P. Walters (practical_cheminformatics_tutorials)',
  licence: 'MIT for the file; underlying ChEMBL CC BY-SA 3.0',
  notes:
    'Some 540 assay descriptions are mixed. The figures are scored on exact values only; compounds with a bound ("> x") alone keep it.',
  weakSpots:
    'Compounds whose published values disagree by more than 0.5 log units are not among the rows, and these are the well studied blockers: dofetilide, cisapride and haloperidol are predicted too weak by far, in the domain and outside their intervals. A missing alarm is not a clean bill.',
  cutoffs: 'below 1,000 nM strong, 1,000 to 10,000 nM moderate block; above 10,000 nM weak',
};
