import { MAX_MESSAGE_BYTES, MECHANISMS } from "../plan/run-plan.ts";
import { type Flag, type FlagValue, inGroup, manyValues, noValue, oneValue, optionalValue } from "./flag.ts";
import { OUTPUT_FLAGS } from "./output-flags.ts";
import { STANDALONE_FLAGS } from "./standalone-flags.ts";
import {
  arrival,
  choice,
  configPath,
  cpuNumber,
  decimalNumber,
  duration,
  hostName,
  messageSizes,
  objectName,
  percentile,
  portNumber,
  realTimePriority,
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
  ...inGroup("What is measured", {
    mechanism: manyValues({
      long: ["mechanism", "mechanisms"],
      short: "m",
      placeholder: "NAME",
      description: `What carries the messages: ${MECHANISMS.join(", ")} or all (pmq: Linux only). Several run one after another. Also spelled --mechanisms`,
      main: `${MECHANISMS.join(", ")} or all`,
      default: "uds",
      value: choice([...MECHANISMS, "all"], "uds tcp"),
    }),
    messageSize: manyValues({
      long: ["message-size"],
      short: "s",
      placeholder: "BYTES",
      description: `Payload of one message, 1 to ${MAX_MESSAGE_BYTES} bytes. Several run one after another. A range multiplies ('64..4096:*4') or adds (64..256:+64)`,
      main: "Payload, one size or several",
      default: "1024",
      value: messageSizes(MAX_MESSAGE_BYTES),
    }),
    oneWay: noValue({
      long: ["one-way"],
      description: "Run only the one-way test. With --round-trip too, both run",
      main: "Run only the one-way test",
    }),
    roundTrip: noValue({
      long: ["round-trip"],
      description: "Run only the round-trip test. With --one-way too, both run",
      main: "Run only the round-trip test",
    }),
    noOneWay: noValue({
      long: ["no-one-way"],
      description: "Skip the one-way test",
    }),
    noRoundTrip: noValue({
      long: ["no-round-trip"],
      description: "Skip the round-trip test",
    }),
    blocking: noValue({
      long: ["blocking"],
      description: "Use blocking system calls instead of an event loop",
      main: "Use blocking system calls, not an event loop",
    }),
    async: noValue({
      long: ["async"],
      description: "Use an event loop (the default)",
    }),
    shmDirect: noValue({
      long: ["shm-direct"],
      description: "Send shm messages through one slot instead of a ring. Turns --blocking on unless --async is given",
      needs: "shm",
    }),
    reply: oneValue({
      long: ["reply"],
      placeholder: "KIND",
      description: "Reply in the round-trip test: echo (the same payload) or ack (no payload)",
      default: "echo",
      value: choice(["echo", "ack"], "echo"),
    }),
  }),
  ...inGroup("How much", {
    messageCount: oneValue({
      long: ["msg-count"],
      short: "i",
      placeholder: "COUNT",
      description: "Messages in each test. Ignored if --duration is given",
      main: "Messages in each test",
      default: "10000",
      value: wholeNumber({ min: 1, max: 1e12, example: "10000" }),
    }),
    duration: oneValue({
      long: ["duration"],
      short: "d",
      placeholder: "TIME",
      description:
        "Time for each test, such as 500ms, 10s or 1.5m. Without a unit it is in seconds. It wins over --msg-count",
      main: "Time for each test instead: 500ms, 10s, 1.5m",
      value: duration({ zero: "refused", example: "10s" }),
    }),
    launches: oneValue({
      long: ["launches"],
      placeholder: "N",
      description:
        "Run each test N times, in random order and with fresh processes. With 6 or more, the results have 95 % intervals",
      main: "Repeat each test N times",
      default: "1",
      value: wholeNumber({ min: 1, max: 10_000, example: "10" }),
    }),
    warmupIterations: oneValue({
      long: ["warmup-iterations"],
      short: "w",
      placeholder: "COUNT",
      description: "Messages sent before each test and not measured. 0 sends none",
      default: "1000",
      value: wholeNumber({ min: 0, max: 1e12, example: "1000" }),
    }),
    percentiles: manyValues({
      long: ["percentiles"],
      placeholder: "N",
      description: "Percentiles to report, above 0 and up to 100",
      default: "50 95 99 99.9",
      value: percentile,
    }),
    includeFirstMessage: noValue({
      long: ["include-first-message"],
      description: "Measure the first message too. Without it, one extra message goes first and is not measured",
    }),
  }),
  ...inGroup("Load", {
    sendDelay: oneValue({
      long: ["send-delay"],
      placeholder: "TIME",
      description: "Pause after each message, such as 50us. It is not part of any latency",
      default: "0",
      value: duration({ zero: "allowed", maxNs: HOUR_NS, example: "50us" }),
    }),
    rate: oneValue({
      long: ["rate"],
      placeholder: "N",
      description:
        "Send N messages per second, all clients together, on a fixed schedule. The latency is then the response time: it starts at " +
        "the scheduled moment (see coordinated omission in docs/methodology.md)",
      value: decimalNumber({ min: 0.001, max: 1e9, example: "1000" }),
    }),
    arrival: oneValue({
      long: ["arrival"],
      placeholder: "KIND",
      description: "How --rate spaces the messages: constant, poisson, or burst=K (K at once)",
      default: "constant",
      value: arrival(),
    }),
    seed: oneValue({
      long: ["seed"],
      placeholder: "N",
      description: "Seed for everything random: poisson arrivals, the order of launches, the bootstrap",
      // Its Poisson gaps are ordinary ones: those of 1 are 2.9 % too long over the first 10,000.
      default: "10",
      value: wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER, example: "1" }),
    }),
    concurrency: oneValue({
      long: ["concurrency"],
      short: "c",
      placeholder: "COUNT",
      description:
        "Number of client processes, all connected to one server process. They start together and share --msg-count and --rate. Each " +
        "one warms up by itself",
      default: "1",
      value: wholeNumber({ min: 1, max: 1024, example: "4" }),
    }),
  }),
  ...inGroup("CPUs and waiting", {
    serverAffinity: oneValue({
      long: ["server-affinity"],
      placeholder: "CPU",
      description: "Pin the server to this CPU, as the kernel numbers it",
      value: cpuNumber,
    }),
    clientAffinity: oneValue({
      long: ["client-affinity"],
      placeholder: "CPU",
      description: "Pin the client to this CPU, as the kernel numbers it. With -c, all clients",
      value: cpuNumber,
    }),
    rt: optionalValue({
      long: ["rt"],
      placeholder: "PRIO",
      description:
        "Run both sides under SCHED_FIFO with locked memory: off, on or a priority from 1 to 99. on is 49, below the kernel's threaded " +
        "interrupts. If a privilege is missing, the test is marked invalid and the result says which one",
      bare: "on",
      value: realTimePriority,
    }),
    cpuDmaLatency: oneValue({
      long: ["cpu-dma-latency"],
      placeholder: "US",
      description: "Hold /dev/cpu_dma_latency at this many microseconds. 0 keeps all CPUs out of idle states",
      value: wholeNumber({ min: 0, max: 1_000_000, example: "0" }),
      wholeRun: true,
    }),
    wait: oneValue({
      long: ["wait"],
      placeholder: "KIND",
      description: "How a side waits with --blocking: block, spin, or hybrid (spin for --spin, then block)",
      default: "block",
      value: choice(["block", "spin", "hybrid"], "block"),
    }),
    spin: oneValue({
      long: ["spin"],
      placeholder: "TIME",
      description: "How long --wait hybrid spins before it blocks",
      default: "50us",
      value: duration({ zero: "refused", maxNs: SECOND_NS, example: "50us" }),
    }),
  }),
  ...OUTPUT_FLAGS,
  ...STANDALONE_FLAGS,
  ...inGroup("Connection", {
    bufferSize: oneValue({
      long: ["buffer-size"],
      placeholder: "BYTES",
      description:
        "Size of the buffers on both sides. Without it, the system's sizes (uds, tcp) or what the messages need (shm, pmq)",
      value: wholeNumber({ min: 1, max: ONE_GIB, example: "65536", noun: "a number of bytes" }),
    }),
    host: oneValue({
      long: ["host"],
      placeholder: "HOST",
      description: "Address for tcp",
      default: "127.0.0.1",
      needs: "tcp",
      value: hostName,
    }),
    port: oneValue({
      long: ["port"],
      placeholder: "PORT",
      description: "Port for tcp. Without it, a free one; with --server or --client, 8080",
      needs: "tcp",
      value: portNumber,
    }),
    socketPath: oneValue({
      long: ["socket-path"],
      placeholder: "FILE",
      description:
        "Socket file for uds. Without it, an unused name; with --server or --client, ipc_benchmark.sock in the temporary directory",
      needs: "uds",
      value: socketPath,
    }),
    sharedMemoryName: oneValue({
      long: ["shared-memory-name"],
      placeholder: "NAME",
      description: "Object for shm. Without it, an unused name; with --server or --client, ipc_benchmark_shm",
      needs: "shm",
      value: objectName(MAX_SHARED_MEMORY_NAME_BYTES, "/ipc_benchmark"),
    }),
    messageQueueName: oneValue({
      long: ["message-queue-name"],
      placeholder: "NAME",
      description:
        "Queues for pmq: NAME_req and NAME_resp. Without it, unused names; with --server or --client, ipc_benchmark_pmq",
      needs: "pmq",
      value: objectName(MAX_QUEUE_NAME_BYTES, "/ipc_benchmark"),
    }),
    pmqPriority: oneValue({
      long: ["pmq-priority"],
      placeholder: "N",
      description: "Priority of pmq messages, 0 to 32767",
      default: "0",
      needs: "pmq",
      value: wholeNumber({ min: 0, max: 32_767, example: "0" }),
    }),
  }),
  ...inGroup("Control", {
    help: noValue({
      long: ["help"],
      short: "h",
      description: "Show the main flags (-h) or all flags (--help)",
    }),
    version: noValue({ long: ["version"], short: "V", description: "Show the version" }),
    continueOnError: noValue({
      long: ["continue-on-error"],
      description: "Go on with the next test if one fails",
    }),
    strict: noValue({
      long: ["strict"],
      description: "Exit with code 4 if a test is invalid",
    }),
    config: oneValue({
      long: ["config"],
      placeholder: "FILE",
      description:
        "Read flags from a TOML or JSON file. Its keys are long flags without dashes. Lists make a matrix: every combination runs. " +
        "Flags on the command line win over the file",
      value: configPath,
    }),
    dryRun: noValue({
      long: ["dry-run"],
      description: "Print what would run, in order, and how long it may take. Start nothing",
    }),
  }),
} as const satisfies Record<string, Flag>;

export type FlagKey = keyof typeof FLAGS;

/** The values of the flags that were given; what is absent was not given. */
export type GivenFlags = { readonly [K in FlagKey]?: FlagValue<(typeof FLAGS)[K]> };

/** The rows with their keys, in the order of the table. */
export const FLAG_ENTRIES = Object.entries(FLAGS) as readonly (readonly [FlagKey, Flag])[];
