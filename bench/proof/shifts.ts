/** Shifts put into real compounds and labels: how both sides of a redraw are drawn. */
import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../src/core/descriptors.ts';
import { caseNamed, drawNumber, readParts } from './cases.ts';
import { type Compounds, type ProofPlace, readCompounds, takeCompounds } from './compounds.ts';
import { joinCompounds } from './join-compounds.ts';
import { askNeighbors } from './neighbor-model.ts';
import { openParts } from './real-cases.ts';
import { shuffled } from './shuffled.ts';
import type { Answered } from './streams.ts';

/** Share of a batch that comes from other chemistry. */
export const SWAPPED = 0.2;
/** Rows are chosen with weight exp(this times the standardized logP). */
export const LEANING = 0.3;
/** Standard deviation of what is added to labels, in log units. */
export const NOISE = 0.3;

/** Draws both sides with so many rows each. */
export type Draw<Side extends Compounds = Compounds> = (
  rows: number,
  random: () => number,
) => [reference: Side, batch: Side];

/** Reference and batch of the general library, a share of the batch of natural-product-like compounds. */
export async function library(place: ProofPlace, share: number): Promise<Draw> {
  const general = await poolOf(place, 'null-library-random');
  const special = (await partsOf(place, 'library-subsets')).get('np-like') as Compounds;
  return (rows, random) => {
    const swapped = Math.round(share * rows);
    const order = shuffled(general.rows.length, random).slice(0, 2 * rows - swapped);
    const batch = takeCompounds(general, order.slice(rows), 'batch');
    const others = takeCompounds(special, shuffled(special.rows.length, random).slice(0, swapped), 'special');
    return [takeCompounds(general, order.slice(0, rows), 'reference'), joinCompounds(batch, others)];
  };
}

export async function leaning(place: ProofPlace): Promise<Draw> {
  const general = await poolOf(place, 'null-library-random');
  const descriptors = general.sample.descriptors as Float64Array;
  const column = DESCRIPTOR_NAMES.indexOf('CrippenClogP');
  const logP = Float64Array.from(general.rows, (_, i) => descriptors[i * DESCRIPTOR_COUNT + column]);
  const mean = logP.reduce((sum, value) => sum + value, 0) / logP.length;
  const spread = Math.sqrt(logP.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logP.length);
  return (rows, random) => {
    const order = shuffled(general.rows.length, random);
    const rest = order.slice(rows);
    // Efraimidis and Spirakis 2006: the largest u^(1 / weight) are a draw by weight without replacement.
    const keys = new Map(
      rest.map((at) => [at, Math.log(random()) / Math.exp((LEANING * (logP[at] - mean)) / spread)]),
    );
    const chosen = rest.toSorted((a, b) => (keys.get(b) as number) - (keys.get(a) as number)).slice(0, rows);
    return [
      takeCompounds(general, order.slice(0, rows), 'reference'),
      takeCompounds(general, chosen, 'batch'),
    ];
  };
}

export async function sources(place: ProofPlace): Promise<Draw> {
  const parts = await partsOf(place, 'aqsoldb-by-source');
  const unlabelled = (all: Compounds) => ({ ...all, values: all.values.map(() => Number.NaN) });
  const [before, after] = [parts.get('reference') as Compounds, parts.get('C') as Compounds].map(unlabelled);
  return (rows, random) => [
    takeCompounds(before, shuffled(before.rows.length, random).slice(0, rows), 'reference'),
    takeCompounds(after, shuffled(after.rows.length, random).slice(0, rows), 'batch'),
  ];
}

/**
 * HLM clearance: the labels of the batch are changed. A quarter of the scaffolds trains the model whose losses are looked at,
 * the others are drawn from.
 */
export async function hlm(
  place: ProofPlace,
  change: (batch: Compounds, random: () => number) => Float64Array,
): Promise<Draw<Answered>> {
  const all = await poolOf(place, 'null-hlm-random');
  const isTraining = (at: number) => drawNumber('power-hlm', all.sample.clusters?.[at] ?? at) % 4 === 0;
  const places = [...all.rows.keys()];
  const asked = places.filter((at) => !isTraining(at));
  const { predicted } = await askNeighbors(place, all, places.filter(isTraining), asked);
  return (rows, random) => {
    const order = shuffled(asked.length, random).slice(0, 2 * rows);
    const take = (drawn: readonly number[], name: string): Answered => ({
      ...takeCompounds(
        all,
        drawn.map((i) => asked[i]),
        name,
      ),
      predicted: Float64Array.from(drawn, (i) => predicted[i]),
    });
    const batch = take(order.slice(rows), 'batch');
    return [take(order.slice(0, rows), 'reference'), { ...batch, values: change(batch, random) }];
  };
}

export function noisy({ values }: Compounds, random: () => number): Float64Array {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return values.map((value) => value + NOISE * normal());
}

export async function partsOf(place: ProofPlace, id: string): Promise<Map<string, Compounds>> {
  return openParts(place, caseNamed(place.shared, id));
}

/** All rows of a case that has one file, whichever part they are in. */
async function poolOf(place: ProofPlace, id: string): Promise<Compounds> {
  const one = caseNamed(place.shared, id);
  const rows = [...readParts(place.shared, one).values()].flatMap((part) => part.rows);
  return readCompounds(place, one.files[0], rows);
}
