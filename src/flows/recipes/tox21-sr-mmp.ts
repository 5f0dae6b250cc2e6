import type { DatasetRecipe } from './dataset-recipe.ts';

export const tox21SrMmp: DatasetRecipe = {
  endpoint: {
    id: 'tox21-sr-mmp',
    title: 'Loss of mitochondrial membrane potential (Tox21 SR-MMP)',
    kind: 'classification',
    unit: 'probability',
    modelledScale: 'probability of decreasing the membrane potential',
    transform: 'identity',
    direction: 'lower is better (0 is no effect)',
    assay: 'Cell-based fluorescence screen in HepG2 cells (Tox21), active or inactive.',
    species: 'human cell line',
  },
  rawFile: 'raw/moleculenet/tox21.csv.gz',
  rawSha256: 'b58cc1f683e78e3c7a1bf7116e9aac0119804018d100f7b8cdb0857941c31aca',
  smilesColumn: 'smiles',
  valueColumn: 'SR-MMP',
  splitFile: 'splits/tox21-sr-mmp.csv.gz',
  splitSha256: '04e0207aafea90901f93c4674a696c5696ce5d2c2422ce451e1d53459b9d1acd',
  splitName: 'scaffold-hash',
  splitOmits: false,
  source: 'Tox21 (NIH, EPA, FDA) as packed by MoleculeNet',
  licence: 'MIT for the repository; underlying Tox21, public domain',
  notes: 'A blank is not tested (a quarter of the rows), not inactive. 16 % of the rows are positive.',
  weakSpots:
    'Cytotoxic and fluorescent compounds look active. Many industrial chemicals, few drug-like series.',
  cutoffs: 'above 0.5 more likely active than not, against a base rate of 0.16',
};
