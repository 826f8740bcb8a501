import type { ArrivalPlan, LogLevel, Mechanism, Mode, ReplyKind, Test, WaitKind } from "../cli/plan.ts";
import type { LogEntry } from "../log/entry.ts";
import type { RealTimeReport } from "../system/privileges.ts";
import type { UsageFigures } from "../system/usage-schema.ts";

/** What a role is told: one JSON document, the first line on its standard input. */
export interface RoleSettings {
  readonly mechanism: Mechanism;
  readonly mode: Mode;
  readonly test: Test;
  readonly shmDirect: boolean;
  /** Path, host or object name. */
  readonly endpoint: string;
  /** tcp; 0: the kernel chooses. */
  readonly port: number;
  readonly messageBytes: number;
  /** The server: clients to be served. A client: how many there are. */
  readonly clientCount: number;
  /** Which of the clients this is, from 0; the server has 0. */
  readonly worker: number;
  /** null: the measured window decides. */
  readonly messageCount: number | null;
  readonly durationNs: number | null;
  readonly sendDelayNs: number;
  /** null: closed loop. */
  readonly arrival: ArrivalPlan | null;
  readonly seed: number;
  readonly warmupCount: number;
  readonly includeFirstMessage: boolean;
  readonly reply: ReplyKind;
  /** Pause of the server before each reply: a known delay for the self-test to find again. */
  readonly replyDelayNs: number;
  readonly wait: WaitKind;
  readonly spinNs: number;
  readonly pmqPriority: number;
  /** null leaves every default alone. */
  readonly bufferBytes: number | null;
  readonly cpu: number | null;
  /** --rt. */
  readonly realTime: boolean;
  readonly handshakeMs: number;
  readonly silenceMs: number;
  readonly parentPid: number;
  /** null: the role logs nothing. */
  readonly logLevel: LogLevel | null;
}

/** What was really in force on this side; see EffectiveSide of measurement.ts for the part that the ledger holds. */
export interface EffectiveReport {
  readonly pid: number;
  readonly allowedCpus: readonly number[];
  readonly sendBufferBytes: number | null;
  readonly receiveBufferBytes: number | null;
  readonly queueDepth: number | null;
  /** null without --rt. */
  readonly realTime: RealTimeReport | null;
}

/** What a role says, one JSON document a line on its own pipe. */
export type RoleMessage =
  /** The server can be connected to. */
  | { readonly type: "ready"; readonly port: number }
  /** The peers have met; `worker` is the client's number, at the server the order in which they came. */
  | { readonly type: "connected"; readonly worker: number; readonly effective: EffectiveReport }
  /** The server is done with one of its clients. */
  | { readonly type: "left"; readonly worker: number }
  /** The client begins the measured phase. */
  | { readonly type: "started" }
  /** For the log; never said while messages are measured. */
  | { readonly type: "log"; readonly entry: LogEntry }
  /** `usage`: what the measured phase cost this side. */
  | { readonly type: "done"; readonly usage: UsageFigures | null }
  | { readonly type: "failed"; readonly reason: string; readonly cause: FailureCause };

/** `peer`: seen from here it was the other side's fault; then its own account, if any, is the better one. */
export type FailureCause = "own" | "peer" | "stopped";

/** What a role is told after its settings. */
export type RoleCommand = { readonly type: "connect"; readonly port: number };

/** File descriptor at which a role finds the ledger. */
export const LEDGER_FD = 3;
