import { documentsOf } from "../plan/documents.ts";
import { UsageError } from "../plan/errors.ts";
import {
  type ArrivalPlan,
  type LogPlan,
  MECHANISMS,
  type Mechanism,
  type Mode,
  type RunPlan,
  type Test,
} from "../plan/run-plan.ts";
import { isStandardOutput } from "../system/standard-output.ts";
import { quote } from "../text/quote.ts";
import { defaultOf, defaultsOf, type Flag, flagName } from "./flag.ts";
import { FLAG_ENTRIES, FLAGS, type GivenFlags } from "./flags.ts";
import { readFlags } from "./given.ts";
import { chooseStandalone } from "./standalone.ts";
import { tokenise } from "./tokens.ts";
import { MAX_SIZES } from "./values.ts";

/** Months of work, and the list of them still fits into memory. */
const MAX_MEASUREMENTS = 1_000_000;

export interface ParsedArguments {
  readonly plan: RunPlan;
  /** What the user should know beside the plan, one line each, without colour. */
  readonly notices: readonly string[];
}

/**
 * The plan that flags alone ask for, without a configuration file. `argv` holds the arguments without the program's name, among
 * them neither help nor version. Throws `UsageError`; touches nothing outside its arguments.
 */
export function parseArguments(argv: readonly string[], platform: NodeJS.Platform): ParsedArguments {
  const given = readFlags(tokenise(argv));
  if (given.config !== undefined) throw new UsageError(`${flagName(FLAGS.config)} has no place here`, "use flags");
  return planRun(given, argv, platform);
}

/** Completes what was given with the defaults and refuses what contradicts itself. */
export function planRun(given: GivenFlags, commandLine: readonly string[], platform: NodeJS.Platform): ParsedArguments {
  const mechanisms = chooseMechanisms(given, platform);
  refuseIdleFlags(given, mechanisms);
  const { mode, notices } = chooseMode(given);
  const wait = given.wait ?? defaultOf(FLAGS.wait);
  checkWaiting(given, wait, mode);
  const concurrency = given.concurrency ?? defaultOf(FLAGS.concurrency);
  const durationNs = given.duration ?? null;
  const tests = chooseTests(given);
  const arrival = chooseArrival(given);

  const plan: RunPlan = {
    mechanisms,
    mode,
    tests,
    messageSizes: chooseSizes(given),
    messageCount: durationNs === null ? (given.messageCount ?? defaultOf(FLAGS.messageCount)) : null,
    durationNs,
    sendDelayNs: given.sendDelay ?? defaultOf(FLAGS.sendDelay),
    arrival,
    seed: given.seed ?? defaultOf(FLAGS.seed),
    launches: given.launches ?? defaultOf(FLAGS.launches),
    strict: given.strict ?? false,
    warmupCount: given.warmupIterations ?? defaultOf(FLAGS.warmupIterations),
    includeFirstMessage: given.includeFirstMessage ?? false,
    percentiles: ascendingOnce(given.percentiles ?? defaultsOf(FLAGS.percentiles)),
    standalone: chooseStandalone(given, { tests, arrival }),
    concurrency,
    reply: given.reply ?? defaultOf(FLAGS.reply),
    wait,
    spinNs: given.spin ?? defaultOf(FLAGS.spin),
    shmDirect: given.shmDirect ?? false,
    pmqPriority: given.pmqPriority ?? defaultOf(FLAGS.pmqPriority),
    serverCpu: given.serverAffinity ?? null,
    clientCpu: given.clientAffinity ?? null,
    // Off is 0 among the priorities.
    realTimePriority: given.rt || null,
    cpuDmaLatencyUs: given.cpuDmaLatency ?? null,
    bufferBytes: given.bufferSize ?? null,
    host: given.host ?? defaultOf(FLAGS.host),
    port: given.port ?? null,
    socketPath: given.socketPath ?? null,
    sharedMemoryName: given.sharedMemoryName ?? null,
    messageQueueName: given.messageQueueName ?? null,
    outputFile: given.outputFile ?? null,
    csvFile: given.csv ?? null,
    markdownFile: given.markdown ?? null,
    hlogDirectory: given.hlog ?? null,
    hgrmDirectory: given.hgrm ?? null,
    streamingJson: given.streamingOutputJson ?? null,
    streamingCsv: given.streamingOutputCsv ?? null,
    eventsFile: given.events ?? null,
    continueOnError: given.continueOnError ?? false,
    quiet: given.quiet ?? false,
    log: chooseLog(given),
    commandLine: [...commandLine],
  };
  refuseEndlessPlans(plan);
  refuseIdleClients(plan);
  refuseSharedStandardOutput(plan);
  return { plan, notices: plan.quiet ? [] : notices };
}

