/** What may explain a test's figures or make them hard to repeat. Pure; each function looks at one thing. */

import { SAMPLES_NEEDED_BEYOND } from "../stats/backing.ts";
import { isKnown, type Known } from "../system/kernel-files.ts";
import type { CpuFacts } from "../system/machine-schema.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import type { Figures, Finding, WarningId } from "./finding.ts";
import type { VerdictInput, VerdictSide } from "./input.ts";
import { namesOf, sidesOf } from "./reasons.ts";
import {
  BIMODAL_FROM_SHARE,
  BIMODAL_TO_SHARE,
  DEEP_IDLE_LATENCY_US,
  FAST_CLOCK_SOURCES,
  MOST_CPU_WAIT_SHARE,
  MOST_STEAL_SHARE,
  ORDINARY_WAKE_UP_NS,
} from "./thresholds.ts";

export type Warning = Finding<WarningId>;

const finding = (id: WarningId, figures: Figures): Warning => ({ id, figures });
const orZero = (figure: Known<number>) => (isKnown(figure) ? figure : 0);
const isAbove = (value: number | string | undefined, limit: number) => typeof value === "number" && value > limit;

/** CPUs on which the roles ran, else those they might have: what the machine's facts matter for. */
function cpusLookedAt(input: VerdictInput): CpuFacts[] {
  const sides = sidesOf(input);
  const used = new Set(sides.flatMap(({ side }) => (side.usedCpus.length > 0 ? side.usedCpus : side.allowedCpus)));
  return (input.machine?.cpus ?? []).filter(({ cpu }) => used.size === 0 || used.has(cpu));
}

/** CPUs that the roles could use at all; null where nobody tells. */
function usableCpuCount({ machine }: VerdictInput): number | null {
  const online = machine?.cpus_online ?? "unknown";
  const granted = machine?.cgroup_cpus ?? "unknown";
  const counts = [online, granted].filter(isKnown).map((cpus) => cpus.length);
  return counts.length === 0 ? null : Math.min(...counts);
}

function isVirtual({ machine }: VerdictInput): boolean {
  const hypervisor = machine?.hypervisor ?? "unknown";
  return hypervisor !== "none" && hypervisor !== "unknown";
}

/** Where the other side was started by hand. */
function farSide({ latencyAbsent, isThroughputKnown, isPeerForeign }: VerdictInput): Warning[] {
  const throughput: Figures = isThroughputKnown ? {} : { throughput: "unknown" };
  return [
    ...(latencyAbsent === null ? [] : [finding("latency-absent", { cause: latencyAbsent, ...throughput })]),
    ...(isPeerForeign ? [finding("foreign-peer", {})] : []),
  ];
}

/** "client and server", "server", "none": sides that the scheduler was free to place. */
function freeSides(input: VerdictInput): string {
  const isFree = (side: VerdictSide) => side.requestedCpu === null && side.allowedCpus.length !== 1;
  return namesOf(sidesOf(input).filter(({ side }) => isFree(side))) || "none";
}

/** The only CPU that either side may use, where nobody asked for that by pinning both. */
function sharedCpu({ client, server }: VerdictInput): number | null {
  const [cpu, ...others] = client?.allowedCpus ?? [];
  if (cpu === undefined || others.length > 0) return null;
  const isSame = server?.allowedCpus.length === 1 && server.allowedCpus[0] === cpu;
  const isAskedFor = client?.requestedCpu === cpu && server?.requestedCpu === cpu;
  return isSame && !isAskedFor ? cpu : null;
}

function placement(input: VerdictInput): Warning[] {
  const cpuCount = usableCpuCount(input);
  const found: Warning[] = [];
  if (cpuCount === 1) found.push(finding("one-cpu", { cpus: 1 }));
  const shared = sharedCpu(input);
  if (shared !== null && cpuCount !== 1) found.push(finding("shared-cpu", { cpu: shared }));
  const unpinned = freeSides(input);
  if (unpinned !== "none" && cpuCount !== 1) found.push(finding("unpinned", { sides: unpinned }));
  const share = input.sameCpuShare;
  if (share !== null && share >= BIMODAL_FROM_SHARE && share <= BIMODAL_TO_SHARE) {
    found.push(finding("placement-bimodal", { sameCpuShare: share, unpinned }));
  }
  return found;
}

function crowding(input: VerdictInput): Warning[] {
  const allowed = input.client?.allowedCpus.length ?? 0;
  const cpus = allowed > 0 ? allowed : usableCpuCount(input);
  if (cpus === null || !(input.clientCount > cpus)) return [];
  return [finding("more-clients-than-cpus", { clients: input.clientCount, cpus })];
}

