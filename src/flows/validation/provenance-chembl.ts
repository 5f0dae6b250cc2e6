import type { FindProvenance } from './provenance-rule.ts';

/**
 * PharmaBench's final tables name neither assay nor date, but the tables they were made from do: rows are joined by
 * their standardized SMILES, and years by ChEMBL assay.
 */
const PPB_ASSAYS = {
  file: 'raw/pharmabench/dated/ppb_with_assay.csv.gz',
  sha256: '36283c9fa86fff0339a063820d80f69c4fc83c49b8f99a9ff04e5bdeff755ac5',
};
const PPB_DOCUMENTS = {
  file: 'raw/pharmabench/dated/chembl_ppb_raw_data.csv.gz',
  sha256: 'afbe0aa8a0e158e3334fdf4fd3710675136cc8dcac65176cb9dd02debfb90ad1',
};
const LOGD_ASSAYS = {
  file: 'raw/pharmabench/dated/logd_with_assay.csv.gz',
  sha256: '6317174a65ef20672af326fbfb75a3eac407b67846a96e9f186145ab92a2e374',
};

/** Assays of plasma protein binding, and the year of the document of each. */
export const assaysAndYearsOfPpb: FindProvenance = async (recipe, read) => {
  const [smiles] = await read(recipe.rawFile, recipe.rawSha256, [recipe.smilesColumn]);
  const [known, assays] = await read(PPB_ASSAYS.file, PPB_ASSAYS.sha256, ['Smiles_unify', 'source']);
  const [documented, years] = await read(PPB_DOCUMENTS.file, PPB_DOCUMENTS.sha256, [
    'Assay ChEMBL ID',
    'Document Year',
  ]);
  const yearOf = new Map<string, number>();
  documented.forEach((assay, i) => {
    if (years[i] !== '') yearOf.set(assay, Number(years[i]));
  });
  const assaysOf = groupTexts(known, assays);
  return {
    // A compound is new in the year of the first document that has it.
    years: smiles.map((text) => {
      const found = (assaysOf.get(text) ?? []).flatMap((assay) => yearOf.get(assay) ?? []);
      return found.length > 0 ? Math.min(...found) : null;
    }),
    origin: [{ by: 'ChEMBL assay', labels: smiles.map((text) => single(assaysOf.get(text))) }],
    source: { by: 'ChEMBL assay' },
  };
};

/** Assays of logD; the tables give no year. */
export const assayLabelsOfLogd: FindProvenance = async (recipe, read) => {
  const [smiles] = await read(recipe.rawFile, recipe.rawSha256, [recipe.smilesColumn]);
  const [known, assays] = await read(LOGD_ASSAYS.file, LOGD_ASSAYS.sha256, ['Smiles_unify', 'source']);
  const assaysOf = groupTexts(known, assays);
  return {
    years: 'the tables name assays, but no year',
    origin: [{ by: 'ChEMBL assay', labels: smiles.map((text) => single(assaysOf.get(text))) }],
    source: { by: 'ChEMBL assay' },
  };
};

function groupTexts(keys: readonly string[], texts: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  keys.forEach((key, i) => {
    const group = groups.get(key);
    if (group) group.push(texts[i]);
    else groups.set(key, [texts[i]]);
  });
  return groups;
}

/** The one text that all agree in; null where there is none or several. */
function single(texts: readonly string[] = []): string | null {
  return texts.length > 0 && texts.every((text) => text === texts[0]) ? texts[0] : null;
}
