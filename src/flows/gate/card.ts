import type { Manifest, Metric } from '../../core/artifact.ts';
import type { CheckResult, Measurement } from '../../core/release.ts';
import { type GateInput, judged, notMeasured, SEE_INTEGRITY } from './gate-input.ts';

/** Shorter than this, a section says nothing. */
const MIN_SECTION = 40;

/** The card is there, is this artifact's, and tells what a reader must know before using a number. */
export function checkCard({ candidate }: GateInput): CheckResult {
  const { manifest, card } = candidate;
  if (!manifest) return notMeasured('card', SEE_INTEGRITY);
  const measurements = card === null ? [missing()] : contents(card, manifest);
  const absent = measurements.filter(({ holds }) => !holds).map(({ name }) => name);
  const words =
    card === null
      ? 'There is no model card (card.md): nobody can see what the model is for and where it fails.'
      : absent.length > 0
        ? `The model card does not tell: ${absent.join(', ')}.`
        : 'The model card belongs to this artifact and tells unit, data, licence, figures and weak spots.';
  return judged('card', measurements, words);
}

function missing(): Measurement {
  return { name: 'card.md', value: 'absent', bound: 'present', holds: false };
}

function contents(card: string, manifest: Manifest): Measurement[] {
  const says = (name: string, holds: boolean): Measurement => ({
    name,
    value: holds ? 'told' : 'not told',
    bound: 'told',
    holds,
  });
  const { endpoint, dataset, metrics } = manifest;
  const flat = card.replace(/\s+/g, ' ');
  const has = (text: string) => flat.includes(text.replace(/\s+/g, ' '));
  const unit = endpoint.kind === 'classification' ? 'probability' : endpoint.unit;
  const told = figureRows(card);
  const unsaid = Object.entries(metrics).filter(([name, metric]) => told.get(name) !== rowOf(metric));
  return [
    says("this artifact's hash", has(manifest.hash)),
    says('unit', has(unit)),
    says('source of the data', has(dataset.source)),
    says('licence of the data', has(dataset.licence)),
    says(`figures (${unsaid.map(([name]) => name).join(', ') || 'all'})`, unsaid.length === 0),
    says('weak spots', sectionLength(card, /weak spots|limitations/i) >= MIN_SECTION),
  ];
}

/** Head of the table of figures, the same in the cards of models trained here and of imported ones. */
const FIGURES_HEAD = '| figure | value | 95 % interval |';

/** The rows of a card's first table of figures, by name; a name that stands there twice tells nothing. */
function figureRows(card: string): Map<string, string | null> {
  const lines = card.split(/\r?\n/).map((line) => line.trim().replace(/\s+/g, ' '));
  const head = lines.indexOf(FIGURES_HEAD);
  const rows = new Map<string, string | null>();
  for (let at = head + 2; head >= 0 && lines[at]?.startsWith('|'); at++) {
    const [, name, row] = /^\| ([^|]*) (\|.*\|)$/.exec(lines[at]) ?? [];
    if (name !== undefined) rows.set(name, rows.has(name) ? null : row);
  }
  return rows;
}

function rowOf({ value, low, high }: Metric): string {
  return `| ${value.toFixed(3)} | ${low.toFixed(3)} to ${high.toFixed(3)} |`;
}

/** Characters below a heading, up to the next heading of any level. */
function sectionLength(card: string, heading: RegExp): number {
  const sections = card.split(/^#+ +/m).slice(1);
  const found = sections.find((section) => heading.test(section.split('\n', 1)[0]));
  return found === undefined ? 0 : found.slice(found.indexOf('\n') + 1).trim().length;
}
