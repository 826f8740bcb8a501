/** How often the interval of a median holds the true one: many trials. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "../../../src/plan/random.ts";
import { spreadOf } from "../../../src/stats/bootstrap.ts";

setDefaultTimeout(60_000);

/** Twelve uniform numbers make a normal one: enough here. */
function normal(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}

/** Kinds of launches, each with a median of 10,000. */
const KINDS: Record<string, (random: () => number) => number> = {
  /** As launches are. */
  skewed: (random) => 10_000 * Math.exp(0.1 * normal(random)),
  normal: (random) => 10_000 + 500 * normal(random),
  "heavy-tailed": (random) => 10_000 + (500 * normal(random)) / Math.sqrt(-Math.log(1 - random())),
  /** Seven of ten near one value, at whose upper 2/7 the median lies (0.5659 deviations above), the others far above. */
  bimodal: (random) => 10_000 - 283 + (random() < 0.7 ? 0 : 8_000) + 500 * normal(random),
};
const EVERY_COUNT = [6, 7, 8, 9, 10, 11, 12, 20];

test.each([
  ...EVERY_COUNT.map((launches) => ["skewed", launches] as const),
  ...["normal", "heavy-tailed", "bimodal"].flatMap((kind) => [
    [kind, 6] as const,
    [kind, 7] as const,
    [kind, 10] as const,
  ]),
])(
  "the interval of the median of %s launches holds the true one in 92 to 98 %% of 1000 trials of %d",
  (kind, launches) => {
    const random = seededRandom(launches);
    let held = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const values = Array.from({ length: launches }, () => KINDS[kind]!(random));
      const { low, high } = spreadOf(values, trial)!;
      if (low <= 10_000 && 10_000 <= high) held++;
    }
    expect(held).toBeWithin(920, 981);
  },
);
