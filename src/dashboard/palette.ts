/** Colours by role. Text roles have a contrast of at least 4.5 against ground and surface, marks at least 3. */
export interface Palette {
  readonly ground: string;
  readonly surface: string;
  readonly ink: string;
  readonly muted: string;
  readonly rule: string;
  /** Marks of the reference; always solid, where those of the batch are hatched or stepped. */
  readonly reference: string;
  readonly batch: string;
  readonly steady: string;
  readonly drift: string;
  readonly unknown: string;
  /** Heteroatoms, by the names that drawn structures use. */
  readonly 'atom-nitrogen': string;
  readonly 'atom-oxygen': string;
  readonly 'atom-sulfur': string;
  readonly 'atom-phosphorus': string;
  readonly 'atom-halogen': string;
}

export const LIGHT: Palette = {
  ground: '#fbfbf9',
  surface: '#ffffff',
  ink: '#1b1d21',
  muted: '#585e68',
  rule: '#d8dbe0',
  reference: '#3b6ea5',
  batch: '#b5470b',
  steady: '#1b6b47',
  drift: '#a83a08',
  unknown: '#585e68',
  'atom-nitrogen': '#2546c4',
  'atom-oxygen': '#c0201d',
  'atom-sulfur': '#806200',
  'atom-phosphorus': '#a84c08',
  'atom-halogen': '#17752c',
};

export const DARK: Palette = {
  ground: '#15171a',
  surface: '#1c1f23',
  ink: '#e7e8eb',
  muted: '#a6acb6',
  rule: '#383d45',
  reference: '#7db1e8',
  batch: '#f2965f',
  steady: '#6fcb9d',
  drift: '#f8a274',
  unknown: '#a6acb6',
  'atom-nitrogen': '#90adff',
  'atom-oxygen': '#ff8f86',
  'atom-sulfur': '#e3c24d',
  'atom-phosphorus': '#ffb277',
  'atom-halogen': '#7fd993',
};

/** A palette as CSS custom properties. */
export function properties(palette: Palette): string {
  return Object.entries(palette)
    .map(([role, colour]) => `--${role}:${colour}`)
    .join(';');
}
