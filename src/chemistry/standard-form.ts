import { ELEMENT } from './element.ts';
import { fragments } from './fragment.ts';
import type { MoleculeGraph } from './graph.ts';
import { isMetal } from './metal.ts';
import { normalizationNeeds } from './normalize.ts';
import { isBareIon } from './reionize.ts';
import { separateSulfoxides } from './sulfoxide.ts';

/**
 * Whether no standardization rule can change a molecule, decided from the graph alone; most molecules are so.
 * A false answer only means that the rules must be tried.
 */
export function isStandardForm(graph: MoleculeGraph): boolean {
  if (!isSettled(graph)) return false;
  // A tree has one bond less than atoms, so with fewer bonds there are several fragments.
  return graph.bondCount >= graph.atomCount - 1 && fragments(graph).length === 1;
}

/** Whether the only thing left to do can be a choice of fragment. */
export function isSettled(graph: MoleculeGraph): boolean {
  for (let i = 0; i < graph.atomCount; i++) {
    if (isMetal(graph.element[i]) || isBareIon(graph, i)) return false;
    if (graph.charge[i] !== 0 && !isSettledCharge(graph, i)) return false;
  }
  return !normalizationNeeds(graph).hypervalent && !separateSulfoxides(graph);
}

/**
 * Whether a charge is part of a group that every rule leaves alone: N or S without hydrogen beside exactly one
 * terminal anion (nitro, N-oxide, azide, isonitrile, sulfoxide), that anion, or a quaternary N beside no anion.
 */
function isSettledCharge(graph: MoleculeGraph, atom: number): boolean {
  const { element, charge, hydrogens, first, neighbour } = graph;
  if (hydrogens[atom]) return false;
  const degree = first[atom + 1] - first[atom];
  if (charge[atom] === -1) {
    const z = element[atom];
    const partner = neighbour[first[atom]];
    return degree === 1 && charge[partner] === 1 && (z === ELEMENT.C || z === ELEMENT.N || z === ELEMENT.O);
  }
  if (charge[atom] !== 1) return false;
  let anions = 0;
  for (let k = first[atom]; k < first[atom + 1]; k++) {
    if (charge[neighbour[k]] > 0) return false;
    if (charge[neighbour[k]] < 0) anions++;
  }
  if (element[atom] === ELEMENT.S) return anions === 1 && degree === 3;
  if (element[atom] !== ELEMENT.N) return false;
  return anions === 1 || (anions === 0 && (degree === 4 || graph.aromatic[atom] === 1));
}
