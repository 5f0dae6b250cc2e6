import { beforeAll, describe, expect, test } from 'vitest';
import { featurizeMolecule, type InputKind } from '../../src/chemistry/featurize-molecule.ts';
import { LIMITS } from '../../src/chemistry/limits.ts';
import { readSmiles } from '../../src/chemistry/read-smiles.ts';
import { Toolkit } from '../../src/chemistry/toolkit.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import type { RejectCode } from '../../src/core/rejects.ts';
import { noShared, readShared } from '../shared.ts';

let toolkit: Toolkit;
beforeAll(async () => {
  toolkit = await Toolkit.load();
});

/** The canonical SMILES, or the code of the refusal. */
function outcome(
  input: string,
  kind: InputKind = 'smiles',
): { smiles?: string; code?: RejectCode; detail?: string } {
  const fingerprint = new Uint8Array(FINGERPRINT_BYTES);
  return featurizeMolecule(toolkit, input, kind, LIMITS, fingerprint, new Float32Array(DESCRIPTOR_COUNT));
}

const REFUSED: readonly (readonly [string, RejectCode])[] = [
  ['', 'EMPTY'],
  [' \t\r\n', 'EMPTY'],
  [' '.repeat(1e6), 'EMPTY'],
  ['C\u0421C', 'NON_ASCII'],
  ['\ufeffCCO', 'NON_ASCII'],
  ['C\0C', 'CONTROL_CHARACTER'],
  ['C'.repeat(LIMITS.smilesBytes + 1), 'TOO_LONG'],
  ['C'.repeat(LIMITS.heavyAtoms + 1), 'TOO_MANY_ATOMS'],
  ['C.'.repeat(LIMITS.heavyAtoms).concat('C'), 'TOO_MANY_ATOMS'],
  ['[H]('.repeat(800).concat('C', ')'.repeat(800)).slice(0, 4090), 'TOO_MANY_ATOMS'],
  ['InChI=1S/CH4/h1H4', 'NOT_SMILES'],
  ['VNWKTOKETHGBQD-UHFFFAOYSA-N', 'NOT_SMILES'],
  ['CCO>>CC=O', 'NOT_SMILES'],
  ['[#6]-[#7]', 'NOT_SMILES'],
  ['*~*', 'NOT_SMILES'],
  ['[CX4]', 'NOT_SMILES'],
  ['{"rdkitjson":{"version":12}}', 'NOT_SMILES'],
  ['CCO ethanol', 'TRAILING_TEXT'],
  ['CCO\nCCN', 'TRAILING_TEXT'],
  ['CCO |', 'TRAILING_TEXT'],
  ['C=1CCCCC#1', 'SYNTAX'],
  ['C-1CCCCC=1', 'SYNTAX'],
  ['C=%11CCCCC#%11', 'SYNTAX'],
  ['C1CC', 'SYNTAX'],
  ['C(', 'SYNTAX'],
  ['C"C', 'SYNTAX'],
  ['CC(C)(C)(C)C', 'CHEMISTRY'],
  ['c1cccc1', 'CHEMISTRY'],
  ['[U+130]', 'SYNTAX'],
  ['[U+250]', 'SYNTAX'],
  ['[13CH3-16:2]', 'SYNTAX'],
];

test.each(REFUSED)('%j is refused as %s', (input, code) => {
  expect(outcome(input).code).toBe(code);
});

const ACCEPTED: readonly (readonly [string, string])[] = [
  [' CCO\r\n', 'CCO'],
  ['C=1CCCCC=1', 'C1=CCCCC1'],
  ['C=1CCCCC1', 'C1=CCCCC1'],
  ['C1CCCCC=1', 'C1=CCCCC1'],
  ['F/C=C1/CC\\1', 'FC=C1CC1'],
  ['C%(100)CCCCC%(100)', 'C1CCCCC1'],
  ['[#6H4]', 'C'],
  ['[CH4:7]', 'C'],
  ['[Cr]', '[Cr]'],
  ['[Hg]', '[Hg]'],
  ['CCO |$;;x$|', 'CCO'],
  ['[U+15]', '[U+15]'],
];

test.each(ACCEPTED)('%j is read as %s', (input, smiles) => {
  expect(outcome(input).smiles).toBe(smiles);
});

test('a refusal says where and what', () => {
  expect(outcome('CC((C)C)C').detail).toBe('syntax error near character 4');
  expect(outcome('CCÖ').detail).toBe('U+00D6 at character 3');
  expect(outcome('CC(C)(C)(C)C').detail).toMatch(/valence.* C, 5/);
  expect(readSmiles('C=1CC#1', LIMITS)).toEqual({
    code: 'SYNTAX',
    detail: 'ring bond 1 is = at one end and # at the other',
  });
});

