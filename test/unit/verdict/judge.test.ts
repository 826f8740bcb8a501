import { describe, expect, test } from "bun:test";
import { REASON_IDS, WARNING_IDS } from "../../../src/verdict/finding.ts";
import type { VerdictInput } from "../../../src/verdict/input.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { inputOf, machineWith, QUIET, REAL_TIME, sideOf } from "./fixture.ts";

const PERFECT = inputOf().counts;
const DENIED = { requested: 49, effective: null, note: "Operation not permitted", isDenied: true };
const usage = (changes: Partial<typeof QUIET>) => ({ usage: { ...QUIET, ...changes } });
const C6 = { name: "C6", latency_us: 133, residency_us: 400, disabled: false };

type Case = readonly [what: string, input: Partial<VerdictInput>, id: string | null, figures?: object];

/** bun:test hands a callback where a row is short. */
const rows = (cases: readonly Case[]) =>
  cases.map(([what, input, id, figures]) => [what, input, id, figures ?? null] as const);

describe("a test in order", () => {
  test("is valid and warns of nothing", () => {
    expect(judge(inputOf())).toEqual({ verdict: "valid", reasons: [], warnings: [] });
  });

  test("without machine facts, usage or a peer is still judged", () => {
    const bare = inputOf({ machine: null, client: sideOf(0, { usage: null }), server: null });
    expect(judge(bare)).toEqual({ verdict: "valid", reasons: [], warnings: [] });
  });
});

const REASONS: Case[] = [
  ["that ended early", { complete: false, failure: "boom" }, "incomplete", { cause: "boom" }],
  ["that lost messages", { counts: { ...PERFECT, lost: 3 } }, "messages-lost", { messages: 3, sent: 10_000 }],
  ["that got messages twice", { counts: { ...PERFECT, duplicated: 1 } }, "messages-duplicated"],
  ["that got messages out of order", { counts: { ...PERFECT, reordered: 1 } }, "messages-reordered"],
  ["that got wrong payloads", { counts: { ...PERFECT, corrupt: 1 } }, "messages-corrupt"],
  [
    "that missed its rate",
    { rate: { asked: 1000, achieved: 989.9 } },
    "rate-missed",
    { askedPerSecond: 1000, achievedPerSecond: 989.9 },
  ],
  ["whose rate is not known", { rate: { asked: 1000, achieved: null } }, "rate-missed"],
  ["that reached 99 % of its rate", { rate: { asked: 1000, achieved: 990 } }, null],
  [
    "with a smaller buffer than asked for",
    { requestedBufferBytes: 1_000_000, client: sideOf(0, { receiveBufferBytes: null }), server: null },
    "buffer-smaller",
    { side: "client", buffer: "send", requestedBytes: 1_000_000, effectiveBytes: 425_984 },
  ],
  ["with the buffer that Linux doubled", { requestedBufferBytes: 212_992 }, null],
  [
    "that may use another CPU than asked for",
    { client: sideOf(0, { allowedCpus: [0, 1] }) },
    "cpu-differs",
    { side: "client", requestedCpu: 0, allowedCpus: "0 1", usedCpus: "0" },
  ],
  ["that ran on another CPU than asked for", { server: sideOf(1, { usedCpus: [1, 0] }) }, "cpu-differs"],
  ["whose CPU mask nobody tells", { client: sideOf(0, { allowedCpus: [], usedCpus: [] }) }, null],
  [
    "with another real-time priority than asked for",
    {
      client: sideOf(0, {
        realTime: { ...REAL_TIME, fifoPriority: { ...DENIED, effective: 20, isDenied: false } },
      }),
    },
    "rt-not-in-force",
    { side: "client", part: "fifoPriority", requested: 49, effective: 20, note: "Operation not permitted" },
  ],
  [
    "whose memory is not locked",
    {
      server: sideOf(1, {
        realTime: {
          ...REAL_TIME,
          memoryLock: { requested: "present and future", effective: null, note: "x", isDenied: false },
        },
      }),
    },
    "rt-not-in-force",
  ],
  ["under --rt as asked for", { client: sideOf(0, { realTime: REAL_TIME }) }, null],
  [
    "whose CPUs may sleep longer than asked for",
    { cpuDmaLatencyUs: { requested: 0, effective: null, note: "gone", isDenied: false } },
    "cpu-dma-latency-not-in-force",
    { requested: 0, effective: "none", note: "gone" },
  ],
  [
    "whose CPUs may sleep less than asked for",
    { cpuDmaLatencyUs: { requested: 20, effective: 0, note: null, isDenied: false } },
    null,
  ],
  [
    "that was throttled",
    { client: sideOf(0, usage({ throttled_count: 2, throttled_ns: 5e7 })) },
    "throttled",
    { side: "client", count: 2, throttledNs: 5e7 },
  ],
  ["with 99 samples", { sampleCount: 99 }, "too-few-samples", { samples: 99, needed: 100 }],
  ["with 100 samples", { sampleCount: 100 }, null],
  [
    "with a clock coarser than a tenth of the median",
    { clockResolutionNs: 41, p50Ns: 400 },
    "clock-too-coarse",
    { clockResolutionNs: 41, p50Ns: 400 },
  ],
  ["with a clock of a tenth of the median", { clockResolutionNs: 40, p50Ns: 400 }, null],
];

