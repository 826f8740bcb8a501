/** Machines that are short of something, or that forbid it: commands that end by executing what follows them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repository } from "../e2e/harness.ts";

export type Through = readonly string[];

export const shell = (script: string): Through => ["sh", "-c", script, "sh"];
/** Mounts of a namespace of its own; they end with it. */
export const mounting = (mount: string): Through => ["unshare", "-m", ...shell(`${mount} && exec "$@"`)];
export const asNobody: Through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
/** A user whose processes nobody else has: the limit counts all of a user's. */
export const withProcesses = (count: number): Through => [
  ...["setpriv", "--reuid=61234", "--regid=61234", "--clear-groups"],
  ...["prlimit", `--nproc=${count}`],
];

const launcher = join(repository, "dist", "faults-rig");

/** Compiles rig.c; where that fails its rigs are reported as not run. */
function compileLauncher(): void {
  const zig = join(repository, "node_modules", ".bin", "zig");
  const cache = join(repository, "dist", "zig-cache");
  mkdirSync(cache, { recursive: true });
  Bun.spawnSync([zig, "cc", "-O1", join(import.meta.dir, "rig.c"), "-o", launcher], {
    env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
    stderr: "ignore",
  });
}
compileLauncher();

/** System calls that fail with EPERM. */
export const denying = (...calls: string[]): Through => [launcher, "--deny", calls.join(",")];
/** Standard output, a pipe, holds no more than that. */
export const withPipeOf = (bytes: number): Through => [launcher, "--pipe", String(bytes)];

/** A control group of its own, of either version, that goes when the command has ended. */
function grouped(controller: string, v2: string, v1: string): Through {
  const script = `
    if grep -qw ${controller} /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
    then group=/sys/fs/cgroup/ipc-test-$$; version=2
    else group=/sys/fs/cgroup/${controller}/ipc-test-$$; version=1; fi
    mkdir "$group" || exit 125
    trap 'rmdir "$group"' EXIT
    if [ $version = 2 ]; then ${v2}; else ${v1}; fi || exit 125
    sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
    status=$?
    for turn in 1 2 3 4 5 6 7 8 9; do [ -s "$group/cgroup.procs" ] || break; sleep 0.1; done
    exit $status`;
  return shell(script);
}

export const withHalfACpu = grouped(
  "cpu",
  'echo "50000 100000" >"$group/cpu.max"',
  'echo 100000 >"$group/cpu.cfs_period_us" && echo 50000 >"$group/cpu.cfs_quota_us"',
);

export const withMemoryOf = (megabytes: number): Through =>
  grouped(
    "memory",
    `echo ${megabytes}M >"$group/memory.max" && echo 0 >"$group/memory.swap.max"`,
    `echo ${megabytes}M >"$group/memory.limit_in_bytes"`,
  );

/** Why this machine has no such rig; null if it has. */
function whyNot(through: Through): string | null {
  const directory = mkdtempSync(join(tmpdir(), "ipc-test-rig-"));
  try {
    const tried = Bun.spawnSync([...through, "true"], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? "", TMPDIR: directory },
      timeout: 10_000,
    });
    if (tried.exitCode === 0) return null;
    return tried.stderr.toString().trim().split("\n")[0] || `exit code ${tried.exitCode}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Those of the rows that can be had here; the others are named on stderr, so that nobody takes them for passed. */
export function possible<Row extends { readonly name: string; readonly through?: Through }>(
  rows: readonly Row[],
): Row[] {
  return rows.filter(({ name, through }) => {
    const reason = through === undefined ? null : whyNot(through);
    if (reason !== null) console.warn(`not run on this machine: ${name}: ${reason}`);
    return reason === null;
  });
}

export function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
