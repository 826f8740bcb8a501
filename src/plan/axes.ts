/** Settings that differ between the plans of a run: they tell its tests apart, by the names and in the words of the flags. */

import { arrivalInWords, type RunPlan } from "./run-plan.ts";

/** What a flag says in a plan; null: it is not given. */
type Reader = (plan: RunPlan) => string | number | boolean | null;

/** Nanoseconds in the greatest unit that leaves a whole number, as flags take it. */
function timeValue(ns: number | null): string | null {
  if (ns === null) return null;
  const units = [
    ["s", 1e9],
    ["ms", 1e6],
    ["us", 1e3],
  ] as const;
  const [unit, length] = units.find(([, unitNs]) => ns >= unitNs && ns % unitNs === 0) ?? (["ns", 1] as const);
  return `${ns / length}${unit}`;
}

/**
 * Every flag that may differ from plan to plan, but for those that a result has in its name: mechanism, message size, test. What
 * a plan has in a field of its own must be here, or in `NO_AXES` with the reason.
 */
export const AXES: readonly { readonly flag: string; readonly fields: readonly (keyof RunPlan)[]; of: Reader }[] = [
  { flag: "blocking", fields: ["mode"], of: ({ mode }) => mode === "blocking" },
  { flag: "shm-direct", fields: ["shmDirect"], of: ({ shmDirect }) => shmDirect },
  { flag: "reply", fields: ["reply"], of: ({ reply }) => reply },
  { flag: "msg-count", fields: ["messageCount"], of: ({ messageCount }) => messageCount },
  { flag: "duration", fields: ["durationNs"], of: ({ durationNs }) => timeValue(durationNs) },
  { flag: "launches", fields: ["launches"], of: ({ launches }) => launches },
  { flag: "warmup-iterations", fields: ["warmupCount"], of: ({ warmupCount }) => warmupCount },
  { flag: "percentiles", fields: ["percentiles"], of: ({ percentiles }) => percentiles.join(" ") },
  { flag: "include-first-message", fields: ["includeFirstMessage"], of: (plan) => plan.includeFirstMessage },
  { flag: "send-delay", fields: ["sendDelayNs"], of: ({ sendDelayNs }) => timeValue(sendDelayNs) },
  { flag: "rate", fields: ["arrival"], of: ({ arrival }) => arrival?.ratePerSecond ?? null },
  { flag: "arrival", fields: ["arrival"], of: ({ arrival }) => (arrival === null ? null : arrivalInWords(arrival)) },
  { flag: "seed", fields: ["seed"], of: ({ seed }) => seed },
  { flag: "concurrency", fields: ["concurrency"], of: ({ concurrency }) => concurrency },
  { flag: "server-affinity", fields: ["serverCpu"], of: ({ serverCpu }) => serverCpu },
  { flag: "client-affinity", fields: ["clientCpu"], of: ({ clientCpu }) => clientCpu },
  { flag: "rt", fields: ["realTimePriority"], of: ({ realTimePriority }) => realTimePriority ?? "off" },
  { flag: "wait", fields: ["wait"], of: ({ wait }) => wait },
  { flag: "spin", fields: ["spinNs"], of: ({ spinNs }) => timeValue(spinNs) },
  { flag: "buffer-size", fields: ["bufferBytes"], of: ({ bufferBytes }) => bufferBytes },
  { flag: "host", fields: ["host"], of: ({ host }) => host },
  { flag: "port", fields: ["port"], of: ({ port }) => port },
  { flag: "socket-path", fields: ["socketPath"], of: ({ socketPath }) => socketPath },
  { flag: "shared-memory-name", fields: ["sharedMemoryName"], of: ({ sharedMemoryName }) => sharedMemoryName },
  { flag: "message-queue-name", fields: ["messageQueueName"], of: ({ messageQueueName }) => messageQueueName },
  { flag: "pmq-priority", fields: ["pmqPriority"], of: ({ pmqPriority }) => pmqPriority },
];

/** Fields of a plan that are no axes: a result has them in its name, or they are the same in the whole run. */
export const NO_AXES: readonly (keyof RunPlan)[] = [
  ...(["mechanisms", "messageSizes", "tests"] as const),
  ...(["strict", "standalone", "cpuDmaLatencyUs", "continueOnError", "quiet", "log", "commandLine"] as const),
  ...(["outputFile", "csvFile", "markdownFile", "hlogDirectory", "hgrmDirectory"] as const),
  ...(["streamingJson", "streamingCsv", "eventsFile"] as const),
];

/** The flags of a plan in which it may differ from others of its run, with their values; "" for one that is not given. */
export type Settings = Readonly<Record<string, string>>;

/** For a plan of these the flags that differ between them; none with one plan. */
export function settingsApart(plans: readonly RunPlan[]): (plan: RunPlan) => Settings {
  const text = (value: ReturnType<Reader>) => (value === null ? "" : String(value));
  const differing = AXES.filter(({ of }) => new Set(plans.map((plan) => text(of(plan)))).size > 1);
  return (plan) => Object.fromEntries(differing.map(({ flag, of }) => [flag, text(of(plan))]));
}
