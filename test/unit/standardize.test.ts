import { beforeAll, describe, expect, test } from 'vitest';
import { parseGraph } from '../../src/chemistry/graph.ts';
import { STANDARDIZATION_RULES, standardize } from '../../src/chemistry/standardize.ts';
import { type JSMol, type RDKitModule, Toolkit } from '../../src/chemistry/toolkit.ts';

let rdkit: RDKitModule;
beforeAll(async () => {
  rdkit = (await Toolkit.load()).rdkit;
});

interface Parent {
  readonly smiles: string;
  readonly notes: readonly string[];
  readonly changed: boolean;
  /** The molecule given came back itself. */
  readonly same: boolean;
}

function parentOf(smiles: string, toolkit: RDKitModule = rdkit): Parent {
  const mol = toolkit.get_mol(smiles);
  if (!mol) throw new Error(`RDKit refuses ${smiles}`);
  const result = standardize(toolkit, mol, parseGraph(mol.get_json()));
  const parent = {
    smiles: result.mol.get_smiles(),
    notes: result.notes,
    changed: result.changed,
    same: result.mol === mol,
  };
  if (result.changed) result.mol.delete();
  mol.delete();
  return parent;
}

function canonical(smiles: string): string {
  using mol = rdkit.get_mol(smiles);
  if (!mol) throw new Error(`RDKit refuses ${smiles}`);
  return mol.get_smiles();
}

describe('what is in standard form already', () => {
  test.each([
    ['a neutral molecule', 'CC(=O)Oc1ccccc1C(=O)O'],
    ['a nitro group', 'C[N+](=O)[O-]'],
    ['a nitro group with five-valent nitrogen, which reading rewrites', 'CN(=O)=O'],
    ['an azide', 'CCN=[N+]=[N-]'],
    ['an isonitrile', 'C[N+]#[C-]'],
    ['an aromatic N-oxide', '[O-][n+]1ccccc1'],
    ['a quaternary ammonium alone', 'C[N+](C)(C)C'],
    ['a betaine, whose carboxylate balances a permanent cation', 'C[N+](C)(C)CC(=O)[O-]'],
    ['a pyridinium carboxylate', 'C[n+]1ccccc1C(=O)[O-]'],
    ['a mesoionic ring, which has no uncharged drawing', 'Cc1c([O-])on[n+]1Cc1ccccc1'],
    ['a Grignard reagent, covalent to the rules', 'C[Mg]Br'],
    ['covalently drawn sodium chloride', '[Na]Cl'],
    ['an isotope', '[2H]OCC[13CH3]'],
    ['hydrogen', '[H][H]'],
    ['water', 'O'],
  ])('%s comes back itself', (_, smiles) => {
    expect(parentOf(smiles)).toEqual({ smiles: canonical(smiles), notes: [], changed: false, same: true });
  });
});

