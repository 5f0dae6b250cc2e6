import { classLabels } from './attributes.ts';
import type { GraphNode, GraphValue, OnnxModel } from './read-model.ts';

/** What the numbers of an output are: values on the modelled scale, probabilities, or logits (log-odds). */
export const OUTPUT_KINDS = ['value', 'probability', 'logit'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** Where the prediction stands in an imported graph. */
export interface ModelOutput {
  /** The output's name, as the file has it. */
  readonly name: string;
  /** The tensor that holds it: another one where the output is a list of dictionaries made from that. */
  readonly tensor: string;
  /** The column that is the prediction; null where there is but one. */
  readonly column: number | null;
  readonly kind: OutputKind;
  /** Whether two logits, one for each class, are to be made probabilities. */
  readonly takesSoftmax: boolean;
}

const NUMBERS = ['float16', 'float32', 'float64'];

/**
 * Finds the prediction among a graph's outputs.
 * @param wanted  name of the output, or name:column (columns from 0); '' where it is to be found
 * @param kind    '' for values of a regression and probabilities of a classification
 * @returns what is wrong, in words, where there is none or several would do
 */
export function bindOutput(
  model: OnnxModel,
  endpointKind: 'regression' | 'classification',
  wanted: string,
  kind: OutputKind | '',
): ModelOutput | string {
  const chosen = chooseOutput(model, wanted);
  if (typeof chosen === 'string') return chosen;
  const outputKind = kind || (endpointKind === 'regression' ? 'value' : 'probability');
  if ((endpointKind === 'regression') !== (outputKind === 'value')) {
    return `an endpoint of kind ${endpointKind} has no output of kind ${outputKind}`;
  }
  const { value, column } = chosen;
  const maker = model.nodes.find(({ outputs }) => outputs.includes(value.name));
  const dictionaries = maker?.operation === 'ZipMap' ? maker : null;
  if (dictionaries === null && !NUMBERS.includes(value.type) && value.type !== 'undefined') {
    return `output ${value.name} is ${value.type}, not numbers. Name another one with --output`;
  }
  const tensor = dictionaries?.inputs[0] ?? value.name;
  const labels = dictionaries ? classLabels(dictionaries.message) : null;
  const columns = labels ? labels.length : columnsOf(value);
  if (typeof columns === 'string') return columns;
  const place = placeOf(value.name, columns, column, endpointKind);
  if (typeof place === 'string') return place;
  if (column === null) {
    const problem = labelsProblem(labels ?? labelsAbove(model, tensor), value.name);
    if (problem !== null) return problem;
  }
  const isPair = outputKind === 'logit' && columns === 2;
  if (isPair && column !== null) {
    return `output ${value.name} has two logits: of the two classes of one task, then leave out the column; or of two tasks, then export the one`;
  }
  return { name: value.name, tensor, column: place, kind: outputKind, takesSoftmax: isPair };
}

function chooseOutput(
  { outputs, nodes }: OnnxModel,
  wanted: string,
): { readonly value: GraphValue; readonly column: number | null } | string {
  const known = outputs.map(({ name }) => name).join(', ') || 'none';
  if (wanted !== '') {
    const whole = outputs.find(({ name }) => name === wanted);
    if (whole) return { value: whole, column: null };
    const [, name, column] = /^(.*):(\d{1,6})$/.exec(wanted) ?? [];
    const value = outputs.find((output) => output.name === name);
    return value ? { value, column: Number(column) } : `there is no output ${wanted}; there are ${known}`;
  }
  const isDictionary = ({ name }: GraphValue) =>
    nodes.some(({ operation, outputs: made }) => operation === 'ZipMap' && made.includes(name));
  const candidates = outputs.filter((output) => NUMBERS.includes(output.type) || isDictionary(output));
  if (candidates.length === 1) return { value: candidates[0], column: null };
  return `${candidates.length === 0 ? 'no output holds numbers' : 'several outputs hold numbers'} (${known}). Name it with --output`;
}

/** Columns of an output; 1 where the file gives no shape, since then it can be nothing else. */
function columnsOf({ name, dims }: GraphValue): number | string {
  if (dims === null) return 1;
  if (dims.length === 0 || dims.length > 2)
    return `output ${name} has ${dims.length} dimensions, not [n] or [n, columns]`;
  if (dims[0] !== null)
    return `output ${name} is for exactly ${dims[0]} compounds. Export it with a batch that varies`;
  return dims.length === 1 ? 1 : (dims[1] ?? 1);
}

/** The column to take; null where there is one. */
function placeOf(
  name: string,
  columns: number,
  column: number | null,
  endpointKind: 'regression' | 'classification',
): number | null | string {
  if (column !== null && column >= columns)
    return `output ${name} has ${columns} columns, so there is no column ${column}`;
  if (columns === 1) return null;
  if (column !== null) return column;
  if (columns === 2 && endpointKind === 'classification') return 1;
  return `output ${name} has ${columns} columns. Say which is the prediction: --output ${name}:0 to ${name}:${columns - 1}`;
}

/** The class names of the classifier that a tensor comes from, through nodes that keep its columns. */
function labelsAbove({ nodes }: OnnxModel, tensor: string): string[] | null {
  let maker: GraphNode | undefined;
  for (let at = tensor; ; at = maker.inputs[0]) {
    maker = nodes.find(({ outputs }) => outputs.includes(at));
    if (!maker) return null;
    const labels = classLabels(maker.message);
    if (labels !== null) return labels;
    if (!['Cast', 'Identity', 'Normalizer'].includes(maker.operation)) return null;
  }
}

/** The second column is the probability of class 1 only if the classes are 0 and 1 in this order. */
function labelsProblem(labels: readonly string[] | null, name: string): string | null {
  if (labels === null || (labels.length === 2 && labels[0] === '0' && labels[1] === '1')) return null;
  return `the classes of output ${name} are ${labels.slice(0, 5).join(', ')}, not 0 and 1. Say which column is the probability of the endpoint's class 1: --output ${name}:0 to ${name}:${labels.length - 1}`;
}
