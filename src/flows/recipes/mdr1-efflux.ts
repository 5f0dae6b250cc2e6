import type { DatasetRecipe } from './dataset-recipe.ts';

export const mdr1Efflux: DatasetRecipe = {
  endpoint: {
    id: 'mdr1-efflux',
    title: 'MDR1-MDCK efflux ratio',
    kind: 'regression',
    unit: 'log10(ratio)',
    modelledScale: 'log10 of the efflux ratio, B to A over A to B',
    transform: 'identity',
    direction: 'lower is better for exposure of brain and gut',
    assay: 'Transport in both directions across MDCK cells transfected with MDR1 (P-gp); one laboratory.',
    species: 'human MDR1 in dog cells',
  },
  rawFile: 'raw/biogen/ADME_public_set_3521.csv.gz',
  rawSha256: '2cfabc2667740c224487876c33b23124159ef43294e0f9e4d926cb6276c95a3b',
  smilesColumn: 'SMILES',
  valueColumn: 'LOG MDR1-MDCK ER (B-A/A-B)',
  splitFile: 'splits/mdr1-efflux.csv.gz',
  splitSha256: 'e324f46aea259fc8a32cf73d0362579e725dbb038b6fc5b34f2ddfb7c71ecb7e',
  splitName: 'authors',
  splitOmits: true,
  source: 'Biogen ADME public set (Fang et al. 2023, doi:10.1021/acs.jcim.3c00160)',
  licence: 'MIT',
  notes:
    "Right-skewed: most compounds are near a ratio of 1, a fifth are well above it. The authors' split is random-like: 16 % of the test rows share a scaffold with a training row.",
  weakSpots:
    'Highly permeable substrates can show a ratio near 1 although P-gp carries them; other transporters (BCRP) are not told apart.',
  cutoffs: 'above 0.4 (ratio 2.5) reads as a P-gp substrate, above 1 (ratio 10) as a strong one',
};
