/** Machines that are short of something, or that forbid it. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import { program, type Sandbox, type StartOptions } from "../e2e/harness.ts";
import {
  allowedCpus,
  asNobody,
  denying,
  mounting,
  possible,
  shell,
  type Through,
  withHalfACpu,
  withMemoryOf,
  withProcesses,
} from "./rigs.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const ALL = ["-m", "all", "--round-trip", "-i", "200", "-w", "10"];
/** Everything here is known at once, or measured in a moment. */
const DEADLINE_MS = 20_000;

interface Hardship {
  readonly name: string;
  readonly through?: Through;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

const MODES = [["--async"], ["--blocking"]] as const;

const borne: readonly Hardship[] = [
  { name: "20 file descriptors", through: ["prlimit", "--nofile=20"] },
  { name: "no HOME, no PATH, nothing in the environment", env: {} },
  { name: "stdin closed", through: shell('exec "$@" <&-') },
  { name: "stdout closed", through: shell('exec "$@" >&-') },
  { name: "stderr closed", through: shell('exec "$@" 2>&-') },
  { name: "all three closed", through: shell('exec "$@" <&- >&- 2>&-') },
  { name: "stdin at its end", through: shell('exec "$@" </dev/null') },
  { name: "one CPU", through: ["taskset", "-c", String(allowedCpus()[0])] },
  { name: "the lowest priority", through: ["nice", "-n", "19"] },
  { name: "half a CPU", through: withHalfACpu },
  { name: "512 MB of memory", through: withMemoryOf(512) },
  { name: "8 GB of address space", through: ["prlimit", "--as=8000000000"] },
  { name: "40 processes and threads", through: withProcesses(40) },
  { name: "sched_setscheduler denied", through: denying("sched_setscheduler"), args: ["--rt"] },
  { name: "memfd_create denied", through: denying("memfd_create") },
  { name: "prctl denied", through: denying("prctl") },
  {
    name: "all of these denied",
    through: denying("sched_setscheduler", "memfd_create", "prctl", "mlockall"),
  },
  { name: "no core files, no locked memory", through: ["prlimit", "--core=0", "--memlock=0"] },
  { name: "signals ignored by whoever started it", through: shell('trap "" INT TERM HUP PIPE; exec "$@"') },
  { name: "another user", through: asNobody },
  { name: "no /sys", through: mounting("mount -t tmpfs none /sys") },
  { name: "no /dev/mqueue", through: mounting("{ umount /dev/mqueue 2>/dev/null || true; }") },
  {
    name: "another clock source",
    through: mounting(
      'clock=$(mktemp) && echo hpet >"$clock" && mount --bind "$clock" /sys/devices/system/clocksource/clocksource0/current_clocksource && rm "$clock"',
    ),
  },
  { name: "the temp directory noexec", through: mounting('mount -t tmpfs -o noexec none "$TMPDIR"') },
  { name: "no capabilities", through: ["setpriv", "--bounding-set=-all"] },
  {
    name: "a read-only root",
    // But for the sandbox, which lies below the working directory's parent.
    through: mounting('here=$PWD && cd .. && mount --bind . . && cd "$here" && mount -o remount,ro,bind /'),
  },
];

describe.each(possible(borne))("with $name", ({ through = [], env = {}, args = [] }) => {
  test.each(MODES)("everything is measured, %s", (mode) =>
    inSandbox(async (sandbox) => {
      chmodSync(sandbox.base, 0o755);
      chmodSync(sandbox.directory, 0o777);
      chmodSync(sandbox.temp, 0o777);
      const reachable = reachableProgram(sandbox, through);
      const options = { through: reachable, env: { TMPDIR: sandbox.temp, ...env } };
      const ended = await sandbox.measure([...ALL, ...args, mode], options);
      expectSuccess(ended);
      expect(ended.wallMs).toBeLessThan(DEADLINE_MS);
    }),
  );
});

interface Refusal extends Hardship {
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly says: string;
}

const refused: readonly Refusal[] = [
  {
    name: "no room for message queues",
    through: ["prlimit", "--msgqueue=0"],
    args: ["-m", "pmq"],
    exitCode: 2,
    says: "RLIMIT_MSGQUEUE",
  },
  {
    name: "12 file descriptors",
    through: ["prlimit", "--nofile=12"],
    args: ["-m", "uds"],
    exitCode: 1,
    says: "too many open files",
  },
  {
    name: "8 file descriptors",
    through: ["prlimit", "--nofile=8"],
    args: ["-m", "pmq"],
    exitCode: 2,
    says: "-m pmq",
  },
  {
    name: "/dev/shm read-only",
    through: mounting("mount -t tmpfs -o ro none /dev/shm"),
    args: ["-m", "shm"],
    exitCode: 2,
    says: "Read-only file system",
  },
  {
    name: "/dev/shm full",
    through: mounting("mount -t tmpfs -o size=64k none /dev/shm"),
    args: ["-m", "shm"],
    exitCode: 2,
    says: "/dev/shm",
  },
  {
    name: "/dev/shm absent",
    through: mounting("mount -t tmpfs none /dev"),
    args: ["-m", "shm"],
    exitCode: 2,
    says: "-m shm",
  },
  {
    name: "the temp directory read-only",
    through: mounting('mount -t tmpfs -o ro none "$TMPDIR"'),
    args: ["-m", "uds"],
    exitCode: 1,
    says: "ead-only file system",
  },
  {
    name: "the temp directory full",
    through: mounting('mount -t tmpfs -o nr_inodes=1 none "$TMPDIR"'),
    args: ["-m", "uds"],
    exitCode: 1,
    says: "o space left on device",
  },
  {
    name: "no temp directory",
    env: { TMPDIR: "/nowhere/at/all" },
    args: ["-m", "uds"],
    exitCode: 2,
    says: "/nowhere/at/all",
  },
  {
    name: "a temp directory whose path is too long for a socket",
    // It is there, by a long way.
    env: { TMPDIR: `${"/proc/self/root".repeat(7)}/tmp` },
    args: ["-m", "uds"],
    exitCode: 2,
    says: "at most 103 are allowed",
  },
  {
    name: "a socket path in a missing directory",
    args: ["-m", "uds", "--socket-path", "./missing/my.sock"],
    exitCode: 1,
    says: "./missing/my.sock",
  },
  {
    name: "as many message queues as the system has",
    through: ["unshare", "-i", ...shell('echo 1 >/proc/sys/fs/mqueue/queues_max && exec "$@"')],
    args: ["-m", "pmq"],
    exitCode: 2,
    says: "fs.mqueue.queues_max",
  },
  {
    name: "1 GB of address space",
    through: ["prlimit", "--as=1000000000"],
    args: ["-m", "shm"],
    exitCode: 1,
    says: "can't be loaded on this system",
  },
  {
    name: "neither memfd_create nor a temp directory to load from",
    through: mounting(`mount -t tmpfs -o noexec none "$TMPDIR" && exec ${denying("memfd_create").join(" ")} "$@"`),
    args: ["-m", "uds"],
    exitCode: 1,
    says: "the native part can't be loaded on this system",
  },
  {
    name: "a CPU mask without the CPU asked for",
    through: ["taskset", "-c", String(allowedCpus()[0])],
    args: ["-m", "uds", "--server-affinity", "1023"],
    exitCode: 2,
    says: "--server-affinity 1023: this CPU can't be used here",
  },
  {
    name: "pinning denied",
    through: denying("sched_setaffinity"),
    args: ["-m", "uds", "--client-affinity", String(allowedCpus()[0])],
    exitCode: 1,
    says: "Operation not permitted",
  },
  {
    name: "message queues denied",
    through: denying("mq_open"),
    args: ["-m", "pmq"],
    exitCode: 2,
    says: "Operation not permitted",
  },
  {
    name: "the output's disk full",
    through: mounting("mount -t tmpfs -o size=4k none /mnt"),
    args: ["-m", "uds", "-o", "/mnt/result.json"],
    exitCode: 1,
    says: "no space left on device",
  },
];

// What is known beforehand does not depend on the mode: each has one of them.
const refusals = possible(refused).map((row, index) => ({
  ...row,
  mode: index % 2 ? "--async" : "--blocking",
}));

describe.each(refusals)("with $name", ({ through = [], env = {}, args, exitCode, says, mode }) => {
  test(`it ends with a line that says so, ${mode}`, () =>
    inSandbox(async (sandbox) => {
      const options = { through, env: { TMPDIR: sandbox.temp, ...env } };
      const ended = await sandbox.run([...args, "-i", "200", mode], options);
      expect(ended.exitCode).toBe(exitCode);
      expect(expectOneLine(ended)).toContain(says);
      expect(ended.wallMs).toBeLessThan(DEADLINE_MS);
    }));
});

/** The runtime's own threads are counted too, and it prints a report of its own where it can't have them. */
describe.each(
  possible([
    { name: "8 processes and threads", through: withProcesses(8) },
    { name: "14 processes and threads", through: withProcesses(14) },
    { name: "16 MB of memory", through: withMemoryOf(16) },
    {
      name: "no /proc, out of which the runtime reads the program",
      through: mounting("mount -t tmpfs none /proc"),
    },
  ]),
)("with $name", ({ through }) => {
  test("it fails in time and leaves nothing", () =>
    inSandbox(async (sandbox) => {
      chmodSync(sandbox.base, 0o755);
      chmodSync(sandbox.temp, 0o777);
      const options = { through: reachableProgram(sandbox, through), env: { TMPDIR: sandbox.temp } };
      const ended = await sandbox.run(["-m", "uds", "shm", "-i", "2000"], options);
      expect(ended.exitCode === 0 && ended.signal === null).toBe(false);
      expect(ended.wallMs).toBeLessThan(DEADLINE_MS);
    }));
});

test.each(["shm", "uds", "tcp"])("one CPU is enough for %s to spin on", (mechanism) =>
  inSandbox(async (sandbox) => {
    const through = ["taskset", "-c", String(allowedCpus()[0])];
    const args = ["-m", mechanism, "--round-trip", "-i", "200", "-w", "10", "--blocking", "--wait", "spin"];
    expectSuccess(await sandbox.measure(args, { through }));
  }),
);

describe.each(possible([{ name: "/dev/shm read-only", through: mounting("mount -t tmpfs -o ro none /dev/shm") }]))(
  "with $name",
  ({ through }) => {
    test.each(MODES)("the other mechanisms are measured, %s", (mode) =>
      inSandbox(async (sandbox) => {
        expectSuccess(await sandbox.measure(["-m", "uds", "tcp", "pmq", "-i", "200", mode], { through }));
      }),
    );
  },
);

/** Where the repository lies may be closed to other users. */
function reachableProgram(sandbox: Sandbox, through: Through): NonNullable<StartOptions["through"]> {
  if (through[0] !== "setpriv") return through;
  const copy = `${sandbox.base}/program`;
  copyFileSync(program, copy);
  // The program's own path follows, and is dropped.
  return [...through, ...shell(`shift; exec ${copy} "$@"`)];
}
