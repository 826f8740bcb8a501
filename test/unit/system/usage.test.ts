import { describe, expect, spyOn, test } from "bun:test";
import Ajv from "ajv";
import { KernelFiles } from "../../../src/system/kernel-files.ts";
import { cpuNsPerMessage, differ, UsageMeter } from "../../../src/system/usage.ts";
import { UsageFiguresSchema } from "../../../src/system/usage-schema.ts";
import { CGROUP_V2, removeRootsAfterwards, rootOf, type Tree } from "./tree.ts";

removeRootsAfterwards();

const PID = 77;

interface Totals {
  readonly ticks: number;
  readonly switches: number;
  readonly faults: number;
  readonly throttled: number;
  readonly stealTicks: number;
  readonly pressureUs: number;
  readonly interrupts: number;
}

const status = (voluntary: number, involuntary: number) =>
  `Name:\tx\nvoluntary_ctxt_switches:\t${voluntary}\nnonvoluntary_ctxt_switches:\t${involuntary}\n`;

function tree(totals: Totals): Tree {
  const { ticks, switches, faults, throttled, stealTicks, pressureUs, interrupts } = totals;
  const cgroup = Object.fromEntries(
    Object.entries(CGROUP_V2).map(([path, text]) => [path.replace("proc/self", `proc/${PID}`), text]),
  );
  return {
    ...cgroup,
    "sys/fs/cgroup/system.slice/bench.service/cpu.stat": `nr_throttled ${throttled}\nthrottled_usec ${throttled * 10}\n`,
    [`proc/${PID}/stat`]: `${PID} (a (b) c) S 1 1 1 0 -1 0 ${faults} 0 ${faults + 1} 0 ${ticks} ${ticks * 2} 0 0 20 0 2 0\n`,
    [`proc/${PID}/task/${PID}/status`]: status(switches, switches * 2),
    [`proc/${PID}/task/78/status`]: status(100, 200),
    [`proc/${PID}/task/${PID}/schedstat`]: `${ticks * 9_000_000} ${switches * 1000} 12\n`,
    [`proc/${PID}/task/${PID}/sched`]: `a (77, #threads: 2)\n---\nse.nr_migrations                             :                    ${switches}\n`,
    "proc/pressure/cpu": `some avg10=0.00 avg60=0.00 avg300=0.00 total=${pressureUs}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n`,
    "proc/stat": `cpu  1 0 1 1 0 0 0 ${stealTicks * 2} 0 0\ncpu0 1 0 1 1 0 0 0 ${stealTicks} 0 0\ncpu1 1 0 1 1 0 0 0 ${stealTicks} 0 0\nintr 5\n`,
    "proc/interrupts": `           CPU0       CPU1       \n  1:   ${interrupts}   1000   chip  edge  timer\nNMI:   ${interrupts}   0   Non-maskable interrupts\nERR:   5\n`,
  };
}

const BEFORE: Totals = {
  ticks: 10,
  switches: 5,
  faults: 40,
  throttled: 3,
  stealTicks: 7,
  pressureUs: 1000,
  interrupts: 50,
};
const AFTER: Totals = {
  ticks: 30,
  switches: 9,
  faults: 41,
  throttled: 4,
  stealTicks: 8,
  pressureUs: 51_000,
  interrupts: 60,
};

const meter = (totals: Totals, cpus = [0]) => new UsageMeter({ pid: PID, cpus, root: rootOf(tree(totals)) });
/** As if the readings lay one second apart. */
const second = <T>(reading: T, atMs: number) => ({ ...reading, atMs });

