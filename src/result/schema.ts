/**
 * The final JSON, once: the TypeScript types below and `docs/result.schema.json` both come from here.
 *
 * Fields, nesting, types and units are those of rusty-comms `ipc-benchmark`, whose readers must go on working. What
 * that format lacks is in `details` of each result and in fields of `metadata` (`complete`,
 * `mechanisms_not_run`). Integers beyond 2^53 are written as plain JSON integers with all their digits.
 */

import { type Static, Type } from "@sinclair/typebox";
import { MachineFactsSchema } from "../system/machine-schema.ts";
import { closed, count, duration, exactInteger, moment, nullable, oneOf, quantity } from "../text/schema-parts.ts";
import { VARIANTS } from "./names.ts";
import { DetailsSchema } from "./schema-details.ts";
import { INTERVAL_DEFINITION, SCHEMA_VERSION } from "./versions.ts";

const SystemInfo = closed({
  os: Type.String({ description: "linux, macos or windows" }),
  architecture: Type.String({ description: "x86_64, aarch64 …" }),
  cpu_cores: count("Logical CPUs online"),
  memory_gb: quantity("Physical memory, GB of 1e9 bytes"),
  rust_version: Type.String({
    description: "Kept for readers of rusty-comms' results; names the runtime that was used",
  }),
  benchmark_version: Type.String({ description: "Version of ipc-benchmark" }),
});

const Latency = closed({
  latency_type: oneOf(
    ["OneWay", "RoundTrip"],
    "The interval. From: right before the first attempt to hand the message to the mechanism (with a rate: the scheduled moment). To: this message, or its reply, is handed to the receiving loop; each has a clock reading of its own",
  ),
  min_ns: exactInteger("Least sample, ns, exact"),
  max_ns: exactInteger("Greatest sample, ns, exact"),
  mean_ns: quantity("Arithmetic mean, ns, from the exact sum"),
  median_ns: quantity("Percentile 50, ns"),
  std_dev_ns: quantity("Population standard deviation, ns, from the exact sums"),
  percentiles: Type.Array(
    closed({
      percentile: quantity("0 to 100"),
      value_ns: exactInteger(
        "ns; greatest value of its histogram bucket (up to 0.1 % above the sample), at most max_ns",
      ),
    }),
    {
      description:
        "The percentiles asked for, in that order; pooled over all launches. details.tests[].percentiles says which are backed, and has the medians of the launches",
    },
  ),
  total_samples: exactInteger("Samples"),
  histogram_data: Type.Array(exactInteger("ns"), {
    description:
      "Values at percentiles 0, 50, 75, 87.5 … each step halving what is left, then the maximum, ns. All buckets: details.tests[].latency.histogram_v2_base64",
  }),
});

const Throughput = closed(
  {
    messages_per_second: quantity("total_messages / duration_ns; 0 when the window is empty"),
    bytes_per_second: quantity(
      "total_bytes / duration_ns: payload of one direction, so an echoed round trip moves twice as much; 0 when the window is empty",
    ),
    total_messages: count("Messages received (round trip: replies, so each round trip counts once)"),
    total_bytes: count(
      "Payload bytes of those messages in one direction, without headers. The echoed payload of a round trip is not counted again",
    ),
    duration_ns: exactInteger("First measured send to last measured receive, ns; 0 when nothing arrived"),
  },
  "Rates over the measured window alone",
);

const PerformanceMetrics = closed({
  latency: nullable(Latency, "null when nothing was recorded"),
  throughput: Throughput,
  timestamp: moment("Start of the measured phase"),
});

const ResultSummary = closed({
  total_messages_sent: count("Messages sent in all tests"),
  total_bytes_transferred: count("Payload bytes received in all tests, one direction"),
  average_throughput_megabytes_per_sec: quantity(
    "Rate of the one-way test, or of the round-trip test where that is the only one; MB (1e6 payload bytes of one direction) per s. Never a mean of both",
  ),
  peak_throughput_megabytes_per_sec: quantity(
    "The higher of the tests' rates, MB (1e6 payload bytes of one direction) per s",
  ),
  average_latency_ns: nullable(
    Type.Number(),
    "Mean of the round-trip test, or of the one-way test where that is the only one, ns. Never a mean of both: they are different intervals. details.summary_from says which",
  ),
  min_latency_ns: nullable(exactInteger("ns"), "Minimum of that same test"),
  max_latency_ns: nullable(exactInteger("ns"), "Maximum of that same test"),
  p95_latency_ns: nullable(
    exactInteger("ns"),
    "Percentile 95 of that same test, pooled over all launches; null if not asked for. unbacked_percentiles of that test tells whether enough samples lie beyond it",
  ),
  p99_latency_ns: nullable(
    exactInteger("ns"),
    "Percentile 99 of that same test, pooled over all launches; null if not asked for. As above",
  ),
  error_count: count(
    "Messages lost + duplicated + reordered + corrupt, + 1 for each test that failed, ended early or was not run",
  ),
});

