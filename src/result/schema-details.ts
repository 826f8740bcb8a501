/** Schema of `details`: what a result says beyond the reference's format. */

import { type Static, Type } from "@sinclair/typebox";
import { known } from "../system/machine-schema.ts";
import { CpuDmaLatencySchema, RealTimeSchema } from "../system/privileges-schema.ts";
import { UsageFiguresSchema } from "../system/usage-schema.ts";
import { closed, count, exactInteger, nullable, oneOf, quantity } from "../text/schema-parts.ts";
import { VerdictSchema } from "../verdict/verdict-schema.ts";
import { unbackedSchema } from "./unbacked.ts";

const RoomWaits = closed({
  count: count("Sends that found too little room at the first attempt"),
  total_ns: count(
    "Time they waited, ns in all: from the first refusal, or the first attempt that took only a part, until all was handed over. It is part of their latency",
  ),
});

const Side = closed(
  {
    pid: count("Process id"),
    allowed_cpus: Type.Array(count("CPU number"), { description: "CPUs the process was allowed to run on" }),
    used_cpus: Type.Array(count("CPU number"), { description: "CPUs on which it handled messages" }),
    migrations: count("Times the handling CPU changed from one message to the next"),
    send_buffer_bytes: nullable(
      count("Bytes"),
      "Send buffer as the kernel reports it, or capacity of ring, slot or queue",
    ),
    receive_buffer_bytes: nullable(count("Bytes"), "Receive buffer as the kernel reports it, or capacity as above"),
    queue_depth: nullable(count("Messages"), "Messages the queue holds; message queues only"),
    real_time: nullable(RealTimeSchema, "null without --rt"),
    usage: nullable(UsageFiguresSchema, "Sum over all launches whose measured phase ended; null if none did"),
    cpu_ns_per_message: nullable(
      known(quantity("ns")),
      "CPU time of this side, user and system, per message received in the launches that usage is of",
    ),
  },
  "What was in force on this side, read back after it was set",
);

const Distribution = closed(
  {
    count: exactInteger("Samples, those beyond 60 s included"),
    sum_ns: exactInteger("Sum of the samples, ns; may exceed 2^53"),
    sum_of_squares_ns2: exactInteger("Sum of the squared samples, ns^2; may exceed 2^53"),
    overflow_count: exactInteger("Samples beyond 60 s: in count, extremes and sums, but not in the histogram"),
    unbacked_percentiles: unbackedSchema(
      "Percentiles asked for with fewer than 10 samples beyond them; the latency object has their values all the same",
    ),
    histogram_v2_base64: Type.String({
      description:
        "All buckets, 1 ns to 60 s with 3 significant digits: HdrHistogram V2, compressed, base64. Merge these; percentiles can't be averaged",
    }),
  },
  "What is needed to merge this distribution exactly with others",
);

const Figures = closed(
  {
    min_ns: exactInteger("ns"),
    max_ns: exactInteger("ns"),
    mean_ns: quantity("ns"),
    median_ns: exactInteger("ns"),
    std_dev_ns: quantity("ns"),
    percentiles: Type.Array(closed({ percentile: quantity("The percentile, 0 to 100"), value_ns: exactInteger("ns") })),
    distribution: Distribution,
  },
  "A distribution with its figures",
);

const Schedule = closed(
  {
    requested_rate_per_second: quantity("--rate, messages a second"),
    scheduled_rate_per_second: nullable(
      quantity("Messages a second"),
      "Rate of the moments drawn for the messages that were sent. The achieved rate is compared with it. null with fewer than two messages",
    ),
    achieved_rate_per_second: nullable(
      quantity("Messages a second"),
      "Between a client's first and its last send, of all clients added up, of the slowest launch; null with fewer than two",
    ),
    arrival: oneOf(["constant", "poisson", "burst"], "--arrival"),
    burst: count("Messages that go at once"),
    seed: count("--seed"),
    service_time: nullable(Figures, "From the actual send; null when nothing was recorded"),
    lateness: nullable(Figures, "From the scheduled moment to the actual send"),
  },
  "Open-loop test: the latency object holds response time, from the scheduled moment; this is what stands beside it",
);

const Spread = closed(
  {
    median: quantity("Median of the launches"),
    low: quantity("Lower end"),
    high: quantity("Upper end"),
    kind: oneOf(
      ["bootstrap95", "range"],
      "95 % bootstrap interval of the median (2000 resamples), or with fewer than 6 launches the range seen",
    ),
  },
  "What independent launches say of a figure",
);

