/** The only place with words for findings: what was found, and one thing to do about it. */

import { tailOf } from "../stats/histogram.ts";
import { timeText } from "../text/units.ts";
import type { Figures, Finding, FindingId } from "./finding.ts";

export interface Words {
  /** One sentence, without a full stop. */
  readonly sentence: string;
  /** One thing to do, as an imperative, without a full stop. */
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
const counted = (figures: Figures, key: string, noun: string) =>
  `${text(figures, key)} ${noun}${figures[key] === 1 ? "" : "s"}`;
/** "once", "3 times". */
const times = (figures: Figures, key: string) =>
  figures[key] === 1 ? "once" : `${text(figures, key)} times`;
/** "p0.5, p99, p99.9" → "below p0.5 and beyond p99, p99.9": where their shorter tails lie. */
const tails = (percentiles: string) => {
  const byTail = Map.groupBy(percentiles.split(", "), (name) => tailOf(Number(name.slice(1))));
  return [...byTail].map(([tail, names]) => `${tail} ${names.join(", ")}`).join(" and ");
};
const withNote = (figures: Figures) => (figures.note === undefined ? "" : `: ${figures.note}`);

const RT_PARTS: Readonly<Record<string, string>> = {
  fifoPriority: "SCHED_FIFO priority",
  memoryLock: "locked memory",
  prefaultedStackBytes: "prefaulted stack",
  timerSlackNs: "timer slack",
};

const fault = (what: string) => (figures: Figures) => ({
  sentence: `${text(figures, "messages")} of ${counted(figures, "sent", "message")} ${what}`,
  advice: "run it again, and report it if it happens twice: the mechanism or this program is at fault",
});

const PIN_BOTH = "pin both sides with --server-affinity and --client-affinity";
const PIN: Readonly<Record<string, string>> = {
  client: "pin the client too, with --client-affinity",
  server: "pin the server too, with --server-affinity",
  none: "look for another program that changes CPU masks (taskset -p, cpuset)",
};
/** @param key of the figure that names the sides which are not pinned yet */
const pinOthers = (figures: Figures, key: string) => PIN[text(figures, key)] ?? PIN_BOTH;

/** What may be denied, and the right that would grant it. */
const PRIVILEGES = {
  fifoPriority: { name: "SCHED_FIFO", right: "CAP_SYS_NICE (or ulimit -r 49)" },
  memoryLock: { name: "locked memory", right: "CAP_IPC_LOCK (or ulimit -l unlimited)" },
  cpuDmaLatencyUs: { name: "--cpu-dma-latency", right: "write permission for /dev/cpu_dma_latency" },
} as const;

/** "one", "one and another", "one, another and a third". */
function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

const AS_ROOT = "as root, outside of containers";

function realTimeAdvice(figures: Figures): string {
  const privilege = (PRIVILEGES as Record<string, { right: string }>)[text(figures, "part")];
  if (privilege === undefined) return "leave --rt out";
  return `run the ${text(figures, "side")} with ${privilege.right}, or ${AS_ROOT}; or leave --rt out`;
}

function deniedInWords(figures: Figures): Words {
  const denied = (Object.keys(PRIVILEGES) as (keyof typeof PRIVILEGES)[]).filter((key) => key in figures);
  const names = denied.map((key) =>
    key === "cpuDmaLatencyUs" ? PRIVILEGES[key].name : `${PRIVILEGES[key].name} of the ${figures[key]}`,
  );
  const rights = denied.map((key) => PRIVILEGES[key].right);
  return {
    sentence: `what was asked for was denied: ${names.join("; ") || "unknown"}`,
    advice: rights.length === 0 ? `run it ${AS_ROOT}` : `run it with ${listed(rights)}, or ${AS_ROOT}`,
  };
}

/** In the figures where --cpu-dma-latency was given: what it demanded. */
function idleAdvice({ demandedLatencyUs }: Figures): string {
  if (demandedLatencyUs === undefined) return "add --cpu-dma-latency 0";
  if (demandedLatencyUs !== 0) return "lower --cpu-dma-latency to 0";
  return "switch them off (/sys/devices/system/cpu/cpu*/cpuidle/state*/disable), as --cpu-dma-latency 0 is not in force";
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
    advice: "ask for a lower --rate, or pin the sender to a CPU of its own with --client-affinity",
  }),
  "buffer-smaller": (figures) => ({
    sentence: `the ${text(figures, "side")}'s ${text(figures, "buffer")} buffer has ${text(figures, "effectiveBytes")} bytes, ${text(figures, "requestedBytes")} were asked for`,
    advice:
      "raise net.core.rmem_max and net.core.wmem_max (sockets) or the queue's limits, or lower --buffer-size",
  }),
  "cpu-differs": (figures) => ({
    sentence: `the ${text(figures, "side")} was to run on CPU ${text(figures, "requestedCpu")}, but may use ${text(figures, "allowedCpus") || "others"} and used ${text(figures, "usedCpus") || "none"}`,
    advice: "look for another program or a control group that changes CPU masks (taskset -p, cpuset)",
  }),
  "rt-not-in-force": (figures) => ({
    sentence: `--rt: ${RT_PARTS[text(figures, "part")] ?? text(figures, "part")} of the ${text(figures, "side")} is ${text(figures, "effective")} instead of ${text(figures, "requested")}${withNote(figures)}`,
    advice: realTimeAdvice(figures),
  }),
  "cpu-dma-latency-not-in-force": (figures) => ({
    sentence: `--cpu-dma-latency: ${text(figures, "effective")} is in force instead of ${text(figures, "requested")} us${withNote(figures)}`,
    advice: `run it with ${PRIVILEGES.cpuDmaLatencyUs.right}, or ${AS_ROOT}; or leave --cpu-dma-latency out`,
  }),
  throttled: (figures) => ({
    sentence: `the ${text(figures, "side")}'s control group used up its CPU quota ${times(figures, "count")} and was held back for ${time(figures, "throttledNs")}`,
    advice: "raise or remove the group's quota (cpu.max, or docker's --cpus)",
  }),
  "too-few-samples": (figures) => ({
    sentence: `${counted(figures, "samples", "latency sample")} were measured, at least ${text(figures, "needed")} are needed`,
    advice: "send more messages (-i) or measure for longer (-d)",
  }),
  "clock-too-coarse": (figures) => ({
    sentence: `the clock moves in steps of ${time(figures, "clockResolutionNs")}, more than a tenth of the median of ${time(figures, "p50Ns")}`,
    advice: "compare throughput instead, or switch to a finer clock source (tsc)",
  }),

  "latency-absent": (figures) => ({
    sentence: `there is no latency here: ${text(figures, "cause")}`,
    advice: `count on ${figures.throughput === "unknown" ? "" : "the throughput alone, or on "}the report of the side that can measure it`,
  }),
  "foreign-peer": () => ({
    sentence:
      "the other side is another tool: neither ids nor payloads were checked, and it reported nothing",
    advice: "use this program on both sides for a checked measurement",
  }),
  unpinned: (figures) => ({
    sentence: `the scheduler was free to place the ${text(figures, "sides")}, and places ${text(figures, "sides").includes(" and ") ? "them" : "it"} differently from run to run`,
    advice: pinOthers(figures, "sides"),
  }),
  "placement-bimodal": (figures) => ({
    sentence: `${share(figures, "sameCpuShare")} of the messages passed with both sides on one CPU, the others between two: the figures mix both`,
    advice: pinOthers(figures, "unpinned"),
  }),
  "one-cpu": () => ({
    sentence: "there is only one CPU to run on: the two sides take turns",
    advice: "use a machine or a control group with at least two CPUs",
  }),
  "more-clients-than-cpus": (figures) => ({
    sentence: `${counted(figures, "clients", "client")} had ${text(figures, "cpus")} CPU${figures.cpus === 1 ? "" : "s"} to run on and waited for each other`,
    advice: "lower -c, or give the clients more CPUs",
  }),
  governor: (figures) => ({
    sentence: `frequency governor ${text(figures, "governor")} is in force on CPU ${text(figures, "cpus")}: the clock rate follows the load`,
    advice: "set it to performance: cpupower frequency-set -g performance",
  }),
  "deep-idle": (figures) => ({
    sentence: `idle states that take up to ${text(figures, "longestLatencyUs")} us to wake from are in use (${text(figures, "states")}), which adds to every wake-up`,
    advice: idleAdvice(figures),
  }),
  "clock-source": (figures) => ({
    sentence: `the clock source is ${text(figures, "current")}, so every reading of the clock may be a slow system call`,
    advice: "boot with tsc=reliable if the hardware allows it, or expect all latencies to be longer",
  }),
  "virtual-machine": (figures) => ({
    sentence: `this is a virtual machine (${text(figures, "hypervisor")}): the host adds delays that no program in it can see`,
    advice: "compare only figures of the same machine, or measure on hardware",
  }),
  "smt-sibling": (figures) => ({
    sentence: `CPU ${text(figures, "cpu")} shares its core with CPU ${text(figures, "siblings")}, whose load slows it down`,
    advice: "switch the sibling off (/sys/devices/system/cpu/smt/control) or keep it idle (isolcpus)",
  }),
  steal: (figures) => ({
    sentence: `the hypervisor gave ${share(figures, "share")} of the CPUs' time to others`,
    advice: "run it again when the host is quieter, or on a dedicated one",
  }),
  "cpu-pressure": (figures) => ({
    sentence: `for ${share(figures, "share")} of the time some task waited for a CPU`,
    advice: "stop what else runs on this machine, or give the two sides CPUs of their own",
  }),
  migrations: (figures) => ({
    sentence: `the ${text(figures, "side")} was moved from CPU to CPU ${times(figures, "count")}`,
    advice: pinOthers(figures, "unpinned"),
  }),
  "major-faults": (figures) => ({
    sentence: `the ${text(figures, "side")} waited for ${counted(figures, "count", "page")} to be read from disk`,
    advice: `free memory, ${figures.memoryLock === undefined ? "use --rt, " : ""}or run it again with the program in the page cache`,
  }),
  "stream-stalls": (figures) => ({
    sentence: `the record of single messages was full ${times(figures, "count")}, and the test waited for it for ${time(figures, "totalNs")}, messages under way included`,
    advice: "stream to a faster disk, lower the rate, or leave streaming out",
  }),
  "percentiles-unbacked": (figures) => ({
    sentence: `${text(figures, "samples")} samples${figures.allLaunches === undefined ? "" : " of a launch"} leave fewer than ${text(figures, "needed")} ${tails(text(figures, "percentiles"))}`,
    advice: "send more messages (-i) or measure for longer (-d)",
  }),
  "privilege-missing": deniedInWords,
  "rt-bandwidth": (figures) => ({
    sentence: `real-time threads that spin are stopped after ${text(figures, "runtimeUs")} of each ${text(figures, "periodUs")} us`,
    advice: "set the sysctl kernel.sched_rt_runtime_us to -1, or use --wait block",
  }),
};

/** A finding as a sentence and one thing to do. Total: figures that are missing read "unknown". */
export function inWords({ id, figures }: Finding): Words {
  return WORDS[id](figures);
}
