import { readlinkSync } from "node:fs";
import { version } from "../../../package.json";
import type { RoleSettings } from "../control.ts";
import { readClockFacts } from "./clock-facts.ts";
import type { Hello } from "./note-schema.ts";

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "unknown";
  }
}

export function ownHello({ mode, parentPid }: Pick<RoleSettings, "mode" | "parentPid">): Hello {
  return {
    ipcBenchmark: version,
    mode,
    pid: parentPid,
    pidNamespace: pidNamespace(),
    clock: readClockFacts(),
  };
}

/** Why client and server don't understand each other, a phrase that names both values; empty if they do. */
export function helloDifference(client: Hello, server: string = version): string[] {
  return client.ipcBenchmark === server ? [] : [`version: the client has ${client.ipcBenchmark}, the server ${server}`];
}

/** "process 123", or what can be said of a process that is numbered elsewhere. */
export function processInWords({ pid, pidNamespace: space }: Hello): string {
  return space === pidNamespace() ? `process ${pid}` : `process ${pid} of another pid namespace`;
}
