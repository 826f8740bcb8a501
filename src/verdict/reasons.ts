/** What makes a test invalid. Pure; each function looks at one thing. */

import type { Effective, RealTimeReport } from "../system/privileges.ts";
import type { Figures, Finding, ReasonId } from "./finding.ts";
import type { VerdictInput, VerdictSide } from "./input.ts";
import { LEAST_RATE_SHARE, LEAST_SAMPLES, MOST_CLOCK_SHARE } from "./thresholds.ts";

export type Reason = Finding<ReasonId>;
type Side = "client" | "server";

const finding = (id: ReasonId, figures: Figures): Reason => ({ id, figures });

/** Both sides that there are, named. */
export function sidesOf(input: VerdictInput): { name: Side; side: VerdictSide }[] {
  return (["client", "server"] as const).flatMap((name) => {
    const side = input[name];
    return side === null ? [] : [{ name, side }];
  });
}

/** "client", "client and server". */
export function namesOf(sides: readonly { readonly name: Side }[]): string {
  return sides.map(({ name }) => name).join(" and ");
}

function incomplete({ complete, failure }: VerdictInput): Reason[] {
  return complete ? [] : [finding("incomplete", { cause: failure ?? "it ended early" })];
}

function faults({ counts }: VerdictInput): Reason[] {
  return (["lost", "duplicated", "reordered", "corrupt"] as const).flatMap((fault) => {
    const messages = counts[fault] ?? 0;
    return messages > 0 ? [finding(`messages-${fault}`, { messages, sent: counts.sent })] : [];
  });
}

function rateMissed({ rate }: VerdictInput): Reason[] {
  if (rate === null) return [];
  const achieved = rate.achieved ?? 0;
  // Not "less than": what is no number was not achieved either.
  if (achieved >= rate.asked * LEAST_RATE_SHARE) return [];
  return [finding("rate-missed", { askedPerSecond: rate.asked, achievedPerSecond: achieved })];
}

function buffersSmaller(input: VerdictInput): Reason[] {
  const requestedBytes = input.requestedBufferBytes;
  if (requestedBytes === null) return [];
  return sidesOf(input).flatMap(({ name, side }) =>
    (
      [
        ["send", side.sendBufferBytes],
        ["receive", side.receiveBufferBytes],
      ] as const
    ).flatMap(([buffer, effectiveBytes]) =>
      effectiveBytes === null || effectiveBytes >= requestedBytes
        ? []
        : [finding("buffer-smaller", { side: name, buffer, requestedBytes, effectiveBytes })],
    ),
  );
}

const isOnly = (cpus: readonly number[], cpu: number) => cpus.every((other) => other === cpu);

function cpusDiffer(input: VerdictInput): Reason[] {
  return sidesOf(input).flatMap(({ name, side }) => {
    const { requestedCpu, allowedCpus, usedCpus } = side;
    if (requestedCpu === null || (isOnly(allowedCpus, requestedCpu) && isOnly(usedCpus, requestedCpu))) return [];
    return [
      finding("cpu-differs", {
        side: name,
        requestedCpu,
        allowedCpus: allowedCpus.join(" "),
        usedCpus: usedCpus.join(" "),
      }),
    ];
  });
}

function asFigures<T extends number | string>({ requested, effective, note }: Effective<T>): Figures {
  return { requested, effective: effective ?? "none", ...(note === null ? {} : { note }) };
}

const RT_PARTS = ["fifoPriority", "memoryLock", "prefaultedStackBytes", "timerSlackNs"] as const;

function isInForce(report: RealTimeReport, part: (typeof RT_PARTS)[number]): boolean {
  const { requested, effective } = report[part];
  // A smaller stack needs less of it, and SCHED_FIFO has a slack of 0: only nothing at all differs.
  if (part === "prefaultedStackBytes") return effective !== null;
  return part === "timerSlackNs" ? isAtMost(report.timerSlackNs) : effective === requested;
}

/** For each part of --rt, what both sides lack for the same reason is found of both at once. */
function realTimeNotInForce(input: VerdictInput): Reason[] {
  return RT_PARTS.flatMap((part) => {
    const missing = sidesOf(input).flatMap(({ name, side: { realTime } }) =>
      realTime === null || isInForce(realTime, part)
        ? []
        : [{ name, figures: asFigures<number | string>(realTime[part]) }],
    );
    const alike = Map.groupBy(missing, ({ figures }) => JSON.stringify(figures));
    return [...alike.values()].map((sides) =>
      finding("rt-not-in-force", { side: namesOf(sides), part, ...sides[0]!.figures }),
    );
  });
}

/** For demands that hold as well when less is in force. */
function isAtMost({ requested, effective }: Effective<number>): boolean {
  return typeof effective === "number" && effective <= requested;
}

function latencyNotInForce({ cpuDmaLatencyUs }: VerdictInput): Reason[] {
  if (cpuDmaLatencyUs === null || isAtMost(cpuDmaLatencyUs)) return [];
  return [finding("cpu-dma-latency-not-in-force", asFigures(cpuDmaLatencyUs))];
}

function throttled(input: VerdictInput): Reason[] {
  return sidesOf(input).flatMap(({ name, side }) => {
    const count = side.usage?.throttled_count ?? 0;
    if (typeof count !== "number" || !(count > 0)) return [];
    return [finding("throttled", { side: name, count, throttledNs: side.usage?.throttled_ns ?? "unknown" })];
  });
}

function tooFewSamples({ sampleCount, isTimed, latencyAbsent }: VerdictInput): Reason[] {
  if (sampleCount >= LEAST_SAMPLES || latencyAbsent !== null) return [];
  return [
    finding("too-few-samples", { samples: sampleCount, needed: LEAST_SAMPLES, ...(isTimed ? { timed: 1 } : {}) }),
  ];
}

function clockTooCoarse({ clockResolutionNs, p50Ns }: VerdictInput): Reason[] {
  if (clockResolutionNs === null || p50Ns === null || clockResolutionNs <= p50Ns * MOST_CLOCK_SHARE) return [];
  return [finding("clock-too-coarse", { clockResolutionNs, p50Ns })];
}

const LOOKS = [
  incomplete,
  faults,
  rateMissed,
  buffersSmaller,
  cpusDiffer,
  realTimeNotInForce,
  latencyNotInForce,
  throttled,
  tooFewSamples,
  clockTooCoarse,
];

/** Everything that makes the test invalid; empty when nothing does. */
export function findReasons(input: VerdictInput): Reason[] {
  return LOOKS.flatMap((look) => look(input));
}
