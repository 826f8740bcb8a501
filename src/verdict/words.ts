/** The only place with words for findings: what was found, and one thing to do about it. */

import { SAMPLES_NEEDED_BEYOND, samplesBeyond, tailOf } from "../stats/backing.ts";
import { counted as countedText } from "../text/counted.ts";
import { timeText } from "../text/units.ts";
import type { Figures, Finding, FindingId } from "./finding.ts";

export interface Words {
  /** What was seen, and what it means for the figures; one or two sentences, without the last full stop. */
  readonly sentence: string;
  /** What to do, as an imperative, without the last full stop. */
  readonly advice: string;
}

/** Counts have all their digits; what has a fraction is a rate or a ratio, of which five say enough. */
const text = (figures: Figures, key: string) => {
  const value = figures[key] ?? "unknown";
  return String(typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value);
};
const time = (figures: Figures, key: string) => {
  const ns = figures[key];
  return typeof ns === "number" ? timeText(ns, false) : text(figures, key);
};
const share = (figures: Figures, key: string) => {
  const value = figures[key];
  return typeof value === "number" ? `${Number((value * 100).toPrecision(3))} %` : text(figures, key);
};
/** "1 message", "3 messages". */
const counted = (figures: Figures, key: string, one: string, many?: string) =>
  countedText(text(figures, key), one, many);
/** "once", "3 times". */
const times = (figures: Figures, key: string) => (figures[key] === 1 ? "once" : `${text(figures, key)} times`);
/** "CPU 0 1", or `none` where there is no number. */
const cpus = (figures: Figures, key: string, none: string) =>
  figures[key] === "" ? none : `CPU ${text(figures, key)}`;
/** Why something is not in force; what it needs, stands in the advice. */
const withNote = ({ note }: Figures) => (note === undefined ? "" : ` (${String(note).split("; needs ")[0]})`);
/** What is in force instead; "" for nothing. */
const instead = (figures: Figures) =>
  figures.effective === "none" ? "" : `: ${text(figures, "effective")} instead of ${text(figures, "requested")}`;
/** More samples; a test of a fixed time has no -i. */
const moreSamples = (figures: Figures, count: unknown) =>
  figures.timed === undefined ? `use -i ${count} or more, or a longer -d` : "use a longer -d";

const RT_PARTS: Readonly<Record<string, string>> = {
  fifoPriority: "SCHED_FIFO could not be set",
  memoryLock: "memory could not be locked",
  prefaultedStackBytes: "the stack could not be prefaulted",
  timerSlackNs: "the timer slack could not be set",
};

const fault = (what: string) => (figures: Figures) => ({
  sentence: `${text(figures, "messages")} of ${counted(figures, "sent", "message")} ${what}`,
  advice: "run it again. If it happens again, report it: the mechanism or this program has a bug",
});

const PIN_BOTH = "pin both sides with --server-affinity and --client-affinity";
const PIN: Readonly<Record<string, string>> = {
  client: "pin the client with --client-affinity",
  server: "pin the server with --server-affinity",
  none: "look for a program that changes CPU masks (taskset -p, cpuset)",
};
/** @param key of the figure that names the sides which are not pinned yet */
const pinOthers = (figures: Figures, key: string) => PIN[text(figures, key)] ?? PIN_BOTH;

/** What may be denied, and the right that would grant it. */
const PRIVILEGES = {
  fifoPriority: { right: "CAP_SYS_NICE (or ulimit -r 49)" },
  memoryLock: { right: "CAP_IPC_LOCK (or ulimit -l unlimited)" },
  cpuDmaLatencyUs: { right: "write permission for /dev/cpu_dma_latency" },
} as const;

/** "one", "one and another", "one, another and a third". */
function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** The fewest samples with enough beyond the percentile; Infinity where none are. */
function fewestFor(percentile: number): number {
  const shorterTail = Math.min(percentile, 100 - percentile) / 100;
  // Without what dividing by 0.09999999999999432 adds.
  return Math.ceil((SAMPLES_NEEDED_BEYOND / shorterTail) * (1 - 1e-12));
}

