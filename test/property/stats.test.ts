import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { samplesBeyond } from "../../src/stats/backing.ts";
import { decimalFraction, exactInteger, ratio } from "../../src/stats/exact.ts";
import { meanNs, standardDeviationNs } from "../../src/stats/histogram.ts";
import { snapshotOf } from "../snapshot-of.ts";

const SCALE = 10n ** 40n;
const valuesNs = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 100 });
/** Latencies that hardly differ: where a deviation computed in doubles would be noise. */
const closeValuesNs = fc
  .tuple(fc.bigInt({ min: 2n ** 40n, max: 2n ** 60n }), fc.array(fc.bigInt({ min: 0n, max: 9n }), { minLength: 1 }))
  .map(([base, offsets]) => offsets.map((offset) => base + offset));

/** |double - numerator / denominator| relative to the fraction, in integer arithmetic throughout. */
function relativeError(double: number, numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return double === 0 ? 0 : Infinity;
  const { numerator: n, denominator: d } = binaryFraction(double);
  const difference = n * denominator - numerator * d;
  return Number(((difference < 0n ? -difference : difference) * SCALE) / (numerator * d)) / Number(SCALE);
}

/** A double as the fraction it stands for. */
function binaryFraction(double: number): { numerator: bigint; denominator: bigint } {
  let exponent = 0;
  let value = double;
  while (!Number.isInteger(value)) {
    value *= 2;
    exponent += 1;
  }
  return { numerator: BigInt(value), denominator: 2n ** BigInt(exponent) };
}

function squareRoot(square: bigint): bigint {
  if (square < 2n) return square;
  let root = 2n ** BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}

describe("ratio", () => {
  test("is the double nearest to the fraction", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 140n }), fc.bigInt({ min: 1n, max: 2n ** 140n }), (a, b) => {
        expect(relativeError(ratio(a, b), a, b)).toBeLessThanOrEqual(2 ** -53);
      }),
    );
  });

  test("of numbers that doubles hold is what their division gives", () => {
    const safe = fc.maxSafeNat();
    fc.assert(
      fc.property(safe, safe, (a, b) => {
        fc.pre(b > 0);
        expect(ratio(BigInt(a), BigInt(b))).toBe(a / b);
      }),
    );
  });
});

describe("decimal fraction", () => {
  test("means what the shortest spelling of a number means", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 100, noNaN: true })), (value) => {
        const { numerator, denominator } = decimalFraction(value);
        expect(ratio(numerator, denominator)).toBe(value);
      }),
    );
  });
});

describe("exact integer", () => {
  test("spells out all digits of any integer", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), (value) => String(exactInteger(value)) === `${value}`),
    );
  });
});

describe("mean and standard deviation", () => {
  test("the mean is the double nearest to sum / count", () => {
    fc.assert(
      fc.property(valuesNs, (values) => {
        const sum = values.reduce((total, value) => total + value, 0n);
        expect(relativeError(meanNs(snapshotOf(values))!, sum, BigInt(values.length))).toBeLessThanOrEqual(2 ** -53);
      }),
      { numRuns: 50 },
    );
  });

  test("the deviation agrees with a reference of 40 digits, also where the values hardly differ", () => {
    fc.assert(
      fc.property(fc.oneof(valuesNs, closeValuesNs), (values) => {
        const n = BigInt(values.length);
        const sum = values.reduce((total, value) => total + value, 0n);
        // The definition, not the formula under test: mean squared distance from the mean, times n^3.
        const squares = values.reduce((total, value) => total + (n * value - sum) ** 2n, 0n);
        const reference = squareRoot((squares * SCALE * SCALE) / n ** 3n);
        const deviation = standardDeviationNs(snapshotOf(values))!;
        expect(relativeError(deviation, reference, SCALE)).toBeLessThanOrEqual(2 ** -51);
      }),
      { numRuns: 50 },
    );
  });
});

describe("samples beyond a percentile", () => {
  test("are those strictly above it, or below it in the lower half, counted one by one", () => {
    const permille = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(permille, fc.integer({ min: 1, max: 5000 }), (tenths, count) => {
        let atOrBelow = 0;
        let above = 0;
        for (let sample = 1; sample <= count; sample++) {
          if (sample * 1000 <= tenths * count) atOrBelow += 1;
          if ((sample - 1) * 1000 >= tenths * count) above += 1;
        }
        expect(samplesBeyond(tenths / 10, BigInt(count))).toBe(BigInt(Math.min(atOrBelow, above)));
      }),
    );
  });
});
