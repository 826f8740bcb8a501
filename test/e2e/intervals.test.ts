/** That what a run tells while it goes on adds up: intervals of the events, with a long warm-up before them. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { RunEvent } from "../../src/stream/events-schema.ts";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

test.each(["--one-way", "--round-trip --blocking"])("intervals of %s add up", (flags) =>
  inSandbox(async (sandbox) => {
    const warmUp = ["-w", "50000", "-s", "64"];
    const ended = await sandbox.measure([
      ...flags.split(" "),
      ...warmUp,
      "--rate",
      "1000",
      "-d",
      "3s",
      "--events",
      "e.ndjson",
    ]);
    expect(ended.exitCode).toBe(0);
    const events = readFileSync(sandbox.path("e.ndjson"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as RunEvent);
    expect(events[0]).toMatchObject({ type: "plan", schema_version: 2, interval_definition: 2 });
    const intervals = events.filter((event) => event.type === "interval");
    const measured = intervals.filter(({ phase, received }) => phase === "measuring" && received > 0);
    expect(measured.length).toBeGreaterThanOrEqual(2);
    for (const { received, sent, latency } of measured) {
      expect(latency!.count).toBe(received);
      expect(sent).toBeGreaterThanOrEqual(received);
    }
    // Neither start-up nor warm-up is in the first rate: a scheduled message a millisecond comes from the first one on.
    expect(measured[0]!.messages_per_second!).toBeWithin(800, 1200);
    const before = intervals.slice(0, intervals.indexOf(measured[0]!));
    expect(before.every(({ messages_per_second: rate }) => rate === null)).toBe(true);
    expect(measured.reduce((sum, { interval_received: own }) => sum + own, 0)).toBe(measured.at(-1)!.received);
  }),
);
