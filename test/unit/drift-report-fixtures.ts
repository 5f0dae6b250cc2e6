import { readFileSync } from 'node:fs';
import { DRIFT_STREAMS, type DriftReport, type DriftStream, type Verdict } from '../../src/core/drift.ts';

/**
 * A check of 43 example compounds (steroids, antibiotics, statins and every twelfth other) against the other 183, made by
 * the engine on 2026-11-21, with the answers of the shipped logd model.
 */
export function exampleReport(): DriftReport {
  return JSON.parse(
    readFileSync(new URL('../data/drift-report.json', import.meta.url), 'utf8'),
  ) as DriftReport;
}

/** The example with made-up labels, so that every stream, state, reason and plot is there. */
export function fullReport(): DriftReport {
  const report = exampleReport();
  const template = report.verdicts[report.verdicts.length - 1];
  const judged: Verdict = {
    ...report.verdicts[1],
    stream: 'performance',
    inWords: 'The model was not seen to err more than when it was released.',
    test: 'mean absolute error, weighted by the probability of having arrived',
    effect: {
      name: 'mean absolute error',
      value: 0.512,
      unit: 'log10(octanol/buffer), limits -3 to 6',
      low: 0.431,
      high: 0.604,
    },
    p: 0.21,
    counts: { reference: 2609, batch: 37, units: 37 },
    minimumDetectable: 0.18,
    nullHypothesis: 'rows',
    moved: [],
  };
  const forecast: Verdict = {
    ...judged,
    stream: 'estimate',
    state: 'forecast',
    inWords: 'A mean absolute error of 0.5 is expected of this batch.',
    test: 'direct loss estimate',
    effect: { name: 'expected mean absolute error', value: 0.498, unit: 'log10(octanol/buffer)' },
    p: null,
    minimumDetectable: null,
    nullHypothesis: 'none',
  };
  const known = new Set([...report.verdicts, judged, forecast].map(({ stream }) => stream));
  const missing = (Object.keys(DRIFT_STREAMS) as DriftStream[]).filter((stream) => !known.has(stream));
  const silent = missing.map(
    (stream): Verdict => ({
      ...template,
      stream,
      state: 'not-evaluable',
      reason: 'not-measured',
      inWords: 'Too early.',
      effect: null,
      p: null,
    }),
  );
  const reliability = [0.03, 0.06, 0.1, 0.16, 0.24, 0.35, 0.49, 0.66, 0.82, 0.95].map((mean, i) => {
    const observed = Math.min(
      1,
      Math.max(0, mean + [0.01, -0.03, 0.02, 0.06, -0.05, 0.09, 0.02, -0.1, 0.03, 0.01][i]),
    );
    const width = 1.96 * Math.sqrt((mean * (1 - mean)) / 131);
    return {
      mean,
      observed,
      low: Math.max(0, observed - width),
      high: Math.min(1, observed + width),
      rows: 131,
    };
  });
  const maturity = [0, 3, 5, 8, 13, 14, 21, 22, 30, 41, 60].map((days, i) => ({
    days,
    arrived: i * 0.085,
    atRisk: 43 - 4 * i,
  }));
  return {
    ...report,
    verdicts: [...report.verdicts, judged, forecast, ...silent],
    plots: { ...report.plots, reliability, maturity },
  };
}

const ENDPOINTS = ['ames', 'bbb', 'herg', 'hlm-clearance', 'logd', 'mdr1-efflux', 'ppb', 'solubility'];

/** The example as if two versions of eight models had been looked at: outputs of each, two of which moved. */
export function manyModelsReport(): DriftReport {
  const report = exampleReport();
  const [model] = report.models;
  const [output] = report.plots.outputs;
  const models = ['1', '2'].flatMap((version) =>
    ENDPOINTS.map((endpoint) => ({ ...model, endpoint, version })),
  );
  const outputs = models.map(({ endpoint, version }) => ({
    ...output,
    name: `predicted ${endpoint}@${version}`,
  }));
  const [moved] = report.verdicts.flatMap((verdict) =>
    verdict.moved.filter(({ kind }) => kind === 'descriptor'),
  );
  const verdicts = report.verdicts.map((verdict) =>
    verdict.stream === 'outputs'
      ? {
          ...verdict,
          state: 'drift' as const,
          moved: [outputs[15], outputs[6]].map(({ name }) => ({ ...moved, kind: 'output' as const, name })),
        }
      : verdict,
  );
  return { ...report, models, verdicts, plots: { ...report.plots, outputs } };
}