test('the longest compounds within the limits break nothing', () => {
  const n = LIMITS.heavyAtoms;
  const chains = [
    'C'.repeat(n),
    `C1${'C'.repeat(n - 2)}C1`,
    'c1ccccc1'.repeat(n / 6),
    `${'C('.repeat(n - 1)}C${')'.repeat(n - 1)}`,
    `${'C/C=C/'.repeat(n / 3 - 1)}CCC`,
    '[C@H](O)'.repeat(n / 2),
  ];
  for (const smiles of chains) expect(outcome(smiles).smiles, smiles.slice(0, 20)).toBeTruthy();
});

describe('molfiles', () => {
  const molblockOf = (smiles: string) => {
    const mol = toolkit.rdkit.get_mol(smiles);
    const text = mol?.get_molblock() ?? '';
    mol?.delete();
    return text;
  };

  test.each(['CC(=O)Oc1ccccc1C(=O)O', 'C[C@H](N)C(=O)O', 'F/C=C/Cl', 'F/C=C\\Cl', '[2H]C(C)O', 'c1cc[nH]c1'])(
    '%s drawn gives what its SMILES gives',
    (smiles) => {
      expect(outcome(molblockOf(smiles), 'molblock')).toEqual(outcome(smiles));
      expect(outcome(molblockOf(smiles).replaceAll('\n', '\r\n'), 'molblock')).toEqual(outcome(smiles));
    },
  );

  test('a title in any alphabet does no harm', () => {
    expect(outcome(molblockOf('CCO').replace(/^.*\n/, 'Этанол\n'), 'molblock').smiles).toBe('CCO');
  });

  test('what is no molfile, holds no atoms or too many is refused', () => {
    expect(outcome('', 'molblock').code).toBe('EMPTY');
    expect(outcome('CCO', 'molblock').code).toBe('SYNTAX');
    expect(outcome('\n\n\n  0  0  0  0  0  0            999 V2000\nM  END\n', 'molblock').code).toBe('EMPTY');
    expect(outcome(molblockOf('C'.repeat(500)), 'molblock').code).toBe('TOO_MANY_ATOMS');
    expect(outcome(molblockOf('CCO').replace(' O  ', ' Qq '), 'molblock').code).toBe('SYNTAX');
    expect(outcome(molblockOf('CCO').replace('  1  2  1  0', '  1  2  8  0'), 'molblock').code).toBe(
      'NOT_SMILES',
    );
  });
});

test('a charge that RDKit cannot hold is refused in either kind of molfile', () => {
  const v2000 = (charge: string) =>
    `\n\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0000    0.0000    0.0000 U   0  0\nM  CHG  1   1${charge.padStart(4)}\nM  END\n`;
  const v3000 = (charge: string) =>
    `\n\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\nM  V30 COUNTS 1 0 0 0 0\nM  V30 BEGIN ATOM\nM  V30 1 U 0 0 0 0 CHG=${charge}\nM  V30 END ATOM\nM  V30 END CTAB\nM  END\n`;
  for (const molfile of [v2000, v3000]) {
    expect(outcome(molfile('4'), 'molblock').smiles).toBe('[U+4]');
    for (const charge of ['130', '250', '-990']) {
      expect(outcome(molfile(charge), 'molblock')).toMatchObject({
        code: 'SYNTAX',
        detail: `charge ${charge}, at most 15`,
      });
    }
  }
});

describe.skipIf(noShared)('the bad-input lines', () => {
  const lines = noShared
    ? []
    : readShared('oracles/bad-input.txt.gz')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, string, string]);

  /** What each class may come to; a line of `named`, `cxsmiles` and `limit` may also be accepted. */
  const CODES: Readonly<Record<string, readonly (RejectCode | 'accepted')[]>> = {
    empty: ['EMPTY', 'NON_ASCII'],
    syntax: ['SYNTAX', 'NON_ASCII', 'NOT_SMILES', 'TRAILING_TEXT'],
    nul: ['CONTROL_CHARACTER'],
    chemistry: ['CHEMISTRY'],
    'csv-injection': ['SYNTAX'],
    smarts: ['NOT_SMILES'],
    reaction: ['NOT_SMILES'],
    cxsmiles: ['accepted', 'TRAILING_TEXT', 'SYNTAX'],
    named: ['accepted', 'TRAILING_TEXT'],
    molfile: ['NOT_SMILES'],
    inchi: ['NOT_SMILES'],
    valid: ['accepted'],
    limit: ['TOO_LONG', 'TOO_MANY_ATOMS', 'EMPTY'],
  };

  test('each comes to what its class demands', () => {
    const wrong = lines.filter(([kind, text]) => !CODES[kind].includes(outcome(text).code ?? 'accepted'));
    expect(lines.length).toBe(250);
    expect(wrong).toEqual([]);
  });

  test('white space around a SMILES is no name, text after it is', () => {
    for (const [kind, text] of lines.filter(([kind]) => kind === 'named')) {
      const code = text.trim() === 'CCO' ? undefined : 'TRAILING_TEXT';
      expect(outcome(text).code, `${kind} ${JSON.stringify(text)}`).toBe(code);
    }
  });
});