describe('parents', () => {
  const removed = (formula: string) => `removed 1 fragment (${formula})`;
  test.each([
    ['hydrochloride', 'CCN.Cl', 'CCN', [removed('HCl')]],
    ['hydrate and sulfate', 'CCN.O.O.OS(O)(=O)=O', 'CCN', ['removed 3 fragments (2 H2O, H2SO4)']],
    ['sodium salt', 'CC(=O)[O-].[Na+]', 'CC(=O)O', [removed('Na+'), 'neutralized 1 atom']],
    ['ammonium salt', '[NH4+].CC(=O)[O-]', 'CC(=O)O', [removed('NH4+'), 'neutralized 1 atom']],
    ['perchlorate', '[O-]Cl(=O)(=O)=O.CC[NH3+]', 'CCN', [removed('ClO4-'), 'neutralized 1 atom']],
    [
      'sulfate dianion',
      '[Na+].[Na+].[O-]S(=O)(=O)[O-].CCCCCCN',
      'CCCCCCN',
      ['removed 3 fragments ([SO4]2-, 2 Na+)'],
    ],
    ['quaternary ammonium', 'C[N+](C)(C)C.[Cl-]', 'C[N+](C)(C)C', [removed('Cl-')]],
    ['pyridinium', 'C[n+]1ccccc1.[I-]', 'C[n+]1ccccc1', [removed('I-')]],
    ['sulfonium', 'C[S+](C)C.[I-]', 'C[S+](C)C', [removed('I-')]],
    ['zwitterion', 'C[C@@H](C(=O)[O-])[NH3+]', 'C[C@H](N)C(=O)O', ['neutralized 2 atoms']],
    ['guanidinium', 'NC(=[NH2+])N.[Cl-]', 'N=C(N)N', [removed('Cl-'), 'neutralized 1 atom']],
    ['tetrazolide', 'Cc1nn[n-]n1.[K+]', 'Cc1nn[nH]n1', [removed('K+'), 'neutralized 1 atom']],
    ['borohydride', '[BH4-].[Na+]', 'B', [removed('Na+'), 'neutralized 1 atom']],
    ['cyclopentadienide', 'c1cc[cH-]c1.[Na+]', 'C1=CCC=C1', [removed('Na+'), 'neutralized 1 atom']],
    ['salt of a dummy atom', '*CC(=O)[O-].[Na+]', '*CC(=O)O', [removed('Na+'), 'neutralized 1 atom']],
    ['sulfoxide', 'CS(C)=O', 'C[S+](C)[O-]', ['normalized sulfoxide']],
    [
      'two sulfoxides, one chiral',
      'CS(=O)C[S@](=O)CC',
      'CC[S@@+]([O-])C[S+](C)[O-]',
      ['normalized sulfoxide'],
    ],
    ['metaphosphate', 'OP(=O)=O', 'O=[P+]([O-])O', ['normalized metaphosphate']],
    [
      'amidinium',
      'NC(N)=[N+](C)C',
      'CN(C)C(=N)N',
      ['normalized 1,3-conjugated cation', 'neutralized 1 atom'],
    ],
    [
      'pyridone drawn with charges',
      'C[n+]1ccccc1[O-]',
      'Cn1ccccc1=O',
      ['normalized 1,3-separated charges, cation in a ring'],
    ],
    ['sulfone drawn with charges', 'C[S+2](C)([O-])[O-]', 'CS(C)(=O)=O', ['normalized sulfone']],
  ] as const)('%s', (_, smiles, parent, notes) => {
    expect(parentOf(smiles)).toEqual({ smiles: canonical(parent), notes, changed: true, same: false });
  });
});

describe('metals', () => {
  test.each([
    ['a carboxylate drawn covalently', 'CC(=O)O[Na]', 'CC(=O)O', 'disconnected Na'],
    ['a copper carboxylate', 'CC(=O)O[Cu]OC(C)=O', 'CC(=O)O', 'disconnected Cu'],
    [
      'a stannyl ester, whose carbons stay on tin',
      'CC[Sn](CC)(CC)OC(C)=O',
      'CC[Sn+](CC)CC',
      'disconnected Sn',
    ],
    ['a platinum ammine with dative bonds', '[NH3]->[Pt](<-[NH3])(Cl)Cl', 'N', 'disconnected Pt'],
    ['a vinyl metal, left without a carbanion', 'C=C[Pt]Cl', 'C=C', 'disconnected Pt'],
    ['a silanolate', 'C[Si](C)(C)O[Na]', 'C[Si](C)(C)O', 'disconnected Na'],
  ])('%s is disconnected', (_, smiles, parent, note) => {
    const result = parentOf(smiles);
    expect(result.smiles).toBe(canonical(parent));
    expect(result.notes[0]).toBe(note);
  });
});

