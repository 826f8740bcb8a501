/** Arithmetic on integers that may exceed 2^53: exact until the one rounding at the end. */

/**
 * The double nearest to `numerator / denominator`, rounded once (half to even).
 *
 * `Number(a) / Number(b)` would round three times beyond 2^53. Quotients below 2^-900 are not for this.
 * @throws RangeError if the denominator is not positive.
 */
export function ratio(numerator: bigint, denominator: bigint): number {
  if (denominator <= 0n) throw new RangeError(`a ratio needs a positive denominator, not ${denominator}`);
  if (numerator < 0n) return -ratio(-numerator, denominator);
  // At least 64 significant bits in the quotient, the last of them "sticky": it tells the conversion to double
  // on which side of a tie the remainder lies.
  const missingBits = 64 + bitLength(denominator) - bitLength(numerator);
  const shift = Math.max(0, missingBits);
  const scaled = numerator << BigInt(shift);
  const quotient = scaled / denominator;
  const sticky = scaled % denominator === 0n ? 0n : 1n;
  return Number(quotient | sticky) / 2 ** shift;
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/**
 * A decimal number as the exact fraction its shortest spelling means: 99.9 is 999/10, not the double next to it.
 *
 * @throws RangeError if the value is negative, infinite or not a number.
 */
export function decimalFraction(value: number): { numerator: bigint; denominator: bigint } {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`not a finite, non-negative number: ${value}`);
  const [mantissa = "0", exponentText = "0"] = String(value).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const digits = BigInt(whole + fraction);
  const exponent = Number(exponentText) - fraction.length;
  return exponent >= 0
    ? { numerator: digits * 10n ** BigInt(exponent), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-exponent) };
}

/** An integer for JSON: a number where that is exact, the bigint itself beyond 2^53 - 1. */
export function exactInteger(value: bigint): number | bigint {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value;
}
