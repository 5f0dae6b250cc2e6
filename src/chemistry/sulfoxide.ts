import type { Edit } from './draft.ts';
import { ELEMENT } from './element.ts';
import { BOND, type MoleculeGraph } from './graph.ts';

/** Writes every sulfoxide with separate charges, S+ and O-, all in one edit; null when there is none. */
export function separateSulfoxides(graph: MoleculeGraph): Edit | null {
  const charges = new Map<number, number>();
  const orders = new Map<number, number>();
  for (let i = 0; i < graph.atomCount; i++) {
    if (graph.element[i] !== ELEMENT.S) continue;
    const bond = sulfoxideBond(graph, i);
    if (bond < 0) continue;
    charges.set(i, 1);
    charges.set(graph.bondBegin[bond] === i ? graph.bondEnd[bond] : graph.bondBegin[bond], -1);
    orders.set(bond, BOND.SINGLE);
  }
  return orders.size ? { charges, orders } : null;
}

/** The S=O bond of a neutral S with three neighbours of which only that one is oxygen, or -1. */
function sulfoxideBond(graph: MoleculeGraph, sulfur: number): number {
  const { first, neighbour, incident, charge } = graph;
  if (charge[sulfur] !== 0 || graph.aromatic[sulfur] || first[sulfur + 1] - first[sulfur] !== 3) return -1;
  if (graph.hydrogens[sulfur]) return -1;
  let bond = -1;
  for (let k = first[sulfur]; k < first[sulfur + 1]; k++) {
    const other = neighbour[k];
    if (graph.element[other] !== ELEMENT.O) continue;
    if (bond >= 0 || graph.kekuleOrder[incident[k]] !== BOND.DOUBLE || charge[other] !== 0) return -1;
    bond = incident[k];
  }
  return bond;
}
