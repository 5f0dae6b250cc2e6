/**
 * Lower edges of the fixed bins of similarity to the nearest training compound, the same for every model: reports and the
 * release gate tell by them how a model does far from its training compounds, however its own bins are cut.
 */
export const DISTANCE_EDGES: readonly number[] = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
