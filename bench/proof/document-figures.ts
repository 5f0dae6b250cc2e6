import type { AlarmRate } from './null-redraws.ts';

/** `3 of 40 (2 to 20 %)` */
export function rate(counted: AlarmRate | null | undefined): string {
  if (!counted) return '';
  const { alarms, redraws, low, high } = counted;
  return `${alarms} of ${redraws} (${percent(low)} to ${percent(high)} %)`;
}

export const percent = (share: number) => String(Number((100 * share).toPrecision(2)));
export const number = (value: number) => String(Number(value.toPrecision(3)));