describe("a test", () => {
  test.each(rows(REASONS))("%s", (_, changes, id, figures) => {
    const { verdict, reasons } = judge(inputOf(changes));
    expect(reasons.map((reason) => reason.id as string)).toEqual(id === null ? [] : [id]);
    expect(verdict).toBe(id === null ? "valid" : "invalid");
    if (figures !== null) expect(reasons[0]?.figures).toEqual({ ...figures });
  });
});

/** Of one second. */
const waiting = (waitMs: number, sleeps = 0) =>
  usage({ main_thread_wait_ns: waitMs * 1e6, main_thread_voluntary_switches: sleeps, cpu_pressure_share: 0.99 });

const PRESSURE: Case[] = [
  [
    "of a side that waited for a CPU, with the machine's pressure beside it",
    { client: sideOf(0, waiting(60)) },
    "cpu-pressure",
    { sides: "client", share: 0.06, machineShare: 0.99, unpinned: "none" },
  ],
  [
    "of both sides at once, with the longer wait",
    { client: sideOf(0, waiting(20)), server: sideOf(1, waiting(30)) },
    "cpu-pressure",
    { sides: "client and server", share: 0.03, machineShare: 0.99, unpinned: "none" },
  ],
  [
    "not of a machine on which others waited, but these did not",
    { client: sideOf(0, waiting(2)), server: sideOf(1, waiting(2)) },
    null,
  ],
  ["not of what ordinary wake-ups take", { client: sideOf(0, waiting(150, 22_000)) }, null],
  ["of a wait beyond ordinary wake-ups", { client: sideOf(0, waiting(150, 1000)) }, "cpu-pressure"],
  [
    "not of waiting for the other side on the same CPU",
    { client: sideOf(0, waiting(600)), server: sideOf(0, waiting(600)), sameCpuShare: 1 },
    null,
  ],
  [
    "of waiting for a third program on the same CPU",
    { client: sideOf(0, waiting(800)), server: sideOf(0, waiting(600)), sameCpuShare: 1 },
    "cpu-pressure",
    { sides: "client", share: 0.1, machineShare: 0.99, unpinned: "none" },
  ],
  ["not of many threads that waited a little each", { serverThreads: 2, server: sideOf(1, waiting(18)) }, null],
  ["not of a wait that is not known", { client: sideOf(0, usage({ main_thread_wait_ns: "unknown" })) }, null],
];

