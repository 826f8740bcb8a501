import { readlinkSync } from "node:fs";
import { version } from "../../package.json";

/** What peers tell each other first, as JSON in a ping and its pong. */
export interface Hello {
  readonly ipcBenchmark: string;
  readonly pid: number;
  /** Identity of the pid namespace; a pid means something only to a peer in the same one. */
  readonly pidNamespace: string;
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "unknown";
  }
}

export function ownHello(): string {
  const hello: Hello = { ipcBenchmark: version, pid: process.pid, pidNamespace: pidNamespace() };
  return JSON.stringify(hello);
}

/** Said by the client when the measured phase is about to begin. */
export function startNote(): string {
  return JSON.stringify({ start: true });
}

export function isStartNote(note: string): boolean {
  return note === startNote();
}

/** The peer's pid if its hello names one that means something here, else 0. An older tool's pong is empty. */
export function peerPidOf(note: string): number {
  try {
    const hello = JSON.parse(note) as Partial<Hello>;
    const isSameNamespace = hello.pidNamespace === pidNamespace() && hello.pidNamespace !== "unknown";
    return isSameNamespace && Number.isSafeInteger(hello.pid) ? hello.pid! : 0;
  } catch {
    return 0;
  }
}