describe("a process seen from outside", () => {
  const before = second(meter(BEFORE).readOpening(), 1000);
  const after = second(meter(AFTER).readClosing(), 2000);
  const figures = differ(before, after);

  test("has used and suffered the difference of two readings", () => {
    expect(figures).toEqual({
      window_ns: 1e9,
      user_ns: 200e6,
      system_ns: 400e6,
      main_thread_cpu_ns: 180e6,
      main_thread_wait_ns: 4000,
      voluntary_switches: 4,
      involuntary_switches: 8,
      main_thread_voluntary_switches: 4,
      main_thread_involuntary_switches: 8,
      migrations: 4,
      minor_faults: 1,
      major_faults: 1,
      throttled_count: 1,
      throttled_ns: 10_000,
      cpu_pressure_share: 0.05,
      steal_share: 0.01,
      interrupts: 20,
    });
  });

  test("counts the switches of all its threads", () => {
    expect(before.process).toMatchObject({ voluntarySwitches: 105, involuntarySwitches: 210 });
  });

  test("is named with blanks and parentheses without harm", () => {
    expect(before.process).toMatchObject({ minorFaults: 40, majorFaults: 41, userNs: 100e6 });
  });

  test("costs so much CPU time a message", () => {
    expect(cpuNsPerMessage(figures, 1000)).toBe(600_000);
    expect(cpuNsPerMessage(figures, 0)).toBe("unknown");
  });
});

test("the readings of a process enclose those of its thread", () => {
  const read: string[] = [];
  const original = KernelFiles.prototype.text;
  const spy = spyOn(KernelFiles.prototype, "text").mockImplementation(function (this: KernelFiles, path) {
    const name = path.split("/").at(-1)!;
    if (["stat", "schedstat"].includes(name) && path !== "proc/stat") read.push(name);
    return original.call(this, path);
  });
  const one = meter(BEFORE);
  read.length = 0;
  one.readOpening();
  one.readClosing();
  spy.mockRestore();
  expect(read).toEqual(["stat", "schedstat", "schedstat", "stat"]);
});

describe("steal", () => {
  test("without CPUs given is that of the whole machine, in shares of all its CPUs", () => {
    const before = second(meter(BEFORE, []).readOpening(), 0);
    const after = second(meter(AFTER, []).readClosing(), 1000);
    expect(differ(before, after)).toMatchObject({ steal_share: 0.01, interrupts: "unknown" });
  });

  test("on a CPU that is not there is unknown", () => {
    const reading = meter(BEFORE, [9]).readOpening();
    expect(reading.system).toMatchObject({ steal: "unknown", interrupts: "unknown" });
  });
});

test("nothing to read is unknown, not zero", () => {
  const empty = new UsageMeter({ pid: PID, root: rootOf({}) });
  const { window_ns: windowNs, ...figures } = differ(empty.readOpening(), empty.readClosing());
  expect(windowNs).toBeGreaterThanOrEqual(0);
  expect([...new Set(Object.values(figures))]).toEqual(["unknown"]);
});

test("a counter that went back has no difference", () => {
  const figures = differ(meter(AFTER).readOpening(), meter(BEFORE).readClosing());
  expect(figures.user_ns).toBe("unknown");
});

describe("this process", () => {
  test("sees its own CPU time, and its figures fit their schema", () => {
    const own = new UsageMeter({ cpus: [0] });
    const before = own.readOpening();
    for (const end = performance.now() + 30; performance.now() < end; );
    const figures = differ(before, own.readClosing());
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(UsageFiguresSchema);
    validate(figures);
    expect(validate.errors).toBeNull();
    expect(figures.window_ns).toBeGreaterThan(29e6);
    expect(figures.user_ns).toBeGreaterThan(1e6);
  });

  test.if(process.platform === "linux")(
    "uses at least as much as its main thread does, also in the shortest window",
    () => {
      const own = new UsageMeter();
      for (let i = 0; i < 200; i++) {
        const before = own.readOpening();
        const { user_ns: user, system_ns: system, main_thread_cpu_ns: thread } = differ(before, own.readClosing());
        expect(Number(user) + Number(system)).toBeGreaterThanOrEqual(Number(thread));
      }
    },
  );

  test("does not count its own reading much", () => {
    const own = new UsageMeter();
    const before = own.readOpening();
    const figures = differ(before, own.readClosing());
    expect(figures.voluntary_switches).toBeLessThan(20);
  });
});