const WARNINGS: Case[] = [
  ...PRESSURE,
  [
    "of a latency that only the other side can measure, and not of too few samples then",
    { latencyAbsent: "the client measures it", sampleCount: 0, p50Ns: null },
    "latency-absent",
    { cause: "the client measures it" },
  ],
  [
    "of a latency and a throughput that only the other side can measure",
    { latencyAbsent: "its clock is another", isThroughputKnown: false, sampleCount: 0, p50Ns: null },
    "latency-absent",
    { cause: "its clock is another", throughput: "unknown" },
  ],
  ["of a peer that checks nothing", { isPeerForeign: true }, "foreign-peer", {}],
  [
    "of sides that were not pinned",
    {
      client: sideOf(0, { requestedCpu: null, allowedCpus: [0, 1] }),
      server: sideOf(1, { requestedCpu: null, allowedCpus: [0, 1] }),
    },
    "unpinned",
    { sides: "client and server" },
  ],
  [
    "of one CPU for both, not of a missing pin there",
    { client: sideOf(0, { requestedCpu: null }), server: sideOf(0, { requestedCpu: null }), sameCpuShare: 1 },
    "shared-cpu",
    { cpu: 0 },
  ],
  [
    "of one CPU for both where only one of them was pinned to it",
    { client: sideOf(0), server: sideOf(0, { requestedCpu: null }), sameCpuShare: 1 },
    "shared-cpu",
  ],
  ["not of one CPU that both were pinned to", { client: sideOf(0), server: sideOf(0), sameCpuShare: 1 }, null],
  ["not of a missing pin where the CPU can be but one", { client: sideOf(0, { requestedCpu: null }) }, null],
  [
    "of a run between two placements",
    { sameCpuShare: 0.4 },
    "placement-bimodal",
    { sameCpuShare: 0.4, unpinned: "none" },
  ],
  ["not of a run with nearly all on one CPU", { sameCpuShare: 0.96 }, null],
  [
    "of a single CPU, not of a missing pin there",
    { machine: machineWith({ cgroup_cpus: [0] }), client: sideOf(0, { requestedCpu: null }) },
    "one-cpu",
  ],
  [
    "of more clients than CPUs",
    { clientCount: 3, client: sideOf(0, { allowedCpus: [0] }) },
    "more-clients-than-cpus",
    { clients: 3, cpus: 1 },
  ],
  [
    "of a frequency governor that follows the load",
    { machine: machineWith({}, { governor: "schedutil" }) },
    "governor",
    { governor: "schedutil", cpus: "0" },
  ],
  ["not of a governor that is not known", { machine: machineWith({}, { governor: "unknown" }) }, null],
  [
    "not of the governor of a CPU that was not used",
    { machine: machineWith({}, { governor: "schedutil" }), client: sideOf(1) },
    null,
  ],
  [
    "of deep idle states",
    { machine: machineWith({}, { idle_states: [C6] }) },
    "deep-idle",
    { states: "C6", longestLatencyUs: 133 },
  ],
  [
    "not of deep idle states that are off",
    { machine: machineWith({}, { idle_states: [{ ...C6, disabled: true }] }) },
    null,
  ],
  [
    "not of deep idle states that --cpu-dma-latency forbids",
    {
      machine: machineWith({}, { idle_states: [C6] }),
      cpuDmaLatencyUs: { requested: 0, effective: 0, note: null, isDenied: false },
    },
    null,
  ],
  [
    "not of deep idle states that another program forbids",
    { machine: machineWith({ cpu_dma_latency_us: 10 }, { idle_states: [C6] }) },
    null,
  ],
  [
    "not of deep idle states when nobody sleeps",
    { machine: machineWith({}, { idle_states: [C6] }), isSpinning: true },
    null,
  ],
  ["of a slow clock source", { machine: machineWith({ clock_source: "hpet" }) }, "clock-source", { current: "hpet" }],
  ["not of arm64's clock source", { machine: machineWith({ clock_source: "arch_sys_counter" }) }, null],
  ["not of a clock source that is not known", { machine: machineWith({ clock_source: "unknown" }) }, null],
  [
    "of a virtual machine",
    { machine: machineWith({ hypervisor: "kvm" }), isSpinning: true },
    "virtual-machine",
    { hypervisor: "kvm" },
  ],
  ["not of a hypervisor that is not known", { machine: machineWith({ hypervisor: "unknown" }) }, null],
  [
    "of a sibling on the same core",
    { machine: machineWith({}, { smt_siblings: [0, 4] }) },
    "smt-sibling",
    { cpu: 0, siblings: "4" },
  ],
  ["of steal", { server: sideOf(1, usage({ steal_share: 0.02 })) }, "steal", { share: 0.02 }],
  ["not of one percent of steal", { server: sideOf(1, usage({ steal_share: 0.01 })) }, null],
  [
    "of migrations that messages saw",
    { client: sideOf(0, { migrations: 2 }) },
    "migrations",
    { side: "client", count: 2, unpinned: "none" },
  ],
  [
    "of migrations that the kernel counted",
    { server: sideOf(1, usage({ migrations: 5 })) },
    "migrations",
    { side: "server", count: 5, unpinned: "none" },
  ],
  ["of major faults", { server: sideOf(1, usage({ major_faults: 1 })) }, "major-faults", { side: "server", count: 1 }],
  ["of stalls of streaming", { streamStalls: { count: 4, totalNs: 5 } }, "stream-stalls", { count: 4, totalNs: 5 }],
  ["not of streaming without stalls", { streamStalls: { count: 0, totalNs: 0 } }, null],
  [
    "of a sender that is later than a message takes",
    { lateness: { p99Ns: 5001, serviceP50Ns: 5000, roomWaits: 3 } },
    "sender-late",
    { latenessP99Ns: 5001, serviceP50Ns: 5000, roomWaits: 3, unpinned: "none" },
  ],
  ["not of one that is no later than that", { lateness: { p99Ns: 5000, serviceP50Ns: 5000, roomWaits: 0 } }, null],
  [
    "of percentiles without samples beyond them",
    {
      percentiles: [
        { percentile: 99.9, samplesBeyond: 9, excursions: null },
        { percentile: 99, samplesBeyond: 10, excursions: null },
      ],
    },
    "percentiles-unbacked",
    { percentiles: "p99.9", samples: 10_000, needed: 10 },
  ],
  [
    "of percentiles whose samples came in one go",
    {
      percentiles: [
        { percentile: 99, samplesBeyond: 100, excursions: { count: 10, needed: 10 } },
        { percentile: 99.9, samplesBeyond: 10, excursions: { count: 1, needed: 9 } },
      ],
    },
    "percentiles-clustered",
    { percentiles: "p99.9", samplesBeyond: 10, excursions: 1, needed: 9 },
  ],
  [
    "of a real-time run that spins",
    { isSpinning: true, client: sideOf(0, { realTime: REAL_TIME }) },
    "rt-bandwidth",
    { runtimeUs: 950_000, periodUs: "1000000" },
  ],
  [
    "not of a real-time run that spins where the kernel lets it",
    {
      isSpinning: true,
      client: sideOf(0, { realTime: REAL_TIME }),
      machine: machineWith({ sysctls: { "kernel.sched_rt_runtime_us": "-1" } }),
    },
    null,
  ],
];

