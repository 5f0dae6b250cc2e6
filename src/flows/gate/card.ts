import type { Manifest } from '../../core/artifact.ts';
import type { CheckResult, Measurement } from '../../core/release.ts';
import { type GateInput, judged, notMeasured } from './gate-input.ts';

/** Shorter than this, a section says nothing. */
const MIN_SECTION = 40;

/** The card is there, is this artifact's, and tells what a reader must know before using a number. */
export function checkCard({ candidate }: GateInput): CheckResult {
  const { manifest, card } = candidate;
  if (!manifest) return notMeasured('card', candidate.damage);
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
  const unsaid = Object.entries(metrics).filter(
    ([name, { value }]) => !(has(name) && (has(value.toFixed(3)) || has(value.toFixed(2)))),
  );
  return [
    says("this artifact's hash", has(manifest.hash)),
    says('unit', has(unit)),
    says('source of the data', has(dataset.source)),
    says('licence of the data', has(dataset.licence)),
    says(`figures (${unsaid.map(([name]) => name).join(', ') || 'all'})`, unsaid.length === 0),
    says('weak spots', sectionLength(card, /weak spots|limitations/i) >= MIN_SECTION),
  ];
}

/** Characters below a heading, up to the next heading of any level. */
function sectionLength(card: string, heading: RegExp): number {
  const sections = card.split(/^#+ +/m).slice(1);
  const found = sections.find((section) => heading.test(section.split('\n', 1)[0]));
  return found === undefined ? 0 : found.slice(found.indexOf('\n') + 1).trim().length;
}
