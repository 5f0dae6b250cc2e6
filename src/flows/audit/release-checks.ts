import type { Manifest } from '../../core/artifact.ts';
import { type AuditCheck, type AuditEvidence, auditCheck, type Finding } from '../../core/audit.ts';
import { comparisonVersions } from '../../core/comparison-versions.ts';
import type { RecordBodies } from '../../core/registry-records.ts';
import { CHECKS, type ReleaseRecord } from '../../core/release.ts';

const HASH = /^[0-9a-f]{64}$/;
const EXACT = /^\d+\.\d+\.\d+/;

const nameOf = ({ endpoint, version }: ReleaseRecord) => `${endpoint}@${version}`;
const again = (release: ReleaseRecord) => `assayer release ${nameOf(release)} --approver "Name <mail>"`;

/** Whether every check of the gate is recorded, none failed, and somebody answers for it; what was waived is told. */
export function auditGate(release: ReleaseRecord): AuditCheck {
  const { checks, approver, policy, evaluation } = release;
  const findings: Finding[] = [];
  const found = (severity: Finding['severity'], inWords: string, remedy: string) =>
    findings.push({ severity, inWords, evidence: [{ name: 'record', value: release.hash }], remedy });
  const missing = CHECKS.filter((name) => !checks.some(({ check }) => check === name));
  if (missing.length > 0) found('error', `The gate recorded no ${missing.join(', ')}.`, again(release));
  for (const { check, outcome, waiver = 'without a reason', words } of checks) {
    if (outcome === 'failed')
      found('error', `It was released though ${check} failed: ${words}`, again(release));
    if (outcome === 'waived')
      found(
        'note',
        `${check} was waived by ${approver.name}: ${waiver}`,
        `assayer release show ${release.endpoint}#${release.sequence}`,
      );
  }
  if (approver.name === '') found('error', 'Nobody answers for it.', again(release));
  return auditCheck('gate', {
    inWords: `${checks.length} checks are recorded, approved by ${approver.name || 'nobody'}, on ${evaluation.rows} rows.`,
    evidence: [
      { name: 'gate policy', value: policy.hash },
      { name: 'evaluation rows', value: evaluation.hash },
    ],
    findings,
  });
}

/** What the registry says of an artifact; null where it has no such record. */
export interface RegisteredArtifact {
  readonly artifact: RecordBodies['artifact'] | null;
  readonly dataset: RecordBodies['dataset'] | null;
  readonly isContractKnown: boolean;
}

const VERSION_NAMES = {
  assaySource: 'assay source',
  rawCompounds: 'raw compound set',
  featurization: 'featurization code',
  descriptorDictionary: 'descriptor dictionary',
  splitRule: 'split rule',
  modelArtifact: 'model artifact',
  evaluationSet: 'evaluation set',
} as const;

/** Whether all seven versions are there, and release record and registry name the same ones. */
export function auditVersions(
  release: ReleaseRecord,
  manifest: Manifest | null,
  { artifact, dataset, isContractKnown }: RegisteredArtifact,
): AuditCheck {
  if (!manifest)
    return auditCheck('versions', {
      tried: 0,
      inWords: 'Its manifest cannot be read, so its versions are not known.',
    });
  const versions = comparisonVersions(manifest);
  const findings: Finding[] = [];
  const remedy = `assayer train ${release.endpoint} --model-version <n>`;
  const parts = Object.entries(VERSION_NAMES) as [keyof typeof VERSION_NAMES, string][];
  // Hashes of what is missing would look like any other.
  const present: Readonly<Record<keyof typeof VERSION_NAMES, unknown>> = {
    assaySource: manifest.dataset.assaySource,
    rawCompounds: manifest.dataset.compounds,
    featurization: manifest.contract.fingerprint,
    descriptorDictionary: manifest.contract.descriptors?.names?.length,
    splitRule: manifest.split?.name && HASH.test(manifest.split.hash) ? manifest.split.name : undefined,
    modelArtifact: manifest.hash,
    evaluationSet: manifest.evaluation.hash,
  };
  const missing = parts.filter(([key]) => !present[key] || !HASH.test(versions[key])).map(([, name]) => name);
  if (missing.length > 0)
    findings.push({
      severity: 'error',
      inWords: `It has no version of: ${missing.join(', ')}.`,
      evidence: [],
      remedy,
    });
  const pairs: [what: string, said: string | null, is: string][] = [
    ['the artifact that was released', release.artifact, manifest.hash],
    ['the contract of the release', release.contract, manifest.contractHash],
    ['the dataset of the registry', artifact?.dataset ?? null, manifest.dataset.hash],
    ['the contract of the registry', artifact?.contract ?? null, manifest.contractHash],
    ['the trainer of the registry', artifact?.trainer ?? null, manifest.trainer.name],
  ];
  for (const [what, said, is] of artifact ? pairs : pairs.slice(0, 2)) {
    if (said === is) continue;
    const evidence = [
      { name: 'recorded', value: said ?? 'none' },
      { name: 'manifest', value: is },
    ];
    findings.push({
      severity: 'error',
      inWords: `The manifest names another one than ${what}.`,
      evidence,
      remedy,
    });
  }
  if (release.evaluation.hash !== manifest.evaluation.hash) {
    const evidence = [
      { name: 'gate', value: release.evaluation.hash },
      { name: 'manifest', value: manifest.evaluation.hash },
    ];
    const inWords = 'The gate judged it on other rows than the figures of its manifest were measured on.';
    findings.push({ severity: 'warning', inWords, evidence, remedy: again(release) });
  }
  const unknown = [
    ...(artifact ? [] : ['artifact']),
    ...(dataset ? [] : ['dataset']),
    ...(isContractKnown ? [] : ['contract']),
  ];
  if (unknown.length > 0) {
    const inWords = `The registry has no record of its ${unknown.join(', ')}.`;
    findings.push({
      severity: 'error',
      inWords,
      evidence: [{ name: 'artifact', value: manifest.hash }],
      remedy: 'assayer registry status --models <folder that holds it>',
    });
  }
  return auditCheck('versions', {
    inWords: `${parts.length - missing.length} of ${parts.length} versions are present.`,
    evidence: parts.map(([key, name]) => ({ name, value: versions[key] })),
    findings,
  });
}