function chooseSizes(given: GivenFlags): readonly number[] {
  const sizes = (given.messageSize ?? defaultsOf(FLAGS.messageSize)).flat();
  if (sizes.length <= MAX_SIZES) return sizes;
  throw new UsageError(
    `${flagName(FLAGS.messageSize)} stands for ${sizes.length} sizes: at most ${MAX_SIZES} are allowed`,
    "use larger steps, or several runs",
  );
}

/** A log on stderr is silenced with the rest. */
function chooseLog(given: GivenFlags): LogPlan | null {
  const level = (["info", "debug", "trace"] as const)[given.verbose ?? 0] ?? "trace";
  if (given.logFile !== undefined && given.logFile !== "stderr") return { level, file: given.logFile };
  const isAsked = given.logFile !== undefined || (given.verbose ?? 0) > 0;
  return isAsked && !given.quiet ? { level, file: null } : null;
}

function refuseIdleClients({ concurrency, messageCount }: RunPlan): void {
  if (messageCount === null || messageCount >= concurrency) return;
  throw new UsageError(
    `${flagName(FLAGS.concurrency)} ${concurrency} needs ${concurrency} messages or more, but ${flagName(FLAGS.messageCount)} is ${messageCount}`,
    `use ${flagName(FLAGS.messageCount)} ${concurrency} or more`,
  );
}

function refuseEndlessPlans(plan: RunPlan): void {
  const measurements = plan.mechanisms.length * plan.messageSizes.length * plan.tests.length * plan.launches;
  if (measurements <= MAX_MEASUREMENTS) return;
  throw new UsageError(
    `mechanisms, message sizes, tests and launches make ${measurements} measurements: at most ${MAX_MEASUREMENTS} are allowed`,
    "use fewer of them, or several runs",
  );
}

/** Standard output has room for one document. */
function refuseSharedStandardOutput(plan: RunPlan): void {
  const [first, second] = documentsOf(plan).filter(({ path }) => isStandardOutput(path));
  if (first === undefined || second === undefined) return;
  throw new UsageError(
    `${first.flag} and ${second.flag} would both write to standard output: only one of them may`,
    "give one of them a file",
  );
}

function chooseMechanisms(given: GivenFlags, platform: NodeJS.Platform): readonly Mechanism[] {
  const available = MECHANISMS.filter((mechanism) => mechanism !== "pmq" || platform === "linux");
  const asked = given.mechanism ?? defaultsOf(FLAGS.mechanism);
  const named = asked.filter((word): word is Mechanism => word !== "all");
  const missing = named.find((mechanism) => !available.includes(mechanism));
  if (missing !== undefined) {
    throw new UsageError(
      `${flagName(FLAGS.mechanism)} ${quote(missing)} works on Linux only: ${platform} has no POSIX message queues`,
      `use one of ${available.join(", ")}`,
    );
  }
  return named.length < asked.length ? available : named;
}