export const HOSTILE_TEXTS = [
  '<script>globalThis.hacked = 1</script>',
  '"><img src=x onerror="globalThis.hacked = 1">',
  "' onload='globalThis.hacked = 1",
  '</style><script>globalThis.hacked = 1</script>',
  '<!-- </title></pre> ]]> &lt;b&gt; &#60;i&#62;',
  'javascript:globalThis.hacked=1',
  '\u202Egnp.exe \u0000\u0007\u001b[31m \ud800 half',
  `very-long-${'x'.repeat(20_000)}`,
  'line one\nline two\ttab',
  '{{braces}} %s $& $1',
] as const;

const MEASURES = ['compounds', 'median', 'share', 'mean in standard deviations'] as const;

/** The full report with hostile text in place of every text from outside, and figures that are none. */
export function hostileReport(): DriftReport {
  let next = 0;
  const text = () => HOSTILE_TEXTS[next++ % HOSTILE_TEXTS.length];
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e300, 5e-324];
  const number = () => odd[next++ % odd.length];
  const report = fullReport();
  const histogram = (i: number) => ({
    name: text(),
    unit: text(),
    ...[
      { from: 0, to: 1, reference: [1, 2], batch: [0, 0] },
      { from: Number.NaN, to: 1, reference: [1], batch: [1] },
      { from: 2, to: 2, reference: [1], batch: [1] },
      { from: 0, to: 1, reference: [], batch: [] },
      { from: 0, to: 1, reference: [Number.NaN], batch: [1] },
      { from: -1e300, to: 1e300, reference: [0, 3], batch: [5, 0] },
    ][i % 6],
  });
  const plots = [0, 1, 2, 3, 4, 5].map(histogram);
  return {
    ...report,
    engine: text(),
    contractHash: text(),
    reference: { ...report.reference, name: text(), hash: text(), rows: 0, rejected: number(), clusters: 0 },
    batch: { ...report.batch, name: text(), hash: text(), rows: 0, clusters: number() },
    models: Array.from({ length: 6 }, () => ({
      endpoint: text(),
      version: text(),
      hash: text(),
      unit: text(),
    })),
    settings: {
      alpha: number(),
      permutations: number(),
      seed: number(),
      cluster: text(),
      covariates: HOSTILE_TEXTS,
    },
    inWords: text(),
    verdicts: report.verdicts.map((verdict) => ({
      ...verdict,
      inWords: text(),
      test: text(),
      effect: { name: text(), value: number(), unit: text(), low: number(), high: number() },
      p: number(),
      minimumDetectable: number(),
      moved: (['series', 'descriptor', 'covariate', 'output'] as const).flatMap((kind) =>
        Array.from({ length: 20 }, (_, i) => ({
          kind,
          measure: MEASURES[i % MEASURES.length],
          name: text(),
          effect: { name: text(), value: number(), unit: text() },
          p: number(),
          reference: number(),
          batch: number(),
          examples: [text(), text(), text(), text()],
        })),
      ),
    })),
    plots: {
      distance: { ...histogram(0), domainLimit: number() },
      mmdNull: { kernel: text(), observed: number(), permuted: histogram(0) },
      columns: plots,
      outputs: plots,
      reliability: [
        { mean: Number.NaN, observed: 2, low: -1, high: Number.POSITIVE_INFINITY, rows: Number.NaN },
        { mean: 0.5, observed: 0.5, low: 0, high: 1, rows: 0 },
      ],
      maturity: [
        { days: Number.NaN, arrived: 0.5, atRisk: 3 },
        { days: 0, arrived: 0, atRisk: 1 },
        { days: 9, arrived: 1, atRisk: Number.NaN },
      ],
    },
    command: HOSTILE_TEXTS.slice(0, 6).join(' --'),
  };
}

/** A report of nothing: zero rows, no verdict, no plot. */
export function emptyReport(): DriftReport {
  const report = exampleReport();
  const side = { name: '', hash: '', rows: 0, rejected: 0, clusters: 0 };
  const plots = { distance: null, mmdNull: null, columns: [], outputs: [], reliability: [], maturity: [] };
  const settings = { ...report.settings, cluster: '', covariates: [] };
  return {
    ...report,
    reference: side,
    batch: side,
    models: [],
    settings,
    state: 'not-evaluable',
    inWords: '',
    verdicts: [],
    plots,
    command: '',
  };
}
