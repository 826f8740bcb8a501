/** What a run could leave behind in the system: processes, and names of sockets, shared memory and message queues. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const isRoot = process.getuid?.() === 0;

/** Begins a command with namespaces of its own: as root of a user namespace, where this process is not root of the system. */
export const UNSHARE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"])];

export interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly arguments: readonly string[];
}

function factsOf(pid: number): ProcessFacts {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return { pid, parentPid: Number(afterName[1]), arguments: words.slice(0, -1) };
}

/** Processes whose working directory is `directory`; those that have ended but wait for their parent are not among them. */
export function processesIn(directory: string): ProcessFacts[] {
  const found: ProcessFacts[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readlinkSync(`/proc/${entry}/cwd`) === directory) found.push(factsOf(Number(entry)));
    } catch {
      // It has just ended, or belongs to somebody else.
    }
  }
  return found;
}

/** Names of this IPC namespace's queues; none of them can be seen without a mount, and that takes root. */
function queueNames(): string[] {
  try {
    if (readFileSync("/proc/self/mounts", "utf8").includes(" /dev/mqueue mqueue ")) return readdirSync("/dev/mqueue");
  } catch {
    return [];
  }
  if (!isRoot) return [];
  // A mount of its own namespace: nobody else sees it, and it goes with the process.
  const list = Bun.spawnSync(["unshare", "-m", "sh", "-c", "mount -t mqueue none /mnt && ls -A /mnt"]);
  if (!list.success) throw new Error(`the message queues can't be listed: ${list.stderr}`);
  return list.stdout.toString().split("\n").filter(Boolean);
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Every name that the program chooses by itself; `.so` is what Bun would write to load an embedded library. */
const OURS = /^ipcb-([0-9a-f]{16}|ledger-[0-9a-f]+)(\.sock|_req|_resp)?$|^ipc-benchmark-\w{6}$|\.so$/;

/** Names in places shared with the whole system that could be of a run's making. */
export function sharedNames(): Set<string> {
  const places = [
    [tmpdir(), entriesOf(tmpdir())],
    ["/dev/shm", entriesOf("/dev/shm")],
    ["mqueue:", queueNames()],
  ] as const;
  return new Set(
    places.flatMap(([place, names]) => names.filter((name) => OURS.test(name)).map((name) => join(place, name))),
  );
}

/** Paths of sockets that somebody has open, of which their descriptors tell nothing. */
function openSockets(): string[] {
  const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
  return lines.flatMap((line) => /\s(\/\S+)$/.exec(line)?.[1] ?? []);
}

/** What live processes have open: paths, and queues as "/name". */
export function openFiles(): Set<string> {
  const open = new Set<string>(openSockets());
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const fd of entriesOf(`/proc/${entry}/fd`)) {
      try {
        open.add(readlinkSync(`/proc/${entry}/fd/${fd}`));
      } catch {
        // Closed meanwhile.
      }
    }
  }
  return open;
}

const SETTLE_MS = 1_500;

/**
 * What is there now and was not `before`, stays, and is nobody's: others on this machine may run the program at the same
 * time, and their names come and go.
 */
export async function newNames(before: ReadonlySet<string>): Promise<string[]> {
  let fresh = [...sharedNames()].filter((name) => !before.has(name));
  for (const until = performance.now() + SETTLE_MS; fresh.length > 0 && performance.now() < until; ) {
    await Bun.sleep(50);
    const now = sharedNames();
    const open = openFiles();
    fresh = fresh.filter((name) => now.has(name) && !open.has(name.replace("mqueue:", "")));
  }
  return fresh;
}
