/** Machines that are short of something, or that forbid it. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import { program, type Sandbox, type StartOptions, until } from "../e2e/harness.ts";
import { isRoot } from "../e2e/system-state.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const ALL = ["-m", "all", "--round-trip", "-i", "200", "-w", "10"];
/** Everything here is known at once, or measured in a moment. */
const DEADLINE_MS = 20_000;

const shell = (script: string) => ["sh", "-c", script, "sh"];
/** Mounts of a namespace of its own; they end with it. */
const mounting = (mount: string) => ["unshare", "-m", ...shell(`${mount} && exec "$@"`)];
const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

interface Hardship {
  readonly name: string;
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly needsRoot?: true;
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
  { name: "one CPU", through: ["taskset", "-c", String(firstCpu())] },
  { name: "the lowest priority", through: ["nice", "-n", "19"] },
  { name: "no core files, no locked memory", through: ["prlimit", "--core=0", "--memlock=0"] },
  { name: "signals ignored by whoever started it", through: shell('trap "" INT TERM HUP PIPE; exec "$@"') },
  { name: "another user", through: asNobody, needsRoot: true },
  { name: "no /sys", through: mounting("mount -t tmpfs none /sys"), needsRoot: true },
  { name: "no capabilities", through: ["setpriv", "--bounding-set=-all"], needsRoot: true },
  {
    name: "a read-only root",
    // But for the sandbox, which lies below the working directory's parent.
    through: mounting('here=$PWD && cd .. && mount --bind . . && cd "$here" && mount -o remount,ro,bind /'),
    needsRoot: true,
  },
];

describe.each(borne)("with $name", ({ through = [], env = {}, args = [], needsRoot }) => {
  test.skipIf(needsRoot === true && !isRoot).each(MODES)("everything is measured, %s", (mode) =>
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
    needsRoot: true,
  },
  {
    name: "/dev/shm full",
    through: mounting("mount -t tmpfs -o size=64k none /dev/shm"),
    args: ["-m", "shm"],
    exitCode: 2,
    says: "/dev/shm",
    needsRoot: true,
  },
  {
    name: "/dev/shm absent",
    through: mounting("mount -t tmpfs none /dev"),
    args: ["-m", "shm"],
    exitCode: 2,
    says: "-m shm",
    needsRoot: true,
  },
  {
    name: "the temp directory read-only",
    through: mounting('mount -t tmpfs -o ro none "$TMPDIR"'),
    args: ["-m", "uds"],
    exitCode: 1,
    says: "ead-only file system",
    needsRoot: true,
  },
  {
    name: "the output's disk full",
    through: mounting("mount -t tmpfs -o size=4k none /mnt"),
    args: ["-m", "uds", "-o", "/mnt/result.json"],
    exitCode: 1,
    says: "no space left on device",
    needsRoot: true,
  },
];

describe.each(refused)("with $name", ({ through = [], args, exitCode, says, needsRoot }) => {
  test.skipIf(needsRoot === true && !isRoot).each(MODES)("it ends with a line that says so, %s", (mode) =>
    inSandbox(async (sandbox) => {
      const options = { through, env: { TMPDIR: sandbox.temp } };
      const ended = await sandbox.run([...args, "-i", "200", mode], options);
      expect(ended.exitCode).toBe(exitCode);
      expect(expectOneLine(ended)).toContain(says);
      expect(ended.wallMs).toBeLessThan(DEADLINE_MS);
    }),
  );
});

test.each(["shm", "uds", "tcp"])("one CPU is enough for %s to spin on", (mechanism) =>
  inSandbox(async (sandbox) => {
    const through = ["taskset", "-c", String(firstCpu())];
    const args = ["-m", mechanism, "--round-trip", "-i", "200", "-w", "10", "--blocking", "--wait", "spin"];
    expectSuccess(await sandbox.measure(args, { through }));
  }),
);

describe("what one mechanism lacks", () => {
  test.skipIf(!isRoot)("does not keep the others from being measured", () =>
    inSandbox(async (sandbox) => {
      const through = mounting("mount -t tmpfs -o ro none /dev/shm");
      for (const mode of MODES.flat()) {
        expectSuccess(await sandbox.measure(["-m", "uds", "tcp", "pmq", "-i", "200", mode], { through }));
      }
    }),
  );
});

describe("another user", () => {
  test.skipIf(!isRoot)("can't open what a run meets at, nor take part in it", () =>
    inSandbox(async (sandbox) => {
      chmodSync(sandbox.base, 0o755);
      chmodSync(sandbox.temp, 0o777);
      // The server's end is there, but no client can come: the whole handshake is time to look.
      const run = sandbox.start(["-m", "uds", "-i", "200", "--one-way", "-q"], {
        env: { TMPDIR: sandbox.temp },
      });
      const { client } = await run.bothRoles();
      process.kill(client, "SIGSTOP");
      const socket = await socketIn(sandbox);
      const connect = `require("net").connect(${JSON.stringify(socket)}).on("error", (e) => { console.log(e.code); process.exit(); })`;
      const stranger = Bun.spawnSync([...asNobody, process.execPath, "-e", connect], { timeout: 5_000 });
      expect(stranger.stdout.toString()).toContain("EACCES");
      process.kill(client, "SIGCONT");
      expect(await run.ended).toMatchObject({ exitCode: 0, stderr: "" });
    }),
  );
});

async function socketIn(sandbox: Sandbox): Promise<string> {
  const name = await until("a socket is made", () =>
    readdirSync(sandbox.temp).find((entry) => entry.endsWith(".sock")),
  );
  return `${sandbox.temp}/${name}`;
}

/** Where the repository lies may be closed to other users. */
function reachableProgram(
  sandbox: Sandbox,
  through: readonly string[],
): NonNullable<StartOptions["through"]> {
  if (through !== asNobody) return through;
  const copy = `${sandbox.base}/program`;
  copyFileSync(program, copy);
  // The program's own path follows, and is dropped.
  return [...through, ...shell(`shift; exec ${copy} "$@"`)];
}

function firstCpu(): number {
  const list = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  if (list === undefined || !existsSync("/proc/self/status")) throw new Error("no CPU is known");
  return Number(list);
}
