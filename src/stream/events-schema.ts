/**
 * The event stream (`--events`), once: the TypeScript types below and `docs/events.schema.json` both come from here. Newline-
 * delimited JSON, one event a line, each written at once. Integers beyond 2^53 are plain JSON integers with all their digits.
 */

import { type Static, Type } from "@sinclair/typebox";
import { VARIANTS } from "../result/names.ts";
import { unbackedSchema } from "../result/unbacked.ts";
import { INTERVAL_DEFINITION, SCHEMA_VERSION } from "../result/versions.ts";
import { closed, count, exactInteger, moment, nullable, oneOf, quantity } from "../text/schema-parts.ts";

const TEST = ["one-way", "round-trip"] as const;
const MODE = ["async", "blocking"] as const;

const time = () => moment("When it was written");
const cellNumber = () =>
  Type.Integer({ minimum: 1, description: "Number of the cell in the order of the run, from 1" });

const Latency = closed(
  {
    count: exactInteger("Samples"),
    min_ns: exactInteger("ns"),
    max_ns: exactInteger("ns"),
    percentiles: Type.Array(
      closed({ percentile: quantity("The percentile, 0 to 100"), value_ns: exactInteger("ns") }),
      { description: "The percentiles asked for, ascending" },
    ),
    unbacked_percentiles: unbackedSchema(
      "Percentiles with fewer than 10 samples, or too few excursions, beyond them so far; their values say little",
    ),
  },
  "With --rate the response time, from the scheduled moment; else from the actual send",
);

const PlanEvent = closed(
  {
    type: Type.Literal("plan"),
    time: time(),
    version: Type.String({ description: "Version of ipc-benchmark" }),
    schema_version: Type.Literal(SCHEMA_VERSION, {
      description: "Which fields there are: this schema. Absent: 1 (events.schema.1.json)",
    }),
    interval_definition: Type.Literal(INTERVAL_DEFINITION, { description: "As in the result" }),
    command_line: Type.Array(Type.String(), {
      description: "Arguments as given, without the program's name",
    }),
    cells: count("Cells that follow: a cell is one launch of one test of one mechanism and message size"),
  },
  "The plan of the run; the first event",
);

const StartEvent = closed(
  {
    type: Type.Literal("start"),
    time: time(),
    cell: cellNumber(),
    mechanism: oneOf(VARIANTS, "What is measured"),
    mode: oneOf(MODE, "How the peers wait"),
    test: oneOf(TEST, "Which interval is measured"),
    message_size: count("Payload, bytes"),
    launch: Type.Integer({ minimum: 1, description: "Number of the launch, from 1" }),
    msg_count: nullable(count("Messages"), "null when the duration decides"),
    duration_ns: nullable(count("ns"), "null when the count decides"),
    rate_per_second: nullable(quantity("Messages a second"), "--rate; null in a closed loop"),
  },
  "A cell begins",
);

const IntervalEvent = closed(
  {
    type: Type.Literal("interval"),
    time: time(),
    cell: cellNumber(),
    phase: oneOf(["starting", "warm-up", "measuring"], "Where the cell is"),
    interval_ns: count("Since the last interval or the first measured message, ns; 0 before that one"),
    sent: count("Measured messages sent so far"),
    received: count("Measured messages (round trip: replies) received so far"),
    interval_received: count("Of those, in this interval"),
    messages_per_second: nullable(
      quantity("Messages a second"),
      "interval_received over interval_ns; null before the first measured message",
    ),
    latency: nullable(Latency, "Of the cell so far; null before the first message"),
  },
  "Once a second while a cell is under way. Its figures are of one moment: received is latency.count, unless nothing is recorded",
);

const WarningEvent = closed(
  {
    type: Type.Literal("warning"),
    time: time(),
    cell: nullable(cellNumber(), "null: it concerns the whole run"),
    id: Type.String({ description: "What was found" }),
    figures: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]), {
      description: "Its figures; units stand in their names",
    }),
    message: Type.String({ description: "The same in words" }),
  },
  "A finding that may explain figures, or a setting that is not in force",
);

const ResultEvent = closed(
  {
    type: Type.Literal("result"),
    time: time(),
    cell: cellNumber(),
    complete: Type.Boolean({ description: "The cell ran to its end" }),
    failure: nullable(Type.String(), "Why it failed or ended early"),
    started_at_epoch_ns: nullable(
      exactInteger("ns since 1970-01-01T00:00:00Z; exceeds 2^53"),
      "Start of the measured phase; null when it was never reached",
    ),
    sent: count("Messages"),
    received: count("Messages"),
    lost: nullable(count("Messages"), "null where that is not known, as the server did not report"),
    duplicated: count("Messages"),
    reordered: count("Messages"),
    corrupt: count("Messages"),
    window_ns: nullable(exactInteger("ns"), "First measured send to last measured receive"),
    messages_per_second: nullable(quantity("Messages a second"), "Over that window; null for an empty one"),
    latency: nullable(Latency, "null when nothing was recorded"),
  },
  "A cell has ended",
);

const EndEvent = closed(
  {
    type: Type.Literal("end"),
    time: time(),
    complete: Type.Boolean({ description: "Everything asked for ran to its end" }),
    exit_code: count("Exit code of the program"),
  },
  "The last event; without it the program was killed, or the events could not be written",
);

export const EventSchema = Type.Union([PlanEvent, StartEvent, IntervalEvent, WarningEvent, ResultEvent, EndEvent]);

export type RunEvent = Static<typeof EventSchema>;
export type LatencyFigures = Static<typeof Latency>;

/** Text of `docs/events.schema.json`: JSON Schema draft-07 of one line. */
export function eventsSchemaText(): string {
  const document = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "One line of the event stream of ipc-benchmark (--events)",
    ...EventSchema,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
