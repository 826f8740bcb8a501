import type { ConnectionEffective } from "../../src/channel/effective.ts";
import type { ConnectionSettings } from "../../src/channel/settings.ts";

interface Opening {
  readonly settings: ConnectionSettings;
  readonly ledgerPath: string;
}

/** What a peer is told. Statuses in its answers are those of src/native/errno.ts. */
export type Order =
  | (Opening & { readonly do: "listen" })
  | (Opening & { readonly do: "connect"; readonly deadlineMs: number })
  | { readonly do: "accept"; readonly deadlineMs: number }
  | { readonly do: "unlink" }
  /** The loops of src/measure/loops.ts. */
  | {
      readonly do: "client";
      readonly roundTrip: boolean;
      readonly count: number;
      readonly warmupCount: number;
      readonly sendDelayNs: number;
    }
  | { readonly do: "serve"; readonly echo: boolean }
  | { readonly do: "exchangeNotes"; readonly note: string }
  /** Single calls. */
  | { readonly do: "send"; readonly ids: readonly number[]; readonly type?: number }
  | { readonly do: "send many"; readonly first: number; readonly count: number; readonly type?: number }
  | { readonly do: "receive"; readonly count: number }
  | { readonly do: "note"; readonly type: number; readonly text: string }
  | { readonly do: "read note" }
  | { readonly do: "pause"; readonly lengthNs: number; readonly times: number }
  /** Waits for a message in the event loop, and says what that cost. */
  | { readonly do: "idle"; readonly ms: number }
  /** Opens, uses and closes both sides that often; then as `figures`. */
  | (Opening & { readonly do: "cycle"; readonly count: number })
  | { readonly do: "figures" }
  | { readonly do: "close" };

export interface Progress {
  readonly status: number;
  readonly count: number;
}

export interface PeerFigures {
  readonly descriptors: number;
  readonly threads: number;
  readonly cpuUs: number;
}

/** The answers, by order. */
export interface Answers {
  listen: { readonly port: number };
  connect: ConnectionEffective;
  accept: ConnectionEffective;
  unlink: null;
  watch: null;
  client: { readonly status: number };
  serve: { readonly status: number; readonly notes: readonly string[] };
  exchangeNotes: { readonly status: number; readonly pong: string };
  send: Progress;
  "send many": Progress;
  receive: Progress;
  note: { readonly status: number };
  "read note": { readonly status: number; readonly text: string };
  pause: { readonly status: number; readonly shortestNs: number };
  idle: { readonly cpuUs: number };
  cycle: PeerFigures;
  figures: PeerFigures;
  close: null;
}
