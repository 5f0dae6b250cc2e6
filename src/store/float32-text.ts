const POWERS = Float64Array.from({ length: 23 }, (_, k) => 10 ** k);

/**
 * The shortest decimal text that reads back as the same float32, in JavaScript's number notation ("0.1", "1e-7").
 * @param value finite; rounded to float32 first
 */
export function float32Text(value: number): string {
  const target = Math.fround(value);
  if (Number.isInteger(target) && Math.abs(target) < 1 << 24) return String(target === 0 ? 0 : target);
  const exponent = Math.floor(Math.log10(Math.abs(target)));
  if (exponent >= -6 && exponent <= 5) {
    // n / 10^k with n under 10^9 is the double nearest to that decimal, and its shortest text is that decimal.
    for (let digits = 6; digits <= 9; digits++) {
      const k = digits - 1 - exponent;
      const candidate = Math.round(target * POWERS[k]) / POWERS[k];
      if (Math.fround(candidate) === target) return String(candidate);
    }
  }
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(target.toPrecision(digits));
    if (Math.fround(candidate) === target) return String(candidate);
  }
  return String(Number(target.toPrecision(9)));
}