describe('choice of fragment', () => {
  test.each([
    ['of equal fragments one is kept', 'CC(=O)O.CC(=O)O', 'CC(=O)O'],
    ['more atoms win, hydrogens counted', 'CCCC.O=C(O)C=O', 'CCCC'],
    ['organic wins over larger inorganic', 'C.OS(=O)(=O)O', 'C'],
    ['without an organic fragment the largest is kept', '[Na+].[Cl-]', 'Cl'],
    ['weight decides between equal numbers of atoms', 'CCO.CCS', 'CCS'],
    ['a heavier isotope is heavier', 'CCO.CC[18OH]', 'CC[18OH]'],
    ['the SMILES that sorts first decides between equal weights', 'CCCO.CC(C)O', 'CC(C)O'],
  ])('%s', (_, smiles, parent) => {
    expect(parentOf(smiles).smiles).toBe(canonical(parent));
    expect(parentOf(smiles.split('.').reverse().join('.')).smiles).toBe(canonical(parent));
  });
});

describe('neutralization', () => {
  test.each([
    [
      'one of two carboxylates balances one permanent cation',
      'C[N+](C)(C)C(CC(=O)[O-])C(=O)[O-].[Na+]',
      'C[N+](C)(C)C(CC(=O)O)C(=O)[O-]',
    ],
    ['the weaker acid takes the proton', 'C[N+](C)(C)CC([O-])CC(=O)[O-].[Na+]', 'C[N+](C)(C)CC(O)CC(=O)[O-]'],
    [
      'a proton moves to the weaker acid before the choice',
      'C[N+](C)(C)CC(C[O-])C(=O)O',
      'C[N+](C)(C)CC(CO)C(=O)[O-]',
    ],
    ['a bare sodium ionizes the acid beside it', '[Na].C[N+](C)(C)CC(=O)O', 'C[N+](C)(C)CC(=O)[O-]'],
  ])('%s', (_, smiles, parent) => {
    expect(parentOf(smiles).smiles).toBe(canonical(parent));
  });
});

describe('stereo and isotopes', () => {
  test.each([
    ['a double bond', 'C/C=C/C(=O)[O-].[Na+]', 'C/C=C/C(=O)O'],
    ['an oxime', 'C/C(=N\\O)C(=O)[O-].[K+]', 'C/C(=N\\O)C(=O)O'],
    ['a centre', 'OC(=O)[C@H](N)Cc1ccccc1.Cl', 'OC(=O)[C@H](N)Cc1ccccc1'],
    ['a centre beside the charge', '[O-]C(=O)[C@H]([NH3+])Cc1ccccc1', 'OC(=O)[C@H](N)Cc1ccccc1'],
    ['ring stereo', 'C[C@H]1CC[C@@H](C(=O)[O-])CC1.[Na+]', 'C[C@H]1CC[C@@H](C(=O)O)CC1'],
    ['isotopes', '[2H]OCC[13CH2]C(=O)[O-].[K+]', '[2H]OCC[13CH2]C(=O)O'],
  ])('%s stays as written', (_, smiles, parent) => {
    expect(parentOf(smiles).smiles).toBe(canonical(parent));
  });
});

test('every molecule made on the way is deleted', () => {
  const made: JSMol[] = [];
  const counting: RDKitModule = Object.create(rdkit, {
    get_mol: {
      value: (...args: Parameters<RDKitModule['get_mol']>) => {
        const mol = rdkit.get_mol(...args);
        if (mol) made.push(mol);
        return mol;
      },
    },
  });
  const mixtures = [
    'CC(=O)O[Cu]OC(C)=O',
    'CCN.Cl',
    'CS(C)=O.[Na].OC(=O)C',
    'C[Mg]Br',
    'NC(N)=[N+](C)C.[O-]c1ccccc1.CC(O)=O',
  ];
  for (const smiles of mixtures) parentOf(smiles, counting);
  expect(made.length).toBeGreaterThan(mixtures.length);
  expect(made.filter((mol) => !mol.isDeleted())).toEqual([]);
});

test('the rules are stated with a version', () => {
  expect(STANDARDIZATION_RULES.version).toBe(1);
  for (const word of ['metals', 'sulfoxide', 'reionize', 'fragment', 'neutralize', 'isotopes', 'tautomers']) {
    expect(STANDARDIZATION_RULES.rules.join('\n')).toContain(word);
  }
});
