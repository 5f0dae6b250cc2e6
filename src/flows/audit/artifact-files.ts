import type { Manifest } from '../../core/artifact.ts';
import { type AuditCheck, auditCheck, type Finding } from '../../core/audit.ts';
import { AssayerError } from '../../core/errors.ts';
import type { ReleaseRecord } from '../../core/release.ts';
import { listModels, type ModelEntry, readCard, readManifest, readModel } from '../models.ts';

/** What was found of an artifact in a folder of models. */
export interface FoundArtifact {
  /** null where the folder does not hold it. */
  readonly entry: ModelEntry | null;
  /** null where it cannot be read. */
  readonly manifest: Manifest | null;
  /** What is wrong with its files, each in words. */
  readonly problems: readonly string[];
  /** Identity of what lies under its name instead. */
  readonly instead: string | null;
}

/** Looks for a released artifact by its identity and reads all of its files. */
export async function findArtifact(modelsFolder: string, release: ReleaseRecord): Promise<FoundArtifact> {
  const problems: string[] = [];
  let instead: string | null = null;
  const entries = (await listModels(modelsFolder)).filter(({ endpoint }) => endpoint === release.endpoint);
  const named = entries.filter(({ version }) => version === release.version);
  for (const entry of [...named, ...entries.filter((one) => !named.includes(one))]) {
    const manifest = await attempt(() => readManifest(entry), problems);
    if (manifest && manifest.hash !== release.artifact) {
      if (named.includes(entry)) instead = manifest.hash;
      continue;
    }
    if (!manifest) {
      // Only under its own name does a manifest that cannot be read say anything of this artifact.
      if (named.includes(entry)) return { entry, manifest, problems, instead };
      problems.pop();
      continue;
    }
    await attempt(() => readModel(entry), problems);
    await attempt(() => readCard(entry, manifest), problems);
    return { entry, manifest, problems, instead };
  }
  return { entry: null, manifest: null, problems, instead };
}

async function attempt<T>(read: () => Promise<T>, problems: string[]): Promise<T | null> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof AssayerError && cause.code === 'ERR_MODEL_CORRUPT')) throw cause;
    problems.push(cause.message);
    return null;
  }
}

export function auditFiles(
  { endpoint, version, artifact }: ReleaseRecord,
  { entry, problems, instead }: FoundArtifact,
): AuditCheck {
  const evidence = [{ name: 'artifact', value: artifact ?? 'none' }];
  const name = `${endpoint}@${version}`;
  const remedy = `restore ${entry?.folder ?? name} from a copy, or assayer train ${endpoint} --model-version ${version} and compare the artifact`;
  const findings = problems.map((inWords): Finding => ({ severity: 'error', inWords, evidence, remedy }));
  if (!entry) {
    const there = instead === null ? '' : `; under its name lies ${instead}`;
    const inWords = `The artifact that was released as ${name} is not in the folder of models${there}.`;
    findings.push({
      severity: 'error',
      inWords,
      evidence,
      remedy: `assayer audit --models <folder that holds ${name}>`,
    });
  }
  return auditCheck('files', {
    inWords: entry
      ? `All files of ${entry.folder} were read and held against their hashes.`
      : `${name} is not there.`,
    evidence: [...evidence, ...(entry ? [{ name: 'folder', value: entry.folder }] : [])],
    findings,
  });
}
