import type { EndpointDefinition } from '../../core/endpoint.ts';

/**
 * How a dataset is made from public files. Paths are below the data folder; hashes are of the bytes inside the gzip,
 * as raw/CHECKSUMS.txt has them, so that packing a file anew changes nothing. Kept rows, labels and bounds are made from
 * the raw file by the rules of curation.ts; the split file says which kept rows are training and which test.
 */
export interface DatasetRecipe {
  readonly endpoint: EndpointDefinition;
  readonly rawFile: string;
  readonly rawSha256: string;
  readonly smilesColumn: string;
  /** Measured value, in the endpoint's unit (0 or 1 for classes). */
  readonly valueColumn: string;
  /** Column of `=`, `>`, `<`, `>=`, `<=`, `~`; where there is none every value is exact. */
  readonly relationColumn?: string;
  /** Column that names the unit of each value, and the factor to the endpoint's unit for each unit that may occur. */
  readonly units?: { readonly column: string; readonly factors: Readonly<Record<string, number>> };
  /** Values in the endpoint's unit that can be true, ends included; one without a modelled value never can. */
  readonly plausible?: { readonly from: number; readonly to: number };
  /** Ends of what the assay can tell, on the modelled scale: a value there means "at or below", "at or above". */
  readonly assayLimits?: { readonly lower?: number; readonly upper?: number };
  readonly splitFile: string;
  readonly splitSha256: string;
  readonly splitName: string;
  /** True where the published split leaves compounds of the raw file out; else one that is left out is an error. */
  readonly splitOmits: boolean;
  readonly source: string;
  readonly licence: string;
  /** What a reader of the card must know about these data. */
  readonly notes: string;
  /** Where the model built from them is known to fail. */
  readonly weakSpots: string;
  /** Cut-offs that people use on this scale, in words. */
  readonly cutoffs: string;
}
