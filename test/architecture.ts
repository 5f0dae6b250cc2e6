import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

/** Folders of src by layer; a file imports its own folder or a lower layer. */
const LAYERS: Record<string, number> = {
  core: 0,
  // Bindings, above core for its errors alone.
  native: 0.5,
  chemistry: 1,
  store: 1,
  'backends/reference': 1,
  'backends/wasm': 1,
  'backends/cuda': 1,
  'backends/ort': 1,
  'backends/tfjs': 1,
  statistics: 1,
  onnx: 1,
  trainers: 1,
  registry: 1,
  scheduler: 1,
  queue: 1,
  flows: 2,
  workers: 2,
  http: 3,
  cli: 3,
  dashboard: 3,
};

/** Each heavy package has one owner; a prefix ends in a slash-star. */
const OWNERS: [prefix: string, owners: string[]][] = [
  ['fastify', ['http']],
  ['@fastify/', ['http']],
  ['piscina', ['chemistry']],
  ['@rdkit/rdkit', ['chemistry']],
  ['onnxruntime-node', ['backends/ort']],
  ['@tensorflow/', ['backends/tfjs']],
  ['koffi', ['native']],
  ['pg', ['registry']],
  ['@electric-sql/', ['registry']],
  ['bullmq', ['queue']],
  ['@duckdb/', ['store']],
  ['apache-arrow', ['store', 'core/wire']],
  ['commander', ['cli']],
  ['csv-parse', ['store']],
  ['canonicalize', ['core']],
];

const TOP_FILES = ['main.ts', 'index.ts'];

/** Everything a source text names as another module: static, type-only, dynamic, required, or by URL. */
export function importsOf(source: string): string[] {
  const patterns = [
    /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g,
    /\brequire(?:\.resolve)?\s*\(\s*['"`]([^'"`]+)['"`]/g,
    /\bimport\.meta\.resolve\s*\(\s*['"`]([^'"`]+)['"`]/g,
    /\bnew URL\(\s*['"`](\.[^'"`]*\.[jt]s)['"`]\s*,\s*import\.meta\.url/g,
  ];
  return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1]));
}

/** The folder that counts for the rule: `core`, or `backends/ort` (each backend is a folder of its own). */
function folderOf(file: string): string {
  const parts = file.split('/');
  if (parts.length === 1) return '';
  return parts[0] === 'backends' && parts.length > 2 ? `backends/${parts[1]}` : parts[0];
}

function checkImport(file: string, target: string): string | null {
  const from = folderOf(file);
  if (!target.startsWith('.')) {
    for (const [prefix, owners] of OWNERS) {
      const matches = prefix.endsWith('/')
        ? target.startsWith(prefix)
        : target === prefix || target.startsWith(`${prefix}/`);
      if (
        matches &&
        !owners.some(
          (owner) => owner === from || file.startsWith(`${owner}/`) || file.startsWith(`${owner}.`),
        )
      ) {
        return `${target} belongs to ${owners.join(' and ')}`;
      }
    }
    return null;
  }
  const path = posix.normalize(posix.join(dirname(file), target));
  if (path.startsWith('..')) return `${target} leaves src`;
  // The library's exports include the wiring; apart from that nothing looks up.
  if (TOP_FILES.includes(path)) return file === 'index.ts' ? null : `nothing imports ${path}`;
  const to = folderOf(path);
  if (from === '') return null;
  if (LAYERS[to] === undefined) return `${to || path} is no folder of the design`;
  if (to === from) return null;
  if (from === 'dashboard' && to !== 'core') return `dashboard imports only core, not ${to}`;
  if (LAYERS[to] > LAYERS[from]) return `${from} (layer ${LAYERS[from]}) imports upwards: ${to}`;
  if (LAYERS[to] === LAYERS[from]) return `${from} and ${to} are strangers in layer ${LAYERS[from]}`;
  return null;
}

/**
 * Every breach of the dependency rule.
 * @param files source text by path relative to src, with forward slashes
 * @returns one line for each breach: `file: why`
 */
export function architectureViolations(files: ReadonlyMap<string, string>): string[] {
  const violations: string[] = [];
  for (const [file, source] of files) {
    const folder = folderOf(file);
    if (folder === '' ? !TOP_FILES.includes(file) : LAYERS[folder] === undefined) {
      violations.push(`${file}: ${folder || 'a file at the top of src'} is no part of the design`);
      continue;
    }
    for (const target of importsOf(source)) {
      const problem = checkImport(file, target);
      if (problem) violations.push(`${file}: ${problem}`);
    }
  }
  return violations;
}

/** Source text of every .ts file below a folder, by path relative to it. */
export function readSources(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(folder, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
  }
  return files;
}