function governors(input: VerdictInput): Warning[] {
  const others = cpusLookedAt(input).filter(({ governor }) => governor !== "performance" && governor !== "unknown");
  if (others.length === 0) return [];
  const names = [...new Set(others.map(({ governor }) => governor))];
  return [finding("governor", { governor: names.join(" "), cpus: others.map(({ cpu }) => cpu).join(" ") })];
}

/** Wake-up latency that the kernel keeps to: ours if it was held, else what others demanded when the facts were read. */
function latencyLimitUs({ cpuDmaLatencyUs, machine }: VerdictInput): number {
  const held = cpuDmaLatencyUs?.effective ?? "unknown";
  const found = machine?.cpu_dma_latency_us ?? "unknown";
  return isKnown(held) ? held : isKnown(found) ? found : Number.POSITIVE_INFINITY;
}

/** In a virtual machine every halt goes through the hypervisor, whatever latency the guest's table claims. */
function deepIdle(input: VerdictInput): Warning[] {
  if (input.isSpinning) return [];
  const limitUs = latencyLimitUs(input);
  const leastUs = isVirtual(input) ? 1 : DEEP_IDLE_LATENCY_US;
  const deep = cpusLookedAt(input)
    .flatMap(({ idle_states: states }) => (isKnown(states) ? states : []))
    .flatMap(({ name, disabled, latency_us: latencyUs }) =>
      disabled !== true && isKnown(latencyUs) && latencyUs >= leastUs && latencyUs <= limitUs
        ? [{ name, latencyUs }]
        : [],
    );
  if (deep.length === 0) return [];
  const states = [...new Set(deep.map(({ name }) => name))].join(", ");
  const longestLatencyUs = Math.max(...deep.map(({ latencyUs }) => latencyUs));
  const asked = input.cpuDmaLatencyUs;
  return [
    finding("deep-idle", {
      states,
      longestLatencyUs,
      ...(asked === null ? {} : { demandedLatencyUs: asked.requested }),
    }),
  ];
}

function clockSource({ machine }: VerdictInput): Warning[] {
  const current = machine?.clock_source ?? "unknown";
  if (current === "unknown" || FAST_CLOCK_SOURCES.includes(current)) return [];
  return [finding("clock-source", { current })];
}

function virtualMachine(input: VerdictInput): Warning[] {
  return isVirtual(input) ? [finding("virtual-machine", { hypervisor: input.machine?.hypervisor ?? "unknown" })] : [];
}

/** Siblings that are online: the kernel lists no others. */
function smtSiblings(input: VerdictInput): Warning[] {
  return cpusLookedAt(input).flatMap(({ cpu, smt_siblings: siblings }) => {
    if (!isKnown(siblings)) return [];
    const others = siblings.filter((sibling) => sibling !== cpu);
    return others.length === 0 ? [] : [finding("smt-sibling", { cpu, siblings: others.join(" ") })];
  });
}

function usageOf(input: VerdictInput): { name: "client" | "server"; side: VerdictSide; usage: UsageFigures }[] {
  return sidesOf(input).flatMap(({ name, side }) => (side.usage === null ? [] : [{ name, side, usage: side.usage }]));
}

/** Machine-wide figures were read by both sides; the worse one tells. */
function worst(input: VerdictInput, key: "steal_share" | "cpu_pressure_share"): number {
  return Math.max(
    0,
    ...usageOf(input)
      .map(({ usage }) => usage[key])
      .filter(isKnown),
  );
}

function steal(input: VerdictInput): Warning[] {
  const share = worst(input, "steal_share");
  return share > MOST_STEAL_SHARE ? [finding("steal", { share })] : [];
}

/**
 * Share of the test in which a side was ready to run and had no CPU, by the kernel's count for its own threads. Left out is
 * what needs no third program: waking an idle CPU, and waiting for the other side where both were on one CPU.
 */
function waitShare(input: VerdictInput, name: "client" | "server", usage: UsageFigures): number {
  const other = input[name === "client" ? "server" : "client"]?.usage;
  const [waitNs, sleeps] = [orZero(usage.main_thread_wait_ns), orZero(usage.main_thread_voluntary_switches)];
  const threads = name === "client" ? input.clientCount : input.serverThreads;
  const forOtherNs = (input.sameCpuShare ?? 0) * orZero(other?.main_thread_cpu_ns ?? 0);
  const share = ((waitNs - sleeps * ORDINARY_WAKE_UP_NS) / threads - forOtherNs) / usage.window_ns;
  return share > 0 && share < Number.POSITIVE_INFINITY ? Math.min(1, share) : 0;
}

/** The machine's pressure is no more than background: it counts every task, and every wake-up of the two sides too. */
function cpuPressure(input: VerdictInput): Warning[] {
  const waiting = usageOf(input)
    .map(({ name, usage }) => ({ name, share: waitShare(input, name, usage) }))
    .filter(({ share }) => share > MOST_CPU_WAIT_SHARE);
  if (waiting.length === 0) return [];
  return [
    finding("cpu-pressure", {
      sides: namesOf(waiting),
      share: Math.max(...waiting.map(({ share }) => share)),
      machineShare: worst(input, "cpu_pressure_share"),
      unpinned: freeSides(input),
    }),
  ];
}