const MechanismResult = closed({
  mechanism: oneOf(VARIANTS, "What was measured"),
  status: Type.Union([
    Type.Literal("Success", {
      description: "Every test ran to its end and every message arrived once, whole, in order",
    }),
    closed({ Failure: Type.String({ description: "What went wrong, per test" }) }),
  ]),
  test_config: closed({
    message_size: count("Payload, bytes"),
    buffer_size: count(
      "Client's send buffer as the system reports it, bytes; 0 if unknown. Both sides: details.tests[]",
    ),
    concurrency: count("Clients at once"),
    msg_count: nullable(count("Messages"), "Messages per test; null when the duration decides"),
    duration: nullable(duration("Time"), "Time per test; null when the count decides"),
    one_way_enabled: Type.Boolean(),
    round_trip_enabled: Type.Boolean(),
    warmup_iterations: count("Messages before the measured phase, over the same connection"),
    percentiles: Type.Array(quantity("0 to 100"), { description: "Percentiles asked for" }),
  }),
  one_way_results: nullable(PerformanceMetrics, "null when the test was not asked for or not run"),
  round_trip_results: nullable(PerformanceMetrics, "null when the test was not asked for or not run"),
  summary: ResultSummary,
  timestamp: moment("Start of these tests"),
  test_duration: duration("Wall time of these tests, set-up and warm-up included"),
  system_info: SystemInfo,
  details: DetailsSchema,
});

const MechanismSummary = closed({
  mechanism: oneOf(VARIANTS, "What was measured"),
  average_throughput_megabytes_per_sec: quantity("As in the result's summary"),
  p95_latency_ns: nullable(exactInteger("ns"), "As in the result's summary"),
  p99_latency_ns: nullable(exactInteger("ns"), "As in the result's summary"),
  total_messages: count("Messages sent in all tests"),
});

export const BenchmarkResultSchema = closed({
  metadata: closed({
    version: Type.String({ description: "Version of ipc-benchmark" }),
    schema_version: Type.Literal(SCHEMA_VERSION, {
      description: "Which fields there are: this schema. Absent: 1 (result.schema.1.json)",
    }),
    interval_definition: Type.Literal(INTERVAL_DEFINITION, {
      description:
        "Where an interval ends. 2: when a message is handed to the receiving loop. 1, or absent: when the read that brought it " +
        "returned. Latencies of different definitions can't be compared",
    }),
    timestamp: moment("Start of the run"),
    total_tests: count("Number of results, one for each mechanism and message size"),
    system_info: SystemInfo,
    complete: Type.Boolean({ description: "Every test of every mechanism asked for ran to its end" }),
    machine: nullable(MachineFactsSchema, "null until the first test has ended"),
    mechanisms_not_run: Type.Array(oneOf(VARIANTS, "Mechanism"), {
      description: "Asked for, but the run ended before them; once for each message size",
    }),
  }),
  results: Type.Array(MechanismResult),
  summary: closed({
    total_messages: count("Messages sent, all results"),
    total_bytes: count("Payload bytes received, all results"),
    total_errors: count("Errors, all results"),
    mechanisms: Type.Record(Type.String(), MechanismSummary, {
      description:
        'By display name ("TCP Socket"), in the order of results; a mechanism that ran again, with another message size or other settings, is "TCP Socket (2)", and so on',
    }),
    fastest_mechanism: nullable(
      Type.String(),
      "Key in mechanisms with the highest average throughput among the successful; the first of equals. null with fewer than 6 launches, " +
        "which can't tell (details.tests[].vs_best)",
    ),
    lowest_latency_mechanism: nullable(
      Type.String(),
      "Key in mechanisms with the lowest average latency among the successful; the first of equals. null with fewer than 6 launches",
    ),
  }),
});

export type BenchmarkResult = Static<typeof BenchmarkResultSchema>;
export type MechanismResult = Static<typeof MechanismResult>;
export type PerformanceMetrics = Static<typeof PerformanceMetrics>;
export type ResultSummary = Static<typeof ResultSummary>;
export type SystemInfo = Static<typeof SystemInfo>;

/** Text of `docs/result.schema.json`: JSON Schema draft-07. */
export function resultSchemaText(): string {
  const document = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Result of ipc-benchmark (-o)",
    ...BenchmarkResultSchema,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
