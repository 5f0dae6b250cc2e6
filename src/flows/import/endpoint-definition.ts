import type { EndpointDefinition } from '../../core/endpoint.ts';
import { AssayerError } from '../../core/errors.ts';
import { listModels, readManifest } from '../models.ts';
import { DATASET_RECIPES } from '../recipes.ts';
import { readJson } from './read-json.ts';

/** An id is a folder name and the name of a column. */
const ID = /^[a-z][a-z0-9-]{0,62}$/;
/** The texts of a definition, and the values that some of them can have. */
const TEXTS: Readonly<Record<keyof EndpointDefinition, readonly string[] | null>> = {
  id: null,
  title: null,
  kind: ['regression', 'classification'],
  unit: null,
  modelledScale: null,
  transform: ['identity', '9-log10', 'log10-odds'],
  direction: null,
  assay: null,
  species: null,
};

/**
 * The definition that a model of an endpoint gets: the shared one, that of the models which are there, or a file's for
 * an endpoint that is new. One id means one thing: a file that says something else of a known id is refused.
 * @param path  JSON file; null for none
 * @throws ERR_ENDPOINT_UNKNOWN, ERR_ENDPOINT_DEFINITION, ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_MODEL_CORRUPT
 */
export async function endpointDefinition(
  endpoint: string,
  path: string | null,
  modelsFolder: string,
): Promise<EndpointDefinition> {
  const known = await knownDefinition(endpoint, modelsFolder);
  if (path === null) {
    if (known) return known;
    const ids = Object.keys(DATASET_RECIPES).join(', ');
    throw new AssayerError('ERR_ENDPOINT_UNKNOWN', {
      endpoint,
      known: `${ids}; a new one needs --definition`,
    });
  }
  const definition = parseDefinition(endpoint, path, await readJson(path));
  const differing =
    known &&
    (Object.keys(TEXTS) as (keyof EndpointDefinition)[]).filter((key) => known[key] !== definition[key]);
  if (!differing || differing.length === 0) return definition;
  const parts = differing.map((key) => `${key} is "${known[key]}" there, "${definition[key]}" here`);
  throw new AssayerError('ERR_ENDPOINT_DEFINITION', {
    endpoint,
    path,
    problem: `it is known with another definition (${parts.join('; ')}). Give a variant its own id`,
  });
}

async function knownDefinition(id: string, modelsFolder: string): Promise<EndpointDefinition | null> {
  if (Object.hasOwn(DATASET_RECIPES, id)) return DATASET_RECIPES[id].endpoint;
  const entry = (await listModels(modelsFolder)).findLast(({ endpoint }) => endpoint === id);
  return entry ? (await readManifest(entry)).endpoint : null;
}

/** @throws ERR_ENDPOINT_DEFINITION */
function parseDefinition(endpoint: string, path: string, value: unknown): EndpointDefinition {
  const refuse = (problem: string) =>
    new AssayerError('ERR_ENDPOINT_DEFINITION', { endpoint, path, problem });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`it is no JSON object with ${Object.keys(TEXTS).join(', ')}`);
  }
  const entries = new Map(Object.entries(value));
  const texts: Record<string, string> = {};
  for (const [key, allowed] of Object.entries(TEXTS)) {
    const given: unknown = entries.get(key);
    entries.delete(key);
    if (typeof given !== 'string' || given.trim() === '') throw refuse(`${key} is missing, or no text`);
    if (allowed && !allowed.includes(given))
      throw refuse(`${key} is "${given}", not ${allowed.join(' or ')}`);
    texts[key] = given;
  }
  const [unknown] = entries.keys();
  if (unknown !== undefined) throw refuse(`it holds ${unknown}, which is no part of a definition`);
  const definition = texts as unknown as EndpointDefinition;
  if (definition.id !== endpoint) throw refuse(`its id is ${definition.id}`);
  if (!ID.test(definition.id))
    throw refuse('an id is small letters, digits and hyphens, at most 63, a letter first');
  const isClass = definition.kind === 'classification';
  if (isClass && (definition.unit !== 'probability' || definition.transform !== 'identity')) {
    throw refuse('a classification has the unit probability and the transform identity');
  }
  return definition;
}
