/** What is said of a schedule is what its rows say. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const ASKED_PER_SECOND = 4000;
const MESSAGES = 200;

describe.each([1, 4, 6])("a few Poisson arrivals of seed %i", (seed) => {
  test("are held to the rate that was drawn, not to the one that was asked for", () =>
    inSandbox(async (sandbox) => {
      const rate = ["--rate", String(ASKED_PER_SECOND), "--arrival", "poisson", "--seed", String(seed)];
      const what = ["-m", "uds", "--one-way", "--blocking", "-i", String(MESSAGES)];
      const ended = await sandbox.measure([...what, ...rate, "--streaming-output-csv", "rows.csv"]);
      expectSuccess(ended);
      const [entry] = allTests(ended.result);
      const rows = parse(readFileSync(sandbox.path("rows.csv")), { columns: true }) as Record<string, string>[];
      const due = rows.map(({ scheduled_ns }) => BigInt(scheduled_ns!));
      const drawnPerSecond = ((MESSAGES - 1) * 1e9) / Number(due.at(-1)! - due[0]!);
      // As these seeds are: far enough from what was asked for to have been called a miss.
      expect(drawnPerSecond).toBeLessThan(0.98 * ASKED_PER_SECOND);
      expect(entry?.schedule?.requested_rate_per_second).toBe(ASKED_PER_SECOND);
      expect(entry?.schedule?.scheduled_rate_per_second).toBeCloseTo(drawnPerSecond, 3);
      const missed = entry?.verdict.reasons.find(({ id }) => id === "rate-missed");
      // A machine too busy for it may miss that too, which has nothing to do with the draw.
      if (missed !== undefined) expect(missed.figures.askedPerSecond).toBeCloseTo(drawnPerSecond, 3);
    }));
});