function unbackedInWords(figures: Figures): Words {
  const names = text(figures, "percentiles").split(", ");
  const percentiles = names.map((name) => Number(name.slice(1))).filter((percentile) => percentile >= 0);
  const tails = new Set(percentiles.map(tailOf));
  const where = tails.size === 1 ? [...tails].join() : "beyond";
  const samples =
    figures.allLaunches === undefined
      ? counted(figures, "samples", "sample")
      : `the ${counted(figures, "samples", "sample")} of a launch`;
  const isCountable = names.length === 1 && percentiles[0]! <= 100 && Number.isSafeInteger(figures.samples);
  const they = names.length === 1 ? "it" : "them";
  const few = isCountable ? Number(samplesBeyond(percentiles[0]!, BigInt(figures.samples!))) : null;
  const beyond =
    Number(figures.samples) < Number(figures.needed)
      ? `at least ${text(figures, "needed")} samples must lie ${where} ${they}, but there ${figures.samples === 1 ? "is" : "are"} only ${samples}`
      : few === null
        ? `fewer than ${text(figures, "needed")} of ${samples} lie ${where} ${they}`
        : `${few} of ${samples} ${few === 1 ? "lies" : "lie"} ${where} it, ${text(figures, "needed")} are needed`;
  const fewest = Math.max(...percentiles.map(fewestFor).filter(Number.isFinite));
  return {
    sentence: `${listed(names)} ${names.length === 1 ? "is" : "are"} not shown: ${beyond}`,
    advice: fewest > 0 ? moreSamples(figures, fewest) : `leave ${listed(names)} out of --percentiles`,
  };
}

function clusteredInWords(figures: Figures): Words {
  const names = text(figures, "percentiles").split(", ");
  const [verb, whose] = names.length === 1 ? ["is", "it"] : ["are", "one of them"];
  return {
    sentence: `${listed(names)} ${verb} not shown: the ${counted(figures, "samplesBeyond", "sample")} beyond ${whose} came in ${counted(figures, "excursions", "excursion")}, ${text(figures, "needed")} are needed. A stall makes many successive messages slow, and is one event`,
    advice: "use a longer -d, or more messages (-i)",
  };
}

/** Two digits of what was reached: a rate to ask for instead. */
function lowerRate(achieved: unknown): string {
  if (typeof achieved !== "number" || !(achieved >= 0.001)) return "use a lower --rate";
  const unit = 10 ** (Math.floor(Math.log10(achieved)) - 1);
  return `use --rate ${Number((Math.floor(achieved / unit) * unit).toPrecision(2))} or less`;
}

const AS_ROOT = "as root outside of containers";

function realTimeAdvice(figures: Figures): string {
  const privilege = (PRIVILEGES as Record<string, { right: string }>)[text(figures, "part")];
  if (privilege === undefined) return "leave --rt out";
  return `run the ${text(figures, "side")} with ${privilege.right} or ${AS_ROOT}, or leave --rt out`;
}

/** Without sides: a result of 0.1.0, which judged by the machine as a whole. */
function pressureInWords(figures: Figures): Words {
  const { sides, machineShare, unpinned } = figures;
  const pin = unpinned === "none" ? "keep them off these CPUs (isolcpus, cpuset)" : "give each side a CPU of its own";
  const advice = `stop other programs on this machine, or ${pin}`;
  if (sides === undefined) {
    return {
      sentence: `during ${share(figures, "share")} of the test some task waited for a CPU. It may have been the client or the server`,
      advice,
    };
  }
  const most = String(sides).includes(" and ") ? "up to " : "";
  const background =
    machineShare === 0 ? "" : `. On the whole machine some task waited for ${share(figures, "machineShare")} of it`;
  return {
    sentence: `the ${sides} waited for a CPU for ${most}${share(figures, "share")} of the test${background}`,
    advice,
  };
}

/** In the figures where --cpu-dma-latency was given: what it demanded. */
function idleAdvice({ demandedLatencyUs }: Figures): string {
  if (demandedLatencyUs === undefined) return "add --cpu-dma-latency 0";
  if (demandedLatencyUs !== 0) return "lower --cpu-dma-latency to 0";
  return "switch them off (/sys/devices/system/cpu/cpu*/cpuidle/state*/disable): --cpu-dma-latency 0 is not in force";
}