const LaunchUsage = nullable(UsageFiguresSchema, "null if the measured phase did not end");

const launchFigures = {
  mean_ns: nullable(quantity("ns"), "null when nothing was recorded"),
  max_ns: nullable(exactInteger("ns"), "null when nothing was recorded"),
  percentiles: Type.Array(closed({ percentile: quantity("The percentile, 0 to 100"), value_ns: exactInteger("ns") })),
  unbacked_percentiles: unbackedSchema(
    "Percentiles with fewer than 10 samples of this launch beyond them; their values say little",
  ),
};
const LaunchFigures = closed(launchFigures);

const Launch = closed(
  {
    launch: count("Number of the launch, from 1"),
    complete: Type.Boolean({ description: "It ran to its end" }),
    failure: nullable(Type.String(), "Why it failed or ended early"),
    received: count("Messages"),
    ...launchFigures,
    service_time: nullable(LaunchFigures, "From the actual send; null in a closed loop"),
    lateness: nullable(LaunchFigures, "From the scheduled moment to the actual send; null in a closed loop"),
    messages_per_second: nullable(quantity("Messages a second"), "null for an empty window"),
    same_cpu_share: nullable(quantity("0 to 1"), "Share of messages handled with both sides on one CPU"),
    usage: closed(
      { client: LaunchUsage, server: LaunchUsage },
      "What this launch cost each side and what disturbed it; of several clients all together",
    ),
  },
  "One launch by itself: fresh processes, fresh objects",
);

const latencySpreads = {
  mean_ns: nullable(Spread),
  percentiles: Type.Array(closed({ percentile: quantity("The percentile, 0 to 100"), value_ns: Spread }), {
    description: "Those asked for that have at least 10 samples beyond them in every launch",
  }),
  unbacked_percentiles: unbackedSchema("The others, with the launch that has the fewest samples"),
};
const LatencySpreads = closed(latencySpreads);

const AcrossLaunches = closed(
  {
    ...latencySpreads,
    service_time: nullable(LatencySpreads, "From the actual send; null in a closed loop"),
    lateness: nullable(LatencySpreads, "From the scheduled moment to the actual send; null in a closed loop"),
    messages_per_second: nullable(Spread),
  },
  "Medians over the launches that ran to their end; the latency object pools the messages of all",
);

const Counts = closed(
  {
    sent: count("Messages sent"),
    received: count("Messages (round trip: replies) received, as far as this side knows"),
    lost: nullable(
      count("Messages that never arrived"),
      "null where that is not known: the client's server was started by another command and did not report",
    ),
    duplicated: count("Messages that arrived again"),
    reordered: count("Messages that arrived after a later one"),
    corrupt: count("Messages with a wrong payload"),
  },
  "Messages of the measured phase; warm-up and canary are in none of these",
);

const Worker = closed(
  {
    worker: count("Number of the client, from 0"),
    complete: Type.Boolean({ description: "It ran to its end" }),
    failure: nullable(Type.String(), "Why it failed or ended early"),
    counts: Counts,
    window_ns: nullable(
      exactInteger("ns"),
      "Its first measured send to its last measured receive; null when nothing arrived",
    ),
    messages_per_second: nullable(quantity("Messages a second"), "null for an empty window"),
    latency: nullable(Figures, "null when nothing was recorded"),
    client: nullable(Side),
    server: nullable(Side, "The server's side of its connection; what the server's process cost stands with the test"),
  },
  "One of several clients by itself, its launches pooled",
);

