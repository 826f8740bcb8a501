import type { LogEntry } from "../log/entry.ts";
import type { ArrivalPlan, Demands, LogLevel, Mechanism, Mode, ReplyKind, Test, WaitKind } from "../plan/run-plan.ts";
import type { RealTimeReport } from "../system/privileges.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import type { Terms } from "./peer/note-schema.ts";

/** A server that another command's clients come to. */
export interface StandaloneServer {
  readonly side: "server";
  readonly demands: Demands;
}

/** A client whose server another command started. */
export interface StandaloneClient {
  readonly side: "client";
  /** How long to look for the server. */
  readonly connectMs: number;
  /** What the server is told of the run beside the settings. */
  readonly run: Pick<Terms, "run" | "position" | "testsLeft" | "launch" | "launches" | "whole">;
}

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
  /** How many there are. */
  readonly clientCount: number;
  /** Which of the clients this is, from 0; the server has 0. */
  readonly worker: number;
  /** null: the measured window decides. */
  readonly messageCount: number | null;
  readonly durationNs: number | null;
  readonly sendDelayNs: number;
  /** Of each client; null: closed loop. */
  readonly arrival: ArrivalPlan | null;
  readonly seed: number;
  /** Of several clients: how much later than the first this one begins. */
  readonly startShiftNs: number;
  readonly warmupCount: number;
  readonly includeFirstMessage: boolean;
  readonly reply: ReplyKind;
  /** Pause of the server before each reply: a known delay for the self-test to find again. */
  readonly replyDelayNs: number;
  readonly wait: WaitKind;
  readonly spinNs: number;
  readonly pmqPriority: number;
  /** Messages of a queue at most; null: as many as the limits allow. */
  readonly queueDepth: number | null;
  /** null leaves every default alone. */
  readonly bufferBytes: number | null;
  readonly cpu: number | null;
  /** --rt; null without. */
  readonly realTimePriority: number | null;
  /** null: the orchestrator started both sides. */
  readonly standalone: StandaloneServer | StandaloneClient | null;
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

/** How a server's client ended. */
export interface GuestEnd {
  readonly usage: UsageFigures | null;
  /** Why before its time; null if it said that it was done. */
  readonly failure: string | null;
}

/** What a client that shares no memory with its server came to know of it. */
export interface FarServer {
  /** null: the server reported nothing. */
  readonly effective: EffectiveReport | null;
  readonly usage: UsageFigures | null;
  readonly isForeign: boolean;
  /** Why there is no latency; null if there is. */
  readonly latencyAbsent: string | null;
}

/** What becomes of a client, as its server tells it. */
export type GuestNews =
  /** The test that it brings. `clocks`: why there is no one-way latency, or null. */
  | {
      readonly type: "agreed";
      readonly terms: Terms;
      /** Its command, and its mode. */
      readonly who: string;
      readonly clocks: string | null;
    }
  /** It is another tool and sends messages of this length. */
  | { readonly type: "foreign"; readonly messageBytes: number; readonly clocks: string | null }
  /** It asks for what this server does not do. */
  | { readonly type: "refused"; readonly who: string; readonly reasons: readonly string[] };

/** What a standalone server says of a client. */
export type GuestMessage =
  /** What it brings. Its results lie in the sheets of that slot until they are released. */
  | {
      readonly type: "guest";
      readonly slot: number;
      readonly effective: EffectiveReport;
      readonly news: GuestNews;
    }
  | { readonly type: "guest-left"; readonly slot: number; readonly end: GuestEnd };

/** What a role says, one JSON document a line on its own pipe. */
export type RoleMessage =
  | GuestMessage
  /** The server can be connected to. */
  | { readonly type: "ready"; readonly port: number }
  /** The peers have met; `worker` is the client's number, at the server the order in which they came. */
  | { readonly type: "connected"; readonly worker: number; readonly effective: EffectiveReport }
  /** The server is done with one of its clients. */
  | { readonly type: "left"; readonly worker: number }
  /** One of several clients has warmed up and waits for the others. */
  | { readonly type: "warm" }
  /** A standalone client: what its server reported, when the test is over. */
  | { readonly type: "server"; readonly server: FarServer }
  /** For the log; never said while messages are measured. */
  | { readonly type: "log"; readonly entry: LogEntry }
  /** `usage`: what the measured phase cost this side. */
  | { readonly type: "done"; readonly usage: UsageFigures | null }
  | { readonly type: "failed"; readonly reason: string; readonly cause: FailureCause };

/** `peer`: seen from here it was the other side's fault; then its own account, if any, is the better one. */
export type FailureCause = "own" | "peer" | "stopped";

/** What a role is told after its settings. */
export type RoleCommand =
  | { readonly type: "connect"; readonly port: number }
  /** The sheets of that slot may be used again. */
  | { readonly type: "release"; readonly slot: number }
  /** All clients are warm; when they begin stands in the ledger. */
  | { readonly type: "start" };

/** File descriptor at which a role finds the ledger. */
export const LEDGER_FD = 3;
