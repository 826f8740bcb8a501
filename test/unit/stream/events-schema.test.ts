import { expect, test } from "bun:test";
import Ajv from "ajv";
import { emptySnapshot } from "../../../src/stats/histogram.ts";
import {
  endOfInterval,
  eventLine,
  intervalEvent,
  planEvent,
  resultEvent,
  startEvent,
} from "../../../src/stream/events.ts";
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

const SECOND_NS = 1_000_000_000n;
const STATE = { phase: "measuring", warmup: 10, sent: 51, received: 50, stalls: 0, firstSendNs: SECOND_NS } as const;

test("every event follows the schema", () => {
  const interval = { cell: cellOf(), last: { atNs: 2n * SECOND_NS, received: 20 }, nowNs: 3n * SECOND_NS };
  const events: RunEvent[] = [
    planEvent({ version: "0.2.0", command_line: ["-m", "all"], cells: 8 }, AT),
    startEvent(cellOf(), AT),
    startEvent(cellOf({ messageCount: null, durationNs: 5e9, ratePerSecond: 1000.5 }), AT),
    intervalEvent({ ...interval, reading: { state: STATE, latency: snapshotOf([1n, 2n, 3n]) } }, AT),
    intervalEvent({ ...interval, last: null, reading: { state: NOTHING_YET, latency: emptySnapshot() } }, AT),
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

const NOTHING_YET = { phase: "warm-up", warmup: 10, sent: 0, received: 0, stalls: 0, firstSendNs: null } as const;

test("an interval counts what came in it", () => {
  const reading = { state: STATE, latency: snapshotOf([1n, 2n, 3n]) };
  const last = { atNs: 2n * SECOND_NS, received: 20 };
  const event = intervalEvent({ cell: cellOf(), reading, last, nowNs: last.atNs + SECOND_NS / 2n }, AT);
  expect(event).toMatchObject({ interval_received: 30, messages_per_second: 60, interval_ns: 500_000_000 });
  expect(event.latency).toMatchObject({ count: 3, min_ns: 1, max_ns: 3 });
});

test("the first interval begins with the first measured message: no start-up and no warm-up is in it", () => {
  const cell = cellOf();
  const latency = emptySnapshot();
  const warmingUp = { state: NOTHING_YET, latency };
  const before = intervalEvent({ cell, reading: warmingUp, last: null, nowNs: 99n * SECOND_NS }, AT);
  expect(before).toMatchObject({ interval_ns: 0, interval_received: 0, messages_per_second: null });
  expect(endOfInterval(warmingUp, 99n * SECOND_NS)).toBeNull();

  const reading = { state: { ...STATE, firstSendNs: 99n * SECOND_NS + 950_000_000n }, latency };
  const nowNs = 100n * SECOND_NS;
  const first = intervalEvent({ cell, reading, last: null, nowNs }, AT);
  expect(first).toMatchObject({ interval_ns: 50_000_000, interval_received: 50, messages_per_second: 1000 });
  expect(endOfInterval(reading, nowNs)).toEqual({ atNs: nowNs, received: 50 });
});

test("percentiles of too few samples are marked, in intervals and results", () => {
  const latency = evenly(1, 200);
  const mark = {
    unbacked_percentiles: [
      { percentile: 99, samples_beyond: 2, reason: "2 samples lie above it, 10 are needed" },
      { percentile: 99.9, samples_beyond: 0, reason: "0 samples lie above it, 10 are needed" },
    ],
  };
  const reading = { state: STATE, latency };
  const interval = intervalEvent({ cell: cellOf(), reading, last: null, nowNs: 2n * SECOND_NS }, AT);
  expect(interval.latency).toMatchObject(mark);
  expect(resultEvent(cellOf(), measurementOf({ latency }), AT).latency).toMatchObject(mark);
});

test("integers beyond 2^53 keep all their digits", () => {
  const line = eventLine(resultEvent(cellOf(), measurementOf(), AT));
  expect(line).toContain('"started_at_epoch_ns":1767323045000000006,');
});