const TestDetails = closed({
  test: oneOf(["one-way", "round-trip"], "Which interval was measured"),
  complete: Type.Boolean({ description: "The test ran to its end" }),
  failure: nullable(Type.String(), "Why the test failed or ended early"),
  verdict: VerdictSchema,
  started_at_epoch_ns: nullable(
    exactInteger("ns since 1970-01-01T00:00:00Z; exceeds 2^53"),
    "Start of the measured phase; null when it was never reached",
  ),
  counts: Counts,
  window_ns: nullable(
    exactInteger("ns"),
    "First measured send to last measured receive, of any client; null when nothing arrived",
  ),
  latency: nullable(Distribution, "null when nothing was recorded"),
  latency_absent: nullable(
    Type.String(),
    "Why there is no latency by design: the other side measures it, or the peers' clocks can't be compared; null where it was to be measured",
  ),
  foreign_peer: Type.Boolean({
    description: "The other side is another tool: neither ids nor payloads were checked, and it reported nothing",
  }),
  schedule: nullable(Schedule, "null in a closed loop, where the latency object holds service time"),
  launches: Type.Array(Launch, { description: "In the order in which they ran" }),
  across_launches: AcrossLaunches,
  room_waits: closed(
    { client: RoomWaits, server: RoomWaits },
    "Waits for a full buffer, queue, ring or slot, by sender",
  ),
  room_by: nullable(
    oneOf(
      ["peer's count", "the system"],
      "How a sender learns that the queue is full. peer's count: from the counter of a peer that the same command started. the system: by a call that fails, which makes one-way messages on one CPU some 10 % slower",
    ),
    "Message queues only. Compare only tests that agree in it",
  ),
  stalls: nullable(
    closed({
      count: count("Times that the recording side found no room for a record"),
      total_ns: count("Time it waited, ns in all"),
    }),
    "Waits, between messages, for the files that records are streamed to. The latencies of the side that waits do not include them, but " +
      "one-way messages sent to it meanwhile arrive later; null without streaming",
  ),
  same_cpu_messages: nullable(count("Messages"), "Messages handled while both sides were on one CPU; null if unknown"),
  same_cpu_share: nullable(quantity("0 to 1"), "The same as a share of the messages received"),
  client: nullable(Side, "With several clients: all of them together, and the process of the first"),
  server: nullable(Side),
  workers: Type.Array(Worker, {
    description:
      "Each of several clients (-c), in the order of their numbers; a server's report may lack some. Empty with one client",
  }),
});

export const DetailsSchema = closed(
  {
    mode: oneOf(["async", "blocking"], "How the peers waited: in an event loop, or in blocking calls"),
    standalone: nullable(
      oneOf(["server", "client"], "Side"),
      "Which side this command ran, if another command ran the other one; null: both",
    ),
    complete: Type.Boolean({ description: "Every test asked for ran to its end" }),
    endpoint: nullable(Type.String(), "Address, path or name at which the peers met"),
    reply: oneOf(["echo", "ack"], "Round trips: the reply carried the payload, or nothing"),
    wait: oneOf(["block", "spin", "hybrid"], "--wait as asked: how native channels (shm, pmq) wait"),
    send_delay_ns: count("Pause after each message, ns; outside every interval"),
    requested: closed(
      {
        buffer_bytes: nullable(count("Bytes"), "--buffer-size; null leaves the system's defaults"),
        server_cpu: nullable(count("CPU number"), "--server-affinity"),
        client_cpu: nullable(count("CPU number"), "--client-affinity"),
        include_first_message: Type.Boolean({
          description: "The first message of each test was recorded too",
        }),
        spin_ns: count("--spin, the budget of --wait hybrid, ns"),
        shm_direct: Type.Boolean({ description: "--shm-direct: slots instead of rings; shm only" }),
        pmq_priority: count("--pmq-priority; pmq only"),
      },
      "What the command line asked for; what was in force stands under tests",
    ),
    summary_from: closed(
      {
        throughput: nullable(oneOf(["one-way", "round-trip"], "Test")),
        latency: nullable(oneOf(["one-way", "round-trip"], "Test")),
      },
      "The one test from which the summary's throughput average and latencies come; null when none delivered",
    ),
    tests: Type.Array(TestDetails, { description: "One entry per test that was started, in order" }),
    cpu_dma_latency: nullable(CpuDmaLatencySchema, "null without --cpu-dma-latency"),
    command_line: Type.Array(Type.String(), {
      description: "Arguments as given, without the program's name",
    }),
    versions: closed({
      tool: Type.String({ description: "ipc-benchmark" }),
      bun: Type.String({ description: "Bun, the runtime inside the binary" }),
      shim_abi: nullable(Type.Integer(), "ABI version of the native part; null if it was not loaded"),
    }),
  },
  "What the format of rusty-comms has no place for",
);

export type Details = Static<typeof DetailsSchema>;
export type TestDetails = Static<typeof TestDetails>;
export type WorkerDetails = Static<typeof Worker>;
export type LaunchDetails = Static<typeof Launch>;
export type LaunchFigures = Static<typeof LaunchFigures>;
export type LatencySpreads = Static<typeof LatencySpreads>;
export type AcrossLaunches = Static<typeof AcrossLaunches>;
export type ScheduleDetails = Static<typeof Schedule>;
export type FiguresDetails = Static<typeof Figures>;
export type SideDetails = Static<typeof Side>;
