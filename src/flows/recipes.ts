import { ames } from './recipes/ames.ts';
import { bbb } from './recipes/bbb.ts';
import { cyp2d6Inhibition } from './recipes/cyp2d6-inhibition.ts';
import { cyp3a4Inhibition } from './recipes/cyp3a4-inhibition.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';
import { herg } from './recipes/herg.ts';
import { hlmClearance } from './recipes/hlm-clearance.ts';
import { logd } from './recipes/logd.ts';
import { mdr1Efflux } from './recipes/mdr1-efflux.ts';
import { ppb } from './recipes/ppb.ts';
import { rlmClearance } from './recipes/rlm-clearance.ts';
import { solubility } from './recipes/solubility.ts';
import { tox21SrMmp } from './recipes/tox21-sr-mmp.ts';

export type { DatasetRecipe } from './recipes/dataset-recipe.ts';

/** Every endpoint this engine can train, by id. */
export const DATASET_RECIPES: Readonly<Record<string, DatasetRecipe>> = Object.fromEntries(
  [
    ames,
    bbb,
    cyp2d6Inhibition,
    cyp3a4Inhibition,
    herg,
    hlmClearance,
    logd,
    mdr1Efflux,
    ppb,
    rlmClearance,
    solubility,
    tox21SrMmp,
  ].map((recipe) => [recipe.endpoint.id, recipe]),
);
