/** The same as rank.test.ts with many trials: each kind of launches by itself, and with neighbours in time that are alike. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { anyOf, recorded, shareAlike } from "./launches.ts";

setDefaultTimeout(300_000);

const TRIALS = 500;

describe.each(recorded.runs)("two mechanisms with the launches of $ipc, $placement", ({ p50_ns: values }) => {
  const any = anyOf(values);

  test.each([6, 7, 8, 10, 20])("are alike in 89 to 99 %% of runs of %d launches", (launches) => {
    const share = shareAlike(TRIALS, (random) => Array.from({ length: launches }, () => [any(random), any(random)]));
    expect(share).toBeWithin(0.89, 0.99);
  });

  test.each([6, 10])("also where neighbours in time are alike, in runs of %d launches", (launches) => {
    const neighbours = (random: () => number) => {
      const start = Math.floor(random() * (values.length - 2 * launches));
      return Array.from({ length: launches }, (_, i) => {
        const [a, b] = [values[start + 2 * i]!, values[start + 2 * i + 1]!];
        return random() < 0.5 ? [a, b] : [b, a];
      });
    };
    expect(shareAlike(TRIALS, neighbours)).toBeWithin(0.89, 1);
  });
});