describe("a warning", () => {
  test("of CPU pressure is not of many clients that waited a little each", () => {
    const { warnings } = judge(inputOf({ clientCount: 2, client: sideOf(0, waiting(18)) }));
    expect(warnings.map(({ id }) => id)).toEqual(["more-clients-than-cpus"]);
  });

  test.each(rows(WARNINGS))("%s", (_, changes, id, figures) => {
    const { verdict, warnings } = judge(inputOf(changes));
    expect(warnings.map((warning) => warning.id as string)).toEqual(id === null ? [] : [id]);
    expect(verdict).toBe("valid");
    const [{ figures: found = {} } = {}] = warnings;
    for (const [name, value] of Object.entries(figures ?? {})) {
      if (typeof value === "number") expect(found[name]).toBeCloseTo(value, 10);
      else expect(found[name]).toBe(value);
    }
    if (figures !== null) expect(Object.keys(found)).toEqual(Object.keys(figures));
  });

  test("does not repeat what was denied: the reason tells that, for each part with its sides", () => {
    const lock = { requested: "present and future", effective: null, note: "no", isDenied: true } as const;
    const denied = { ...REAL_TIME, fifoPriority: DENIED, memoryLock: lock };
    const { reasons, warnings } = judge(
      inputOf({
        client: sideOf(0, { realTime: denied }),
        server: sideOf(1, { realTime: { ...denied, fifoPriority: { ...DENIED, note: "another" } } }),
        cpuDmaLatencyUs: { requested: 0, effective: null, note: "no", isDenied: true },
      }),
    );
    expect(reasons.map(({ id, figures }) => [id, figures.side, figures.part].join(" ").trim())).toEqual([
      "rt-not-in-force client fifoPriority",
      "rt-not-in-force server fifoPriority",
      "rt-not-in-force client and server memoryLock",
      "cpu-dma-latency-not-in-force",
    ]);
    expect(warnings).toEqual([]);
  });

  test("of idle states in a virtual machine names even those that claim a microsecond", () => {
    const { warnings } = judge(inputOf({ machine: machineWith({ hypervisor: "kvm" }) }));
    expect(warnings.map(({ id }) => id)).toEqual(["deep-idle", "virtual-machine"]);
  });
});

test("every finding there is has a case above", () => {
  const tested = new Set([...REASONS, ...WARNINGS].map(([, , id]) => id));
  const untested = [...REASON_IDS, ...WARNING_IDS].filter((id) => !tested.has(id));
  expect(untested).toEqual([]);
});