/** As the messages saw it, or as the kernel counted it, whichever is more. */
function migrations(input: VerdictInput): Warning[] {
  return sidesOf(input).flatMap(({ name, side }) => {
    const counted = side.usage?.migrations ?? "unknown";
    const count = isKnown(counted) ? Math.max(side.migrations, counted) : side.migrations;
    return count > 0 ? [finding("migrations", { side: name, count, unpinned: freeSides(input) })] : [];
  });
}

function majorFaults(input: VerdictInput): Warning[] {
  return usageOf(input)
    .filter(({ usage }) => isAbove(usage.major_faults, 0))
    .map(({ name, side, usage }) =>
      finding("major-faults", {
        side: name,
        count: usage.major_faults,
        ...(side.realTime === null ? {} : { memoryLock: side.realTime.memoryLock.effective ?? "none" }),
      }),
    );
}

function streamStalls({ streamStalls: stalls }: VerdictInput): Warning[] {
  return stalls === null || !(stalls.count > 0) ? [] : [finding("stream-stalls", { ...stalls })];
}

/** A response time that is mostly lateness says nothing of the mechanism, unless that had no room. */
function senderLate(input: VerdictInput): Warning[] {
  const { lateness, client } = input;
  if (lateness === null || !(lateness.p99Ns > lateness.serviceP50Ns)) return [];
  return [
    finding("sender-late", {
      latenessP99Ns: lateness.p99Ns,
      serviceP50Ns: lateness.serviceP50Ns,
      roomWaits: lateness.roomWaits,
      unpinned: freeSides(input),
      ...(client === null || client.realTime === null ? {} : { realTime: "asked for" }),
    }),
  ];
}

function unbackedPercentiles({
  percentiles,
  sampleCount,
  fewestSamples,
  isTimed,
  latencyAbsent,
}: VerdictInput): Warning[] {
  if (latencyAbsent !== null) return [];
  const unbacked = percentiles.filter(({ samplesBeyond }) => samplesBeyond < SAMPLES_NEEDED_BEYOND);
  if (unbacked.length === 0) return [];
  const names = unbacked.map(({ percentile }) => `p${percentile}`).join(", ");
  return [
    finding("percentiles-unbacked", {
      percentiles: names,
      samples: fewestSamples,
      ...(fewestSamples < sampleCount ? { allLaunches: sampleCount } : {}),
      needed: SAMPLES_NEEDED_BEYOND,
      ...(isTimed ? { timed: 1 } : {}),
    }),
  ];
}

/** Enough samples, but of few events. */
function clusteredPercentiles({ percentiles, latencyAbsent }: VerdictInput): Warning[] {
  if (latencyAbsent !== null) return [];
  const clustered = percentiles.flatMap(({ percentile, samplesBeyond, excursions }) =>
    samplesBeyond >= SAMPLES_NEEDED_BEYOND && excursions !== null && excursions.count < excursions.needed
      ? [{ percentile, samplesBeyond, ...excursions }]
      : [],
  );
  const worst = clustered.toSorted((a, b) => a.count - b.count)[0];
  if (worst === undefined) return [];
  return [
    finding("percentiles-clustered", {
      percentiles: clustered.map(({ percentile }) => `p${percentile}`).join(", "),
      samplesBeyond: worst.samplesBeyond,
      excursions: worst.count,
      needed: worst.needed,
    }),
  ];
}

/** The kernel stops real-time threads that never sleep for 50 ms of each second, unless told not to. */
function realTimeBandwidth(input: VerdictInput): Warning[] {
  const runtimeUs = Number(input.machine?.sysctls["kernel.sched_rt_runtime_us"] ?? Number.NaN);
  const isFifo = sidesOf(input).some(({ side }) => typeof side.realTime?.fifoPriority.effective === "number");
  if (!input.isSpinning || !isFifo || !(runtimeUs >= 0)) return [];
  const periodUs = input.machine?.sysctls["kernel.sched_rt_period_us"] ?? "unknown";
  return [finding("rt-bandwidth", { runtimeUs, periodUs })];
}

const LOOKS = [
  farSide,
  placement,
  crowding,
  governors,
  deepIdle,
  clockSource,
  virtualMachine,
  smtSiblings,
  steal,
  cpuPressure,
  migrations,
  majorFaults,
  streamStalls,
  senderLate,
  unbackedPercentiles,
  clusteredPercentiles,
  realTimeBandwidth,
];

/** Everything worth a warning; empty when nothing is. */
export function findWarnings(input: VerdictInput): Warning[] {
  return LOOKS.flatMap((look) => look(input));
}
