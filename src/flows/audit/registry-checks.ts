import type { Manifest } from '../../core/artifact.ts';
import { type AuditCheck, auditCheck, type Finding } from '../../core/audit.ts';
import type { EndpointDefinition } from '../../core/endpoint.ts';
import { canonicalJson, identity } from '../../core/hash.ts';
import { definitionHash, type RegistryRecord, type SignedHead } from '../../core/registry-records.ts';
import type { AnchorProblem } from '../../registry/heads.ts';
import type { RegistryReport } from '../verify-registry.ts';

/** What is listed of many alike. */
const MOST = 20;

/** @param report  null where the chain was not walked */
export function auditChain(report: RegistryReport | null): AuditCheck {
  if (report === null)
    return auditCheck('chain', {
      tried: 0,
      inWords: 'The chain was not walked: assayer audit --verify does.',
    });
  const { chain, tables, tablesProblem, heads } = report;
  const { records, head, problems } = chain;
  const remedy = 'restore the registry from a copy, and find out who writes to its database';
  const error = (inWords: string, evidence: Finding['evidence']): Finding => ({
    severity: 'error',
    inWords,
    evidence,
    remedy,
  });
  const findings = [
    ...problems
      .slice(0, MOST)
      .map(({ sequence, kind, inWords }) => error(inWords, [{ name: kind, value: `record ${sequence}` }])),
    ...heads.map(({ head: signed, kind, inWords }) => error(inWords, [{ name: kind, value: signed.hash }])),
    ...tables.map((difference) =>
      error('A table is not what the records say.', [{ name: 'table', value: canonicalJson(difference) }]),
    ),
    ...(tablesProblem === null
      ? []
      : [error(`Tables cannot be held against the records: ${tablesProblem}.`, [])]),
  ];
  const more = problems.length > MOST ? ` The first ${MOST} of ${problems.length} problems are listed.` : '';
  return auditCheck('chain', {
    inWords: `${records} records were held against their hashes and places, and every table against them.${more}`,
    evidence: [
      { name: 'records', value: String(records) },
      { name: 'head', value: head.hash ?? 'none' },
      { name: 'signed heads compared', value: String(report.headsCompared) },
    ],
    findings,
  });
}

/** @param anchored  heads that were anchored outside, and which of them the chain does not hold; null where none was given */
export function auditAnchors(
  anchored: { readonly heads: readonly SignedHead[]; readonly problems: readonly AnchorProblem[] } | null,
): AuditCheck {
  if (anchored === null || anchored.heads.length === 0) {
    const inWords =
      'No anchored head was given, so a chain that was cut short or written anew to its end would not be seen: assayer audit --anchors <file>.';
    return auditCheck('anchors', { tried: 0, inWords });
  }
  const { heads, problems } = anchored;
  return auditCheck('anchors', {
    inWords: `${heads.length - problems.length} of ${heads.length} anchored heads stand in the chain.`,
    evidence: heads
      .slice(-1)
      .map((head) => ({ name: `last anchor, record ${head.sequence}`, value: head.hash })),
    findings: problems.map(({ head, kind, inWords }) => ({
      severity: 'error',
      inWords,
      evidence: [
        { name: kind, value: head.hash },
        { name: 'anchored at', value: head.time },
      ],
      remedy: 'restore the registry from a copy that holds this head',
    })),
  });
}

/** A file of the outbox that is not in the registry. */
export interface OutboxFile {
  readonly path: string;
  /** Why it was set aside; null where it waits. */
  readonly reason: string | null;
}

export function auditOutbox(files: readonly OutboxFile[]): AuditCheck {
  return auditCheck('outbox', {
    inWords:
      files.length === 0
        ? 'Every run that left its record was taken in.'
        : `${files.length} records of runs are not in the registry.`,
    findings: files.slice(0, MOST).map(({ path, reason }) => ({
      severity: 'warning',
      inWords: reason === null ? 'A run waits to be taken in.' : `A run was refused: ${reason}`,
      evidence: [{ name: 'file', value: path }],
      remedy:
        reason === null
          ? 'assayer registry status'
          : 'screen its input again, and remove the file once its result is not used',
    })),
  });
}

/** What an endpoint means, whatever it is called for readers. */
function meaningOf(endpoint: EndpointDefinition): string {
  return identity({ ...endpoint, title: '', direction: '' });
}

/**
 * Endpoints that mean different things under one name: declared variants are told, models whose meaning nobody declared are
 * errors.
 */
export function auditMeanings(
  definitions: readonly RegistryRecord<'definition'>[],
  models: readonly Pick<Manifest, 'endpoint' | 'version' | 'hash'>[],
): AuditCheck {
  const findings: Finding[] = [];
  const byEndpoint = Map.groupBy(definitions, ({ subject }) => subject);
  for (const [endpoint, meanings] of byEndpoint) {
    const evidence = meanings.map(({ body }) => ({
      name: body.variant === null ? 'shared' : `variant ${body.variant}`,
      value: `${definitionHash(body.definition)} (${body.definition.endpoint.unit}; ${body.definition.endpoint.assay}; ${body.definition.merging})`,
    }));
    const unnamed = meanings.filter(({ body }) => body.variant === null).length;
    if (unnamed > 1)
      findings.push({
        severity: 'error',
        inWords: `${endpoint} has ${unnamed} definitions under one name.`,
        evidence,
        remedy: 'assayer audit --verify',
      });
    else if (meanings.length > 1)
      findings.push({
        severity: 'note',
        inWords: `${endpoint} means ${meanings.length} things, each declared: figures of one are not those of another.`,
        evidence,
        remedy: 'compare models of one definition only',
      });
  }
  for (const { endpoint, version, hash } of models) {
    const known = byEndpoint.get(endpoint.id);
    if (!known || known.some(({ body }) => meaningOf(body.definition.endpoint) === meaningOf(endpoint)))
      continue;
    findings.push({
      severity: 'error',
      inWords: `${endpoint.id}@${version} means another thing by ${endpoint.id} than any definition of the registry.`,
      evidence: [
        { name: 'artifact', value: hash },
        { name: 'its unit and assay', value: `${endpoint.unit}; ${endpoint.assay}` },
      ],
      remedy: 'declare it as a variant in the policy of its release, or give it a name of its own',
    });
  }
  return auditCheck('meanings', {
    inWords: `${definitions.length} definitions of ${byEndpoint.size} endpoints, and ${models.length} models under them.`,
    findings,
  });
}