/** A flag of a mechanism that does not run would have no effect: it is a mistake. */
function refuseIdleFlags(given: GivenFlags, mechanisms: readonly Mechanism[]): void {
  for (const [key, flag] of FLAG_ENTRIES) {
    if (flag.needs === undefined || given[key] === undefined) continue;
    if (mechanisms.includes(flag.needs)) continue;
    throw new UsageError(
      `${flagName(flag)}${shownValue(flag, given[key])} needs mechanism ${flag.needs}, but the run uses ${describeSet(mechanisms)}`,
      `add ${flag.needs} to ${flagName(FLAGS.mechanism)}, or leave ${flagName(flag)} out`,
    );
  }
}

function shownValue(flag: Flag, value: unknown): string {
  return flag.arity === "none" || flag.arity === "count" ? "" : ` ${quote(String(value))}`;
}

function describeSet(mechanisms: readonly Mechanism[]): string {
  return [...new Set(mechanisms)].join(", ");
}

function chooseMode(given: GivenFlags): { readonly mode: Mode; readonly notices: readonly string[] } {
  if (given.blocking && given.async) throw contradiction(FLAGS.blocking, FLAGS.async);
  if (given.blocking) return { mode: "blocking", notices: [] };
  if (given.shmDirect && !given.async) {
    return {
      mode: "blocking",
      notices: ["--shm-direct turns --blocking on. Add --async to keep the event loop."],
    };
  }
  return { mode: "async", notices: [] };
}

function checkWaiting(given: GivenFlags, wait: RunPlan["wait"], mode: Mode): void {
  if (wait !== "block" && mode === "async") {
    throw new UsageError(
      `${flagName(FLAGS.wait)} ${quote(wait)} needs blocking mode: the event loop always blocks`,
      `add ${flagName(FLAGS.blocking)}, or leave ${flagName(FLAGS.wait)} out`,
    );
  }
  if (given.spin !== undefined && wait !== "hybrid") {
    throw new UsageError(
      `${flagName(FLAGS.spin)} is allowed with ${flagName(FLAGS.wait)} hybrid only, not with ${quote(wait)}`,
      `add ${flagName(FLAGS.wait)} hybrid, or leave ${flagName(FLAGS.spin)} out`,
    );
  }
}

/** The open-loop schedule; what only makes sense with one, or without one, is refused. */
function chooseArrival(given: GivenFlags): ArrivalPlan | null {
  if (given.rate === undefined) {
    if (given.arrival === undefined) return null;
    throw new UsageError(
      `${flagName(FLAGS.arrival)} "${given.arrival.kind}" needs ${flagName(FLAGS.rate)}`,
      `add ${flagName(FLAGS.rate)}, or leave ${flagName(FLAGS.arrival)} out`,
    );
  }
  if ((given.sendDelay ?? 0) > 0) throw contradiction(FLAGS.rate, FLAGS.sendDelay);
  if (given.includeFirstMessage) throw contradiction(FLAGS.rate, FLAGS.includeFirstMessage);
  return { ratePerSecond: given.rate, ...(given.arrival ?? defaultOf(FLAGS.arrival)) };
}

function chooseTests(given: GivenFlags): readonly Test[] {
  if (given.oneWay && given.noOneWay) throw contradiction(FLAGS.oneWay, FLAGS.noOneWay);
  if (given.roundTrip && given.noRoundTrip) throw contradiction(FLAGS.roundTrip, FLAGS.noRoundTrip);
  if (given.noOneWay && given.noRoundTrip) {
    throw new UsageError(
      `${flagName(FLAGS.noOneWay)} and ${flagName(FLAGS.noRoundTrip)} together leave no test to run`,
      "leave one of them out",
    );
  }
  const oneWay = !given.noOneWay && (given.oneWay || !given.roundTrip);
  const roundTrip = !given.noRoundTrip && (given.roundTrip || !given.oneWay);
  return [...(oneWay ? (["one-way"] as const) : []), ...(roundTrip ? (["round-trip"] as const) : [])];
}

function contradiction(flag: Flag, other: Flag): UsageError {
  return new UsageError(
    `${flagName(flag)} and ${flagName(other)} contradict each other: only one of them is allowed`,
    "leave one of them out",
  );
}

function ascendingOnce(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
