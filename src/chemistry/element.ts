/** Atomic numbers that the rules name. */
export const ELEMENT = { C: 6, N: 7, O: 8, F: 9, P: 15, S: 16, CL: 17, BR: 35, I: 53 } as const;

/** Symbols by atomic number; 0 is a dummy atom. */
const SYMBOLS = (
  '* H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb ' +
  'Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au ' +
  'Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og'
).split(' ');

/** The symbol of an element. */
export function elementSymbol(element: number): string {
  return SYMBOLS[element];
}
