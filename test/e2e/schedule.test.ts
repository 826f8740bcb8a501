/** What is said of a schedule is what its rows say. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests, until } from "./harness.ts";
import { LedgerPeek } from "./ledger-peek.ts";

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

/** Of a window of one second; its sender stands still from before its end until after it. */
const DUE_IN_WINDOW = 2000;
const STOPPED_FROM = 1700;
const STOPPED_MS = 400;

describe.each([
  ["--blocking", "--one-way"],
  ["--blocking", "--round-trip"],
  ["--async", "--one-way"],
  ["--async", "--round-trip"],
])("%s %s", (mode, which) => {
  test("a stop across the end of the window leaves out nothing that was due before it", () =>
    inSandbox(async (sandbox) => {
      const how = mode === "--blocking" ? [mode] : [];
      const rate = ["-d", "1s", "--rate", String(DUE_IN_WINDOW)];
      const run = sandbox.start(["-m", "uds", which, ...how, ...rate, "-o", "result.json"]);
      const { client } = await run.bothRoles();
      using ledger = new LedgerPeek(client);
      await until("most messages are sent", () => ledger.progress().sent >= STOPPED_FROM);
      process.kill(client, "SIGSTOP");
      await Bun.sleep(STOPPED_MS);
      process.kill(client, "SIGCONT");
      const ended = await run.ended;
      const result = sandbox.readResult();
      expectSuccess({ ...ended, result });
      const [entry] = allTests(result);
      expect(entry?.counts.sent).toBe(DUE_IN_WINDOW);
      expect(Number(entry?.schedule?.lateness?.max_ns)).toBeGreaterThan(0.9 * STOPPED_MS * 1e6);
      // It caught up, but after the window.
      const [reason] = entry?.verdict.reasons ?? [];
      expect(reason?.id).toBe("rate-missed");
    }));
});

test("a sender that can't catch up stops after as long again, and its test is invalid", () =>
  inSandbox(async (sandbox) => {
    const what = ["-m", "uds", "--one-way", "--blocking", "-d", "1s", "--rate", "100000000"];
    const { result, exitCode, wallMs } = await sandbox.measure(what);
    expect(exitCode).toBe(0);
    expect(wallMs).toBeLessThan(8000);
    const [entry] = allTests(result);
    expect(entry?.complete).toBe(true);
    expect(entry?.verdict.reasons.map(({ id }) => id)).toContain("rate-missed");
    expect(Number(entry?.window_ns)).toBeWithin(1.9e9, 4e9);
  }));
