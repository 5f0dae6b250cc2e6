import type { Workspace } from '../../store/workspace.ts';
import type { DatasetRecipe } from '../recipes/dataset-recipe.ts';
import { assayLabelsOfLogd, assaysAndYearsOfPpb } from './provenance-chembl.ts';
import { methodsOfHerg, sourcesOfAqsoldb, vendorsOfBiogen } from './provenance-columns.ts';
import type { FindProvenance, Provenance } from './provenance-rule.ts';
import { readColumns } from './read-columns.ts';

const ONE_SCREEN =
  'all values come from one screening campaign, and the file names neither a date nor a site (PubChem AID 1851)';

/** How each endpoint's provenance is found, by endpoint. */
export const PROVENANCE: Readonly<Record<string, FindProvenance>> = {
  solubility: sourcesOfAqsoldb,
  logd: assayLabelsOfLogd,
  ppb: assaysAndYearsOfPpb,
  herg: methodsOfHerg,
  'hlm-clearance': vendorsOfBiogen,
  'rlm-clearance': vendorsOfBiogen,
  'mdr1-efflux': vendorsOfBiogen,
  ames: unknown(
    'only 979 of the 9,139 raw rows (11 %) have the SMILES of a dated ChEMBL record; the others come from undated lists',
    'the file does not say which list or laboratory a row comes from',
  ),
  bbb: unknown(
    'only 623 of the 8,301 raw rows (8 %) have the SMILES of a dated ChEMBL record, and those are of permeability assays',
    'the file does not say which of the merged lists a row comes from',
  ),
  'cyp3a4-inhibition': unknown(ONE_SCREEN, ONE_SCREEN),
  'cyp2d6-inhibition': unknown(ONE_SCREEN, ONE_SCREEN),
  'tox21-sr-mmp': unknown(
    'the Tox21 table names no date',
    'all values come from one screening campaign (Tox21), and the file names no site',
  ),
};

/** The provenance of a recipe; of an endpoint that has no rule, that nothing is known. */
export async function provenanceOf(
  recipe: DatasetRecipe,
  dataFolder: string,
  workspace: Workspace,
  signal?: AbortSignal,
): Promise<Provenance> {
  const { id } = recipe.endpoint;
  const none = unknown(`no rule tells the dates of ${id}`, `no rule tells the sources of ${id}`);
  const find = Object.hasOwn(PROVENANCE, id) ? PROVENANCE[id] : none;
  return find(recipe, (file, sha256, columns) =>
    readColumns({ endpoint: id, dataFolder, file, sha256 }, columns, workspace, signal),
  );
}

function unknown(noYears: string, noSource: string): FindProvenance {
  return async () => ({ years: noYears, origin: [], source: noSource });
}