/** Whether the versions of all that computed it are named exactly, and the toolkit is that of its contract. */
export function auditEnvironment(release: ReleaseRecord, manifest: Manifest | null): AuditCheck {
  if (!manifest)
    return auditCheck('environment', {
      tried: 0,
      inWords: 'Its manifest cannot be read, so what made it is not known.',
    });
  const { build = {}, contract } = manifest;
  const { package: toolkit, version } = contract.toolkit;
  const evidence: AuditEvidence[] = Object.entries(build).map(([name, value]) => ({ name, value }));
  const findings: Finding[] = [];
  const remedy = `assayer train --verify ${nameOf(release)}`;
  const loose = ['assayer', 'node', toolkit].filter((name) => !EXACT.test(build[name] ?? ''));
  if (loose.length > 0) {
    const inWords = `What made it is not pinned: no exact version of ${loose.join(', ')} is named.`;
    findings.push({ severity: 'warning', inWords, evidence, remedy });
  }
  if (build[toolkit] !== undefined && build[toolkit] !== version) {
    const inWords = `It was made with ${toolkit} ${build[toolkit]}, and its contract names ${version}.`;
    findings.push({ severity: 'error', inWords, evidence, remedy });
  }
  if (manifest.trainer.name !== 'imported' && !HASH.test(manifest.trainer.sourceHash)) {
    findings.push({
      severity: 'error',
      inWords: 'The sources of its trainer are not named by hash.',
      evidence,
      remedy,
    });
  }
  if (loose.length === 0 && !HASH.test(build.lock ?? '')) {
    const inWords =
      'Its manifest names the versions of what computes, and no hash of the lock file: other packages are not pinned by it.';
    findings.push({
      severity: 'note',
      inWords,
      evidence: [],
      remedy: 'keep package-lock.json of the engine version that it names',
    });
  }
  return auditCheck('environment', {
    inWords: `Made by Assayer ${build.assayer ?? 'of no known version'} on Node ${build.node ?? 'of no known version'} with ${toolkit} ${build[toolkit] ?? 'of no known version'}.`,
    evidence,
    findings,
  });
}

/** Fewer held-out residuals than this carry no 90 % interval. */
const LEAST_RESIDUALS = 30;

/** Whether intervals or probabilities were calibrated, on how many rows, and by which split. */
export function auditCalibration(release: ReleaseRecord, manifest: Manifest | null): AuditCheck {
  if (!manifest)
    return auditCheck('calibration', {
      tried: 0,
      inWords: 'Its manifest cannot be read, so its calibration is not known.',
    });
  const { calibration, split, evaluation } = manifest;
  const findings: Finding[] = [];
  const found = (severity: Finding['severity'], inWords: string, remedy: string) =>
    findings.push({
      severity,
      inWords,
      evidence: [{ name: 'calibration', value: calibration.kind }],
      remedy,
    });
  if (calibration.kind === 'none')
    found(
      'warning',
      'It is not calibrated: it gives no intervals, and probabilities as the model has them.',
      'import it again with held-out rows (assayer models import)',
    );
  if (calibration.kind === 'conformal') {
    const { edges, halfWidths, counts } = calibration;
    const isWhole = halfWidths.length === edges.length && counts.length === edges.length && edges.length > 0;
    if (!isWhole) found('error', 'Its calibration has bins without a half-width or a count.', again(release));
    const least = Math.min(...counts);
    if (least < LEAST_RESIDUALS)
      found('warning', `One of its half-widths rests on ${least} held-out residuals.`, again(release));
  }
  if (!split?.name || !HASH.test(split.hash)) found('error', 'Its split is not recorded.', again(release));
  if (!(evaluation.rows > 0)) found('error', 'It was measured on no rows.', again(release));
  return auditCheck('calibration', {
    inWords: `Calibration: ${calibration.kind}; split: ${split?.name ?? 'none'}, ${evaluation.rows} test rows.`,
    evidence: [
      { name: 'split', value: split?.hash ?? 'none' },
      { name: 'evaluation rows', value: evaluation.hash },
    ],
    findings,
  });
}
