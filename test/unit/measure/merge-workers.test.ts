import { describe, expect, test } from "bun:test";
import { mergeWorkers } from "../../../src/measure/merge-workers.ts";
import { mergeUsage } from "../../../src/system/usage-merge.ts";
import { evenly, measurementOf } from "../result/fixture.ts";
import { QUIET } from "../verdict/fixture.ts";

const part = (firstSendNs: bigint | null, lastReceiveNs: bigint | null, changes = {}) => ({
  measurement: measurementOf(changes),
  firstSendNs,
  lastReceiveNs,
});

describe("several clients as one measurement", () => {
  test("have the window from the first send of any to the last receive of any", () => {
    const merged = mergeWorkers([part(20n, 90n), part(10n, 50n), part(null, null)], null, null);
    expect(merged.windowNs).toBe(80n);
    expect(merged.workers).toHaveLength(3);
  });

  test("have all their messages and latencies", () => {
    const counts = { sent: 5, received: 4, lost: 1, duplicated: 0, reordered: 0, corrupt: 0 };
    const one = part(1n, 2n, { counts, latency: evenly(1, 4) });
    const merged = mergeWorkers([one, one], null, null);
    expect(merged.counts).toEqual({ ...counts, sent: 10, received: 8, lost: 2 });
    expect(merged.latency.count).toBe(2n * one.measurement.latency.count);
  });

  test("don't know how many messages were lost if one of them does not", () => {
    const counts = { sent: 5, received: 4, lost: 1, duplicated: 0, reordered: 0, corrupt: 0 };
    const parts = [part(1n, 2n, { counts }), part(1n, 2n, { counts: { ...counts, received: 0, lost: null } })];
    expect(mergeWorkers(parts, null, null).counts).toEqual({ ...counts, sent: 10, received: 4, lost: null });
  });

  test("say which of them failed, and that the test ran to its end", () => {
    const merged = mergeWorkers([part(1n, 2n), part(1n, 2n, { failure: "of 5 messages: 1 lost" })], null, null);
    expect(merged).toMatchObject({ failure: "client 1: of 5 messages: 1 lost", complete: true });
  });

  test("cost their server once", () => {
    const merged = mergeWorkers([part(1n, 2n), part(1n, 2n)], null, QUIET);
    expect(merged.server?.usage).toEqual(QUIET);
  });
});

test("usage of clients at once is added, but for what the whole machine saw", () => {
  const busy = { ...QUIET, cpu_pressure_share: 0.5, user_ns: "unknown" as const };
  expect(mergeUsage([QUIET, busy, QUIET])).toMatchObject({
    user_ns: 2 * (QUIET.user_ns as number),
    minor_faults: 3 * (QUIET.minor_faults as number),
    window_ns: QUIET.window_ns,
    cpu_pressure_share: 0.5,
  });
  expect(mergeUsage([])).toBeNull();
});
