/** That the Poisson arrivals of a run without --seed are ordinary ones. */
import { expect, test } from "bun:test";
import { defaultOf } from "../../../src/cli/flag.ts";
import { FLAGS } from "../../../src/cli/flags.ts";

const GAPS = 10_000;
const MASK = (1n << 64n) - 1n;

/** The uniform number that c/session/schedule.c draws for a message: splitmix64 as a counter-based generator. */
function uniform(seed: bigint, id: bigint): number {
  let x = (seed + (id + 1n) * 0x9e3779b97f4a7c15n) & MASK;
  x = ((x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  x = ((x ^ (x >> 27n)) * 0x94d049bb133111ebn) & MASK;
  x ^= x >> 31n;
  return (Number(x >> 11n) + 1) * 2 ** -53;
}

/** In mean gaps. */
const gapsOf = (seed: number) =>
  Array.from({ length: GAPS }, (_, i) => -Math.log(uniform(BigInt(seed), BigInt(i + 1))));

/** Kolmogorov and Smirnov's test against the exponential: how likely a distance as great as this one is. */
function ksProbability(gaps: readonly number[]): number {
  const root = Math.sqrt(gaps.length);
  const distance = gaps
    .toSorted((a, b) => a - b)
    .reduce((greatest, gap, i) => {
      const expected = 1 - Math.exp(-gap);
      return Math.max(greatest, (i + 1) / gaps.length - expected, expected - i / gaps.length);
    }, 0);
  const scaled = (root + 0.12 + 0.11 / root) * distance;
  const terms = Array.from({ length: 100 }, (_, i) => 2 * (-1) ** i * Math.exp(-2 * ((i + 1) * scaled) ** 2));
  return terms.reduce((sum, term) => sum + term, 0);
}

const mean = (gaps: readonly number[]) => gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;

test("the first 10,000 gaps of the default seed have the mean and the distribution that they should", () => {
  const gaps = gapsOf(defaultOf(FLAGS.seed));
  expect(Math.abs(mean(gaps) - 1)).toBeLessThan(0.01);
  expect(ksProbability(gaps)).toBeGreaterThan(0.05);
});

test("those of seed 1, once the default, have not", () => {
  expect(mean(gapsOf(1))).toBeGreaterThan(1.025);
  expect(ksProbability(gapsOf(1))).toBeLessThan(0.001);
});
