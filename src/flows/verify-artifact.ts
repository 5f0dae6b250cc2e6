import type { DrugSet } from './approved-like.ts';
import type { Engine } from './engine.ts';
import { type MakeOptions, makeArtifact } from './make-artifact.ts';
import { type ModelEntry, readModel } from './models.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';

export interface Verification {
  readonly model: string;
  /** The artifact's identity as it lies there, and as it was made again. */
  readonly hash: string;
  readonly rebuiltHash: string;
  /** What differs: parts of the manifest and files; empty where the artifact was reproduced. */
  readonly differs: readonly string[];
}

/**
 * Makes an artifact again from its raw data, with the version and seed of its manifest, and compares. Files are compared
 * through their hashes, which reading the artifact has checked; nothing is written.
 * @throws what readModel and makeArtifact throw
 */
export async function verifyArtifact(
  engine: Engine,
  entry: ModelEntry,
  recipe: DatasetRecipe,
  place: {
    readonly dataFolder: string;
    readonly workspace: string;
    /** As in ArtifactRequest: whether it has percentiles is not for the artifact to say. */
    readonly drugs: DrugSet | null;
  },
  options: MakeOptions = {},
): Promise<Verification> {
  const { manifest } = await readModel(entry);
  const { hash, build: _, files, ...parts } = manifest;
  const rebuilt = await makeArtifact(
    engine,
    {
      ...place,
      recipe,
      curationReport: null,
      version: manifest.version,
      seed: manifest.trainer.seed,
    },
    options,
  );
  const { hash: rebuiltHash, build: __, files: rebuiltFiles, ...rebuiltParts } = rebuilt.manifest;
  const differs = [
    ...differences('', parts, rebuiltParts),
    ...Object.keys(files).filter((name) => files[name] !== rebuiltFiles[name]),
  ];
  return { model: `${entry.endpoint}@${entry.version}`, hash, rebuiltHash, differs };
}

/** Paths of what is not equal, down to the second level: `trainer.sourceHash`. */
function differences(path: string, one: object, other: object): string[] {
  const sides = [one, other] as Record<string, unknown>[];
  const names = new Set(sides.flatMap(Object.keys));
  return [...names].flatMap((name) => {
    const [value, against] = sides.map((side) => side[name]);
    if (JSON.stringify(value) === JSON.stringify(against)) return [];
    const isBranch = path === '' && isRecord(value) && isRecord(against);
    return isBranch ? differences(`${name}.`, value, against) : [`${path}${name}`];
  });
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
