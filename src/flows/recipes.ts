import type { EndpointDefinition } from '../core/endpoint.ts';

/**
 * How a dataset is made from public files. Paths are below the data folder. The split file (columns row, split, y,
 * rel, group) names the kept rows of the raw file after duplicates were merged and conflicts dropped.
 */
export interface DatasetRecipe {
  readonly endpoint: EndpointDefinition;
  readonly rawFile: string;
  readonly smilesColumn: string;
  readonly splitFile: string;
  readonly splitName: string;
  readonly source: string;
  readonly licence: string;
  /** What a reader of the card must know about these data. */
  readonly notes: string;
  /** Where the model built from them is known to fail. */
  readonly weakSpots: string;
  /** Cut-offs that people use on this scale, in words. */
  readonly cutoffs: string;
}

const solubility: DatasetRecipe = {
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
  },
  rawFile: 'raw/aqsoldb/data_curated.csv.gz',
  smilesColumn: 'SMILES',
  splitFile: 'splits/solubility.csv.gz',
  splitName: 'scaffold-hash',
  source: 'AqSolDB (Sorkun, Khetan and Er 2019, doi:10.1038/s41597-019-0151-1)',
  licence: 'CC0-1.0',
  notes:
    'Holds salts, metals, gases and liquids beside drugs, from laboratories that differ by more than 1 log unit on 5 to 10 % of shared compounds.',
  weakSpots:
    'Salts and mixtures are predicted as their parent, whose solubility can be another by several log units.',
  cutoffs: 'above -2 soluble, -4 to -2 moderately, -6 to -4 poorly soluble, below -6 practically insoluble',
};

const herg: DatasetRecipe = {
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
  },
  rawFile: 'raw/chembl_herg/ChEMBL_hERG.csv.gz',
  smilesColumn: 'canonical_smiles',
  splitFile: 'splits/herg.csv.gz',
  splitName: 'scaffold-hash',
  source: 'ChEMBL hERG IC50 values as collected by P. Walters (practical_cheminformatics_tutorials)',
  licence: 'MIT for the file; underlying ChEMBL CC BY-SA 3.0',
  notes:
    'Some 540 assay descriptions are mixed. Bounds ("> x") are left out here: only exact values are fitted and scored.',
  weakSpots:
    'Compounds whose published values disagree by more than 0.5 log units are not among the rows, and these are the well studied blockers: dofetilide, cisapride and haloperidol are predicted too weak by far, in the domain and outside their intervals. A missing alarm is not a clean bill.',
  cutoffs: 'below 1,000 nM strong, 1,000 to 10,000 nM moderate block; above 10,000 nM weak',
};

const ames: DatasetRecipe = {
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
  },
  rawFile: 'raw/pharmabench/ames_cls_final_data.csv.gz',
  smilesColumn: 'Smiles_unify',
  splitFile: 'splits/ames.csv.gz',
  splitName: 'scaffold_train_test_label',
  source: 'PharmaBench (Niu et al. 2024, doi:10.1038/s41597-024-03793-0)',
  licence: 'CC0-1.0 for the set; underlying ChEMBL CC BY-SA 3.0 and published Ames lists',
  notes:
    'The published split is unbalanced (46.8 % positive in train, 55.2 % in test) and 118 test rows share the skeleton with a training row.',
  weakSpots:
    'Any strain positive counts as positive; mutagens that need unusual activation are under-represented.',
  cutoffs: 'above 0.5 more likely mutagenic than not',
};

/** Every endpoint this engine can train, by id. */
export const DATASET_RECIPES: Readonly<Record<string, DatasetRecipe>> = { ames, herg, solubility };
