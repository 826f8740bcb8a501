/** Who has a socket, an object or a queue open: so that a refusal can name the process to end. Linux alone tells. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import type { Mechanism } from "../plan/run-plan.ts";

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Inodes of Unix sockets bound to `path`: "Num RefCount Protocol Flags Type St Inode Path". */
export function unixSocketInodes(table: string, path: string): string[] {
  const wanted = new Set([path, resolve(path)]);
  return table
    .split("\n")
    .map((line) => /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (.+)$/.exec(line))
    .flatMap((found) => (found !== null && wanted.has(found[2]!) ? [found[1]!] : []));
}

const LISTENING = "0A";

/** Inodes of TCP sockets that listen on `port`: "sl local_address rem_address st … uid timeout inode". */
export function listeningInodes(table: string, port: number): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(local) && fields[3] === LISTENING ? [fields[9]!] : [];
  });
}

/** What /proc/PID/fd shows for whoever has it open. */
function linksTo(mechanism: Mechanism, endpoint: string, port: number): string[] {
  const sockets = (inodes: string[]) => inodes.map((inode) => `socket:[${inode}]`);
  const name = endpoint.replace(/^\//, "");
  switch (mechanism) {
    case "uds":
      return sockets(unixSocketInodes(textOf("/proc/net/unix"), endpoint));
    case "tcp":
      return sockets(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(textOf(table), port)));
    case "shm":
      return [`/dev/shm/${name}`];
    case "pmq":
      return [`/${name}_req`];
  }
}

function hasOpen(pid: string, links: ReadonlySet<string>): boolean {
  return entriesOf(`/proc/${pid}/fd`).some((fd) => {
    try {
      return links.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  });
}

/** A role is named by the command that the user ran: its parent. */
function commandOf(pid: number): number {
  const words = textOf(`/proc/${pid}/cmdline`).split("\0");
  const stat = textOf(`/proc/${pid}/stat`);
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  return words.includes("--attached") && parent > 1 ? parent : pid;
}

/** The process that has the endpoint open; null if there is none that can be seen from here. */
export function ownerOf(mechanism: Mechanism, endpoint: string, port: number): number | null {
  const links = new Set(linksTo(mechanism, endpoint, port));
  if (links.size === 0) return null;
  const pid = entriesOf("/proc").find((entry) => /^\d+$/.test(entry) && hasOpen(entry, links));
  return pid === undefined ? null : commandOf(Number(pid));
}

/** Of two that are started at once, the first may have the name a moment before it can be found by it. */
const APPEARS_MS = 200;
const LOOK_AGAIN_MS = 10;

/** The same for what was just seen to be in use: whoever has it may be about to show, which is waited for a moment. */
export async function ownerSoon(mechanism: Mechanism, endpoint: string, port: number): Promise<number | null> {
  for (const until = performance.now() + APPEARS_MS; ; await Bun.sleep(LOOK_AGAIN_MS)) {
    const owner = ownerOf(mechanism, endpoint, port);
    if (owner !== null || performance.now() > until) return owner;
  }
}
