import type { Manifest } from '../core/artifact.ts';

/** A well-known compound that a shipped artifact gets wrong, or for which its answer is easily misread. */
export interface KnownMiss {
  readonly name: string;
  readonly smiles: string;
  /** As `assayer screen` answers with this artifact, in the endpoint's unit, rounded: value, low and high end. */
  readonly predicted: readonly [value: string, low: string, high: string] | readonly [value: string];
  /** What is known, from where, and what to make of it. */
  readonly known: string;
}

/** Known misses of one artifact; another artifact of the endpoint has others. */
export interface KnownMisses {
  readonly artifact: string;
  readonly misses: readonly KnownMiss[];
}

/**
 * Compounds that a chemist tries first, by endpoint. test/unit/known-misses.test.ts predicts each anew. This is text of
 * the card: no artifact's identity depends on it.
 */
export const KNOWN_MISSES: Readonly<Record<string, KnownMisses>> = {
  ppb: {
    artifact: '48417f92990faaabc3252e8740bbb0b08427c624220fc30903ed557ac858ce4b',
    misses: [
      {
        name: 'ibuprofen',
        smiles: 'CC(C)Cc1ccc(cc1)C(C)C(=O)O',
        predicted: ['0.56', '0.04', '0.98'],
        known:
          'in plasma 0.984 to 0.987 are bound (doi:10.1007/BF00542526), outside the interval: acids like it are far from the training compounds',
      },
      {
        name: 'atenolol',
        smiles: 'CC(C)NCC(O)COc1ccc(CC(N)=O)cc1',
        predicted: ['0.40', '0.03', '0.94'],
        known: 'its US label says 0.06 to 0.16; the interval is too wide to tell free from bound',
      },
    ],
  },
  'cyp2d6-inhibition': {
    artifact: '02263d13a0c70745a2735b40e39cce1e3940fc404f7c594c1fc62701f08f06fb',
    misses: [
      {
        name: 'paroxetine',
        smiles: 'Fc1ccc(cc1)[C@@H]1CCNC[C@H]1COc1ccc2OCOc2c1',
        predicted: ['0.30'],
        known:
          "a strong inhibitor in FDA's table of drug interactions; the nearest training compound is a stereoisomer of it that the screen called inactive (label noise, or time-dependent inhibition, which the assay does not see)",
      },
    ],
  },
  'cyp3a4-inhibition': {
    artifact: '10dd462c587e35ccf1fc9f6a9cac6f107d7e8c8e0be2c256f74167424223ab38',
    misses: [
      {
        name: 'terfenadine',
        smiles: 'CC(C)(C)c1ccc(cc1)C(O)CCCN1CCC(CC1)C(O)(c1ccccc1)c1ccccc1',
        predicted: ['0.05'],
        known:
          'a substrate of CYP3A4 (Yun, Okerholm & Guengerich 1993, Drug Metab. Dispos. 21, 403), and a stereoisomer of it stands in training as inactive: a low probability of inhibition does not say that the enzyme leaves a compound alone',
      },
    ],
  },
  bbb: {
    artifact: '63a20b6e25ed1d0b69cdf3394cfd4ed8b4cf8f30cdb1b6778dd1d7b27c37f1ea',
    misses: [
      {
        name: 'loperamide',
        smiles: 'CN(C)C(=O)C(CCN1CCC(O)(CC1)c1ccc(Cl)cc1)(c1ccccc1)c1ccccc1',
        predicted: ['0.96'],
        known:
          'P-glycoprotein keeps it out of the brain at usual doses (Sadeque et al. 2000, PMID 11014404); the training set labels it as penetrating. See mdr1-efflux for such compounds',
      },
      {
        name: 'fexofenadine',
        smiles: 'CC(C)(C(=O)O)c1ccc(cc1)C(O)CCCN1CCC(CC1)C(O)(c1ccccc1)c1ccccc1',
        predicted: ['0.88'],
        known:
          'it penetrates the brain poorly (PMID 17180728); the training set labels it as penetrating, and its stereoisomers as not',
      },
    ],
  },
  herg: {
    artifact: '40e84744b79b4931a817748befc8275d1fdfa311cc02cf14292c80cdbf80f4bb',
    misses: [
      {
        name: 'dofetilide',
        smiles: 'CN(CCOc1ccc(NS(C)(=O)=O)cc1)CCc1ccc(NS(C)(=O)=O)cc1',
        predicted: ['3655', '193', '69354'],
        known:
          'about 12 nM in a human cell line (Snyders & Chaudhary 1996, Mol. Pharmacol. 49, 949), outside the interval',
      },
    ],
  },
};

/** A sentence for each known miss of an artifact; none for any other artifact of the endpoint. */
export function knownMissTexts({ endpoint, hash }: Pick<Manifest, 'endpoint' | 'hash'>): string[] {
  const { id, kind, unit } = endpoint;
  if (!Object.hasOwn(KNOWN_MISSES, id) || KNOWN_MISSES[id].artifact !== hash) return [];
  const suffix = kind === 'classification' ? '' : ` ${unit}`;
  return KNOWN_MISSES[id].misses.map(({ name, predicted: [value, low, high], known }) => {
    const range = low === undefined ? '' : ` (${low} to ${high})`;
    return `Known compound ${name}: predicted ${value}${range}${suffix}; known: ${known}.`;
  });
}