function lateInWords(figures: Figures): Words {
  const { roomWaits, unpinned, realTime } = figures;
  const cause =
    typeof roomWaits === "number" && roomWaits > 0
      ? `It found no room ${times(figures, "roomWaits")}: the receiver may have held it up`
      : "The response times show the sender more than the mechanism";
  const remedies = [
    ...(String(unpinned ?? "client").includes("client")
      ? ["give the client a CPU of its own with --client-affinity"]
      : []),
    ...(realTime === undefined ? ["use --rt"] : []),
    "compare the service times",
  ];
  return {
    sentence: `the sender was late: the p99 of lateness is ${time(figures, "latenessP99Ns")}, the p50 of service time is ${time(figures, "serviceP50Ns")}. ${cause}`,
    advice: remedies.length === 1 ? remedies[0]! : `${remedies.slice(0, -1).join(", ")}, or ${remedies.at(-1)}`,
  };
}

const WORDS: Readonly<Record<FindingId, (figures: Figures) => Words>> = {
  incomplete: (figures) => ({
    sentence: `the test did not run to its end: ${text(figures, "cause")}`,
    advice: "remove the cause and run it again",
  }),
  "messages-lost": fault("never arrived"),
  "messages-duplicated": fault("arrived more than once"),
  "messages-reordered": fault("arrived after a later one"),
  "messages-corrupt": fault("arrived with a wrong payload"),
  "rate-missed": (figures) => ({
    sentence: `${text(figures, "achievedPerSecond")} messages/s were sent instead of ${text(figures, "askedPerSecond")}`,
    advice: `${lowerRate(figures.achievedPerSecond)}, or give the client a CPU of its own with --client-affinity`,
  }),
  "buffer-smaller": (figures) => ({
    sentence: `the ${text(figures, "side")}'s ${text(figures, "buffer")} buffer has ${text(figures, "effectiveBytes")} bytes instead of ${text(figures, "requestedBytes")}`,
    advice: `raise net.core.rmem_max and net.core.wmem_max, or use --buffer-size ${text(figures, "effectiveBytes")} or less`,
  }),
  "cpu-differs": (figures) => ({
    sentence: `the ${text(figures, "side")} was pinned to CPU ${text(figures, "requestedCpu")}, but it may use ${cpus(figures, "allowedCpus", "other CPUs")} and used ${cpus(figures, "usedCpus", "none")}`,
    advice: "look for a program or a cgroup that changes CPU masks (taskset -p, cpuset)",
  }),
  "rt-not-in-force": (figures) => ({
    sentence: `--rt: ${RT_PARTS[text(figures, "part")] ?? text(figures, "part")} for the ${text(figures, "side")}${instead(figures)}${withNote(figures)}`,
    advice: realTimeAdvice(figures),
  }),
  "cpu-dma-latency-not-in-force": (figures) => ({
    sentence: `--cpu-dma-latency ${text(figures, "requested")} is not in force${figures.effective === "none" ? "" : `, but ${text(figures, "effective")}`}${withNote(figures)}`,
    advice: `run ipc-benchmark with ${PRIVILEGES.cpuDmaLatencyUs.right} or ${AS_ROOT}, or leave --cpu-dma-latency out`,
  }),
  throttled: (figures) => ({
    sentence: `the cgroup of the ${text(figures, "side")} used up its CPU quota ${times(figures, "count")}. It was stopped for ${time(figures, "throttledNs")}`,
    advice: "raise or remove the quota of the cgroup (cpu.max, or docker's --cpus)",
  }),
  "too-few-samples": (figures) => ({
    sentence: `${counted(figures, "samples", "latency sample was", "latency samples were")} measured, at least ${text(figures, "needed")} are needed`,
    advice: moreSamples(figures, text(figures, "needed")),
  }),
  "clock-too-coarse": (figures) => ({
    sentence: `the clock moves in steps of ${time(figures, "clockResolutionNs")}, more than a tenth of the median of ${time(figures, "p50Ns")}`,
    advice: "compare the throughput instead, or switch to a finer clock source (tsc)",
  }),

  "latency-absent": (figures) => ({
    sentence: `there is no latency: ${text(figures, "cause")}`,
    advice: /clock|kernels/.test(text(figures, "cause"))
      ? "only round trips have a latency here"
      : `use ${figures.throughput === "unknown" ? "" : "the throughput alone, or "}the report of the side that can measure the latency`,
  }),
  "foreign-peer": () => ({
    sentence: "the other side is another tool. It sent no report, and ids and payloads were not checked",
    advice: "run ipc-benchmark on both sides to have all messages checked",
  }),
  unpinned: (figures) => ({
    sentence: text(figures, "sides").includes(" and ")
      ? "neither side was pinned. The next run may use other CPUs"
      : `the ${text(figures, "sides")} was not pinned. The next run may use another CPU`,
    advice: pinOthers(figures, "sides"),
  }),
  "shared-cpu": (figures) => ({
    sentence: `both sides may use CPU ${text(figures, "cpu")} only. They take turns on it`,
    advice: "allow two CPUs (taskset -c, cpuset) and pin each side to one of them",
  }),
  "placement-bimodal": (figures) => ({
    sentence: `${share(figures, "sameCpuShare")} of the messages passed with both sides on one CPU, the others between two CPUs. The figures mix both cases`,
    advice: pinOthers(figures, "unpinned"),
  }),
  "one-cpu": () => ({
    sentence: "only one CPU is available. The two sides take turns on it",
    advice: "use a machine or a cgroup with at least two CPUs",
  }),
  "more-clients-than-cpus": (figures) => ({
    sentence: `${counted(figures, "clients", "client")} shared ${counted(figures, "cpus", "CPU")} and waited for each other`,
    advice: `use -c ${text(figures, "cpus")} or less, or give the clients more CPUs`,
  }),
  governor: (figures) => ({
    sentence: `the frequency governor of CPU ${text(figures, "cpus")} is ${text(figures, "governor")}. The clock rate follows the load`,
    advice: "set it to performance: cpupower frequency-set -g performance",
  }),
  "deep-idle": (figures) => ({
    sentence: `the CPUs use idle states that take up to ${text(figures, "longestLatencyUs")} us to wake from (${text(figures, "states")}). This adds to every wake-up`,
    advice: idleAdvice(figures),
  }),
  "clock-source": (figures) => ({
    sentence: `the clock source is ${text(figures, "current")}. Each reading of the clock may be a slow system call`,
    advice: "boot with tsc=reliable if the hardware allows it. Otherwise all latencies are too long",
  }),
  "virtual-machine": (figures) => ({
    sentence: `this is a virtual machine (${text(figures, "hypervisor")}). The host adds delays that can't be measured here`,
    advice: "compare only figures of the same machine, or measure on hardware",
  }),
  "smt-sibling": (figures) => ({
    sentence: `CPU ${text(figures, "cpu")} shares its core with CPU ${text(figures, "siblings")}. Load there slows it down`,
    advice: "keep the sibling idle (isolcpus), or switch SMT off (/sys/devices/system/cpu/smt/control)",
  }),
  steal: (figures) => ({
    sentence: `the hypervisor gave ${share(figures, "share")} of the CPU time to other guests`,
    advice: "run it again when the host is quieter, or use a dedicated host",
  }),
  "cpu-pressure": pressureInWords,
  migrations: (figures) => ({
    sentence: `the kernel moved the ${text(figures, "side")} between CPUs ${times(figures, "count")}`,
    advice: pinOthers(figures, "unpinned"),
  }),
  "major-faults": (figures) => ({
    sentence: `the ${text(figures, "side")} waited while ${counted(figures, "count", "page was", "pages were")} read from disk`,
    advice: `run it again${figures.memoryLock === undefined ? ", use --rt" : ""}, or free memory`,
  }),
  "stream-stalls": (figures) => ({
    sentence: `the ring of streamed records was full ${times(figures, "count")}. The test waited ${time(figures, "totalNs")} for it, and some latencies include this`,
    advice: "stream to a faster disk, use a lower rate, or leave streaming out",
  }),
  "sender-late": lateInWords,
  "percentiles-clustered": clusteredInWords,
  "percentiles-unbacked": unbackedInWords,
  "rt-bandwidth": (figures) => ({
    sentence: `the kernel stops spinning real-time threads after ${text(figures, "runtimeUs")} us of each ${text(figures, "periodUs")} us`,
    advice: "run sysctl -w kernel.sched_rt_runtime_us=-1, or use --wait block",
  }),
};

/** A finding as a sentence and one thing to do. Total: figures that are missing read "unknown". */
export function inWords({ id, figures }: Finding): Words {
  return WORDS[id](figures);
}
