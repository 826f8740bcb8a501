import { expect, test } from "bun:test";
import Ajv from "ajv";
import { emptySnapshot } from "../../../src/stats/histogram.ts";
import { eventLine, intervalEvent, resultEvent, startEvent } from "../../../src/stream/events.ts";
import { eventsSchemaText, type RunEvent } from "../../../src/stream/events-schema.ts";
import { snapshotOf } from "../../snapshot-of.ts";
import { cellOf } from "../progress/fixture.ts";
import { evenly, measurementOf, measurementOfNothing } from "../result/fixture.ts";

const AT = new Date("2026-01-02T03:04:05.678Z");
const validate = new Ajv({ allErrors: true }).compile(JSON.parse(eventsSchemaText()) as object);

function expectValid(event: RunEvent): void {
  const line = eventLine(event);
  expect(line).toEndWith("}\n");
  expect(line.slice(0, -1)).not.toContain("\n");
  validate(JSON.parse(line));
  expect(validate.errors).toBeNull();
}

test("docs/events.schema.json is what `bun scripts/schema.ts` writes", async () => {
  const onDisk = await Bun.file(new URL("../../../docs/events.schema.json", import.meta.url)).text();
  expect(onDisk).toBe(eventsSchemaText());
});

test("every event follows the schema", () => {
  const state = { phase: "measuring", warmup: 10, sent: 51, received: 50, stalls: 0 } as const;
  const interval = { cell: cellOf(), state, receivedBefore: 20, intervalMs: 1000.25 };
  const events: RunEvent[] = [
    { type: "plan", time: AT.toISOString(), version: "0.1.0", command_line: ["-m", "all"], cells: 8 },
    startEvent(cellOf(), AT),
    startEvent(cellOf({ messageCount: null, durationNs: 5e9, ratePerSecond: 1000.5 }), AT),
    intervalEvent({ ...interval, latency: snapshotOf([1n, 2n, 3n]) }, AT),
    intervalEvent({ ...interval, latency: emptySnapshot(), intervalMs: 0 }, AT),
    {
      type: "warning",
      time: AT.toISOString(),
      cell: null,
      id: "x",
      figures: { count: 1, side: "client" },
      message: "y",
    },
    resultEvent(cellOf(), measurementOf(), AT),
    resultEvent(cellOf(), measurementOfNothing(), AT),
    { type: "end", time: AT.toISOString(), complete: true, exit_code: 0 },
  ];
  for (const event of events) expectValid(event);
});

test("an interval counts what came in it", () => {
  const state = { phase: "measuring", warmup: 10, sent: 51, received: 50, stalls: 0 } as const;
  const latency = snapshotOf([1n, 2n, 3n]);
  const event = intervalEvent({ cell: cellOf(), state, receivedBefore: 20, intervalMs: 500, latency }, AT);
  expect(event).toMatchObject({ interval_received: 30, messages_per_second: 60, interval_ns: 500_000_000 });
  expect(event.latency).toMatchObject({ count: 3, min_ns: 1, max_ns: 3 });
});

test("percentiles of too few samples are marked, in intervals and results", () => {
  const state = { phase: "measuring", warmup: 10, sent: 51, received: 50, stalls: 0 } as const;
  const latency = evenly(1, 200);
  const mark = {
    unbacked_percentiles: [
      { percentile: 99, samples_beyond: 2, reason: "2 samples lie above it, 10 are needed" },
      { percentile: 99.9, samples_beyond: 0, reason: "0 samples lie above it, 10 are needed" },
    ],
  };
  const interval = intervalEvent({ cell: cellOf(), state, receivedBefore: 20, intervalMs: 500, latency }, AT);
  expect(interval.latency).toMatchObject(mark);
  expect(resultEvent(cellOf(), measurementOf({ latency }), AT).latency).toMatchObject(mark);
});

test("integers beyond 2^53 keep all their digits", () => {
  const line = eventLine(resultEvent(cellOf(), measurementOf(), AT));
  expect(line).toContain('"started_at_epoch_ns":1767323045000000006,');
});
