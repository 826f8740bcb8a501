import { readlinkSync } from "node:fs";
import { version } from "../../../package.json";
import type { Mode } from "../../cli/plan.ts";
import type { RoleSettings } from "../control.ts";
import { type ClockFacts, readClockFacts } from "./clock-facts.ts";

/** What peers tell of themselves first, in a ping and its pong. */
export interface Hello {
  readonly ipcBenchmark: string;
  readonly mode: Mode;
  /** Of the command that the user ran, for messages; in another pid namespace it means nothing. */
  readonly pid: number;
  readonly pidNamespace: string;
  readonly clock: ClockFacts;
}

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
  return client.ipcBenchmark === server
    ? []
    : [`version: the client has ${client.ipcBenchmark}, the server ${server}`];
}

/** "process 123", or what can be said of a process that is numbered elsewhere. */
export function processInWords({ pid, pidNamespace: space }: Hello): string {
  return space === pidNamespace() ? `process ${pid}` : `process ${pid} of another pid namespace`;
}
