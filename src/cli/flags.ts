import { MAX_MESSAGE_BYTES, MECHANISMS } from "../plan/run-plan.ts";
import { type Flag, type FlagValue, manyValues, noValue, oneValue } from "./flag.ts";
import { OUTPUT_FLAGS } from "./output-flags.ts";
import { STANDALONE_FLAGS } from "./standalone-flags.ts";
import {
  arrival,
  choice,
  cpuNumber,
  decimalNumber,
  duration,
  hostName,
  messageSizes,
  objectName,
  percentile,
  portNumber,
  socketPath,
  wholeNumber,
} from "./values.ts";

/** macOS allows no longer name, its slash included. */
const MAX_SHARED_MEMORY_NAME_BYTES = 31;
/** Leaves room for `_req` and `_resp`. */
const MAX_QUEUE_NAME_BYTES = 200;
const ONE_GIB = 1024 ** 3;
const HOUR_NS = 3_600_000_000_000;
const SECOND_NS = 1_000_000_000;

/**
 * Every flag of the program, in the order of the help. Parsing, validation and help derive from these rows alone.
 */
export const FLAGS = {
  mechanism: manyValues({
    long: ["mechanism", "mechanisms"],
    short: "m",
    placeholder: "NAME",
    group: "Options",
    description:
      "What carries the messages: uds, tcp, shm, pmq (Linux) or all; several run one after another (also --mechanisms)",
    main: true,
    default: "uds",
    value: choice([...MECHANISMS, "all"], "uds tcp"),
  }),
  messageSize: manyValues({
    long: ["message-size"],
    short: "s",
    placeholder: "BYTES",
    group: "Options",
    description: `Payload of one message, 1 to ${MAX_MESSAGE_BYTES} bytes; several run one after another, also ranges: '64..4096:*4' (each four times the last), 64..256:+64`,
    main: true,
    default: "1024",
    value: messageSizes(MAX_MESSAGE_BYTES),
  }),
  oneWay: noValue({
    long: ["one-way"],
    group: "Options",
    description: "Run the one-way test only, unless --round-trip is given too",
    main: true,
  }),
  roundTrip: noValue({
    long: ["round-trip"],
    group: "Options",
    description: "Run the round-trip test only, unless --one-way is given too",
    main: true,
  }),
  noOneWay: noValue({ long: ["no-one-way"], group: "Options", description: "Leave the one-way test out" }),
  noRoundTrip: noValue({
    long: ["no-round-trip"],
    group: "Options",
    description: "Leave the round-trip test out",
  }),
  help: noValue({
    long: ["help"],
    short: "h",
    group: "Options",
    description: "Show the main flags (-h) or everything (--help)",
    main: true,
  }),
  version: noValue({
    long: ["version"],
    short: "V",
    group: "Options",
    description: "Show the version",
    main: true,
  }),

  messageCount: oneValue({
    long: ["msg-count"],
    short: "i",
    placeholder: "COUNT",
    group: "Timing",
    description: "Messages in each test; ignored when --duration is given",
    main: true,
    default: "10000",
    value: wholeNumber({ min: 1, max: 1e12, example: "10000" }),
  }),
  duration: oneValue({
    long: ["duration"],
    short: "d",
    placeholder: "TIME",
    group: "Timing",
    description:
      "Time for each test, such as 500ms, 10s or 1.5m (plain numbers are seconds); wins over --msg-count",
    main: true,
    value: duration({ zero: "refused", example: "10s" }),
  }),
  sendDelay: oneValue({
    long: ["send-delay"],
    placeholder: "TIME",
    group: "Timing",
    description: "Pause after each message, such as 50us; no part of any latency",
    default: "0",
    value: duration({ zero: "allowed", maxNs: HOUR_NS, example: "50us" }),
  }),
  rate: oneValue({
    long: ["rate"],
    placeholder: "N",
    group: "Timing",
    description:
      "Send N messages a second, all clients of -c together, on a schedule that never slips, and measure response time from the scheduled moment. " +
      "--send-delay instead waits for the tool itself, so a slow receiver also slows the sender and hides its delays " +
      "(coordinated omission, see docs/methodology.md)",
    value: decimalNumber({ min: 0.001, max: 1e9, example: "1000" }),
  }),
  arrival: oneValue({
    long: ["arrival"],
    placeholder: "KIND",
    group: "Timing",
    description: "With --rate, how messages are spread: constant, poisson, or burst=K (K at once)",
    default: "constant",
    value: arrival(),
  }),
  seed: oneValue({
    long: ["seed"],
    placeholder: "N",
    group: "Timing",
    description: "Seed of what is drawn at random: poisson arrivals, the order of launches, resampling",
    default: "1",
    value: wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER, example: "1" }),
  }),
  launches: oneValue({
    long: ["launches"],
    placeholder: "N",
    group: "Timing",
    description: "Run each test N times with fresh processes, in random order; 6 and more give intervals",
    default: "1",
    value: wholeNumber({ min: 1, max: 10_000, example: "10" }),
  }),
  warmupIterations: oneValue({
    long: ["warmup-iterations"],
    short: "w",
    placeholder: "COUNT",
    group: "Timing",
    description: "Messages before each test that are not measured; 0 for none",
    default: "1000",
    value: wholeNumber({ min: 0, max: 1e12, example: "1000" }),
  }),

  concurrency: oneValue({
    long: ["concurrency"],
    short: "c",
    placeholder: "COUNT",
    group: "Concurrency",
    description:
      "Client processes at once, all connected to one server process. They share --msg-count and --rate between them, " +
      "begin together, and each warms up by itself",
    default: "1",
    value: wholeNumber({ min: 1, max: 1024, example: "4" }),
  }),
  serverAffinity: oneValue({
    long: ["server-affinity"],
    placeholder: "CPU",
    group: "Concurrency",
    description: "CPU on which the receiver runs, as the kernel numbers it",
    value: cpuNumber,
  }),
  clientAffinity: oneValue({
    long: ["client-affinity"],
    placeholder: "CPU",
    group: "Concurrency",
    description: "CPU on which the sender runs, as the kernel numbers it; with -c all of them",
    value: cpuNumber,
  }),

  rt: noValue({
    long: ["rt"],
    group: "Concurrency",
    description:
      "Run both roles under SCHED_FIFO with locked memory; what a missing privilege denies is said in the result",
  }),
  cpuDmaLatency: oneValue({
    long: ["cpu-dma-latency"],
    placeholder: "US",
    group: "Concurrency",
    description: "Hold /dev/cpu_dma_latency at this many microseconds; 0 keeps all CPUs awake",
    value: wholeNumber({ min: 0, max: 1_000_000, example: "0" }),
    wholeRun: true,
  }),

  ...OUTPUT_FLAGS,

  continueOnError: noValue({
    long: ["continue-on-error"],
    group: "Advanced",
    description: "Go on with the next test when one fails",
    wholeRun: true,
  }),
  percentiles: manyValues({
    long: ["percentiles"],
    placeholder: "N",
    group: "Advanced",
    description: "Percentiles to report, above 0 and up to 100",
    default: "50 95 99 99.9",
    value: percentile,
  }),
  bufferSize: oneValue({
    long: ["buffer-size"],
    placeholder: "BYTES",
    group: "Advanced",
    description: "Size of the buffers on both sides; the system's own sizes without it",
    value: wholeNumber({ min: 1, max: ONE_GIB, example: "65536", noun: "a number of bytes" }),
  }),
  host: oneValue({
    long: ["host"],
    placeholder: "HOST",
    group: "Advanced",
    description: "Address of the tcp test",
    default: "127.0.0.1",
    needs: "tcp",
    value: hostName,
  }),
  port: oneValue({
    long: ["port"],
    placeholder: "PORT",
    group: "Advanced",
    description: "Port of the tcp test; a free one without it, 8080 with --server and --client",
    needs: "tcp",
    value: portNumber,
  }),
  socketPath: oneValue({
    long: ["socket-path"],
    placeholder: "FILE",
    group: "Advanced",
    description:
      "Socket file of the uds test; an unused one without it, ipc_benchmark.sock in the temporary directory with --server and --client",
    needs: "uds",
    value: socketPath,
  }),
  sharedMemoryName: oneValue({
    long: ["shared-memory-name"],
    placeholder: "NAME",
    group: "Advanced",
    description:
      "Object of the shm test; an unused one without it, ipc_benchmark_shm with --server and --client",
    needs: "shm",
    value: objectName(MAX_SHARED_MEMORY_NAME_BYTES, "/ipc_benchmark"),
  }),
  messageQueueName: oneValue({
    long: ["message-queue-name"],
    placeholder: "NAME",
    group: "Advanced",
    description:
      "Queues of the pmq test, _req and _resp are appended; unused ones without it, ipc_benchmark_pmq with --server and --client",
    needs: "pmq",
    value: objectName(MAX_QUEUE_NAME_BYTES, "/ipc_benchmark"),
  }),
  pmqPriority: oneValue({
    long: ["pmq-priority"],
    placeholder: "N",
    group: "Advanced",
    description: "Priority of pmq messages, 0 to 32767",
    default: "0",
    needs: "pmq",
    value: wholeNumber({ min: 0, max: 32_767, example: "0" }),
  }),
  includeFirstMessage: noValue({
    long: ["include-first-message"],
    group: "Advanced",
    description: "Measure the first message too, instead of sending one more before it",
  }),
  blocking: noValue({
    long: ["blocking"],
    group: "Advanced",
    description: "Use blocking system calls instead of the event loop",
    main: true,
  }),
  async: noValue({ long: ["async"], group: "Advanced", description: "Use the event loop (the default)" }),
  shmDirect: noValue({
    long: ["shm-direct"],
    group: "Advanced",
    description:
      "Carry shm messages one at a time instead of in a ring; turns --blocking on unless --async is given",
    needs: "shm",
  }),
  reply: oneValue({
    long: ["reply"],
    placeholder: "KIND",
    group: "Advanced",
    description: "Replies of the round-trip test: echo (the payload comes back) or ack (an empty reply)",
    default: "echo",
    value: choice(["echo", "ack"], "echo"),
  }),
  wait: oneValue({
    long: ["wait"],
    placeholder: "KIND",
    group: "Advanced",
    description: "How a blocking side waits: block, spin, or hybrid (spin for --spin, then block)",
    default: "block",
    value: choice(["block", "spin", "hybrid"], "block"),
  }),
  spin: oneValue({
    long: ["spin"],
    placeholder: "TIME",
    group: "Advanced",
    description: "How long --wait hybrid spins before it blocks",
    default: "50us",
    value: duration({ zero: "refused", maxNs: SECOND_NS, example: "50us" }),
  }),

  ...STANDALONE_FLAGS,
} as const satisfies Record<string, Flag>;

export type FlagKey = keyof typeof FLAGS;

/** The values of the flags that were given; what is absent was not given. */
export type GivenFlags = { readonly [K in FlagKey]?: FlagValue<(typeof FLAGS)[K]> };

/** The rows with their keys, in the order of the table. */
export const FLAG_ENTRIES = Object.entries(FLAGS) as readonly (readonly [FlagKey, Flag])[];
