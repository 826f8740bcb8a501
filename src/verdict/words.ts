/** The only place with words for findings: what was found, and one thing to do about it. */

import { timeText } from "../report/units.ts";
import type { Figures, Finding, FindingId } from "./finding.ts";

export interface Words {
  /** One sentence, without a full stop. */
  readonly sentence: string;
  /** One thing to do, as an imperative, without a full stop. */
  readonly advice: string;
}

const text = (figures: Figures, key: string) => String(figures[key] ?? "unknown");
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
    advice: "run it as root or with CAP_SYS_NICE and CAP_IPC_LOCK, or leave --rt out",
  }),
  "cpu-dma-latency-not-in-force": (figures) => ({
    sentence: `--cpu-dma-latency: ${text(figures, "effective")} is in force instead of ${text(figures, "requested")} us${withNote(figures)}`,
    advice: "run it as root, or leave --cpu-dma-latency out",
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
    advice: PIN_BOTH,
  }),
  "placement-bimodal": (figures) => ({
    sentence: `${share(figures, "sameCpuShare")} of the messages passed with both sides on one CPU, the others between two: the figures mix both`,
    advice: PIN_BOTH,
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
    advice: "add --cpu-dma-latency 0",
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
    advice: PIN_BOTH,
  }),
  "major-faults": (figures) => ({
    sentence: `the ${text(figures, "side")} waited for ${counted(figures, "count", "page")} to be read from disk`,
    advice: "free memory, run it again with the program in the page cache, or use --rt",
  }),
  "stream-stalls": (figures) => ({
    sentence: `the record of single messages was full ${times(figures, "count")}, and the test waited for it for ${time(figures, "totalNs")}, messages under way included`,
    advice: "stream to a faster disk, lower the rate, or leave streaming out",
  }),
  "percentiles-unbacked": (figures) => ({
    sentence: `${text(figures, "samples")} samples leave fewer than ${text(figures, "needed")} beyond ${text(figures, "percentiles")}`,
    advice: "send more messages (-i) or measure for longer (-d)",
  }),
  "privilege-missing": (figures) => ({
    sentence: `${text(figures, "what")} was denied${withNote(figures)}`,
    advice: "run it as root, or with the capability named",
  }),
  "rt-bandwidth": (figures) => ({
    sentence: `real-time threads that spin are stopped after ${text(figures, "runtimeUs")} of each ${text(figures, "periodUs")} us`,
    advice: "set the sysctl kernel.sched_rt_runtime_us to -1, or use --wait block",
  }),
};

/** A finding as a sentence and one thing to do. Total: figures that are missing read "unknown". */
export function inWords({ id, figures }: Finding): Words {
  return WORDS[id](figures);
}
