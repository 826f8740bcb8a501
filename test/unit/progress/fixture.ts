import type { ObservedCell } from "../../../src/progress/observer.ts";

export function cellOf(changes: Partial<ObservedCell> = {}): ObservedCell {
  return {
    number: 3,
    total: 8,
    mechanism: "uds",
    mode: "async",
    test: "round-trip",
    messageBytes: 1024,
    launch: 1,
    launches: 1,
    messageCount: 10_000,
    durationNs: null,
    ratePerSecond: null,
    percentiles: [50, 95, 99, 99.9],
    ...changes,
  };
}
