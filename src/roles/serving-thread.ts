/** Serves clients of a blocking server, one at a time, in a thread of its own: it sits inside calls of the shim. */
import { readlinkSync } from "node:fs";
import { BlockingChannel } from "../channel/blocking.ts";
import { LedgerFile } from "../measure/ledger.ts";
import { type Address, native } from "../native/library.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import type { FailureCause, RoleSettings } from "./control.ts";
import { causeOf } from "./failure.ts";
import { serveConnection } from "./serve.ts";
import type { Guest, GuestNews } from "./standalone/guest.ts";

/** What the thread is told. */
export interface ServingOrder {
  readonly settings: RoleSettings;
  /** Accepted by another thread, which leaves it to this one. */
  readonly session: Address;
  /** null: the client of an orchestrator that started this server too. */
  readonly guest: GuestOrder | null;
}

/** What else is to be known of a client that another command started. */
export interface GuestOrder extends Pick<Guest, "standalone" | "slot" | "effective" | "isLocal"> {
  /** Where this process has the ledger. */
  readonly ledger: Address;
}

/** What it says, about one client after the other. */
export type ServingReport =
  /** `thread` is its directory in /proc, under "task". */
  | { readonly type: "started"; readonly thread: string | null }
  | { readonly type: "news"; readonly news: GuestNews }
  | { readonly type: "left"; readonly usage: UsageFigures | null }
  | { readonly type: "failed"; readonly reason: string; readonly cause: FailureCause };

declare const self: Worker;

const say = (report: ServingReport) => self.postMessage(report);

function ownThread(): string | null {
  try {
    return readlinkSync("/proc/thread-self").split("/").at(-1) ?? null;
  } catch {
    return null;
  }
}

async function serve({ settings, session, guest }: ServingOrder): Promise<UsageFigures | null> {
  if (settings.realTime) native().rt_follow_fifo();
  const channel = new BlockingChannel(session);
  if (guest === null) {
    await serveConnection(channel, settings, () => say({ type: "started", thread: ownThread() }));
    return null;
  }
  const ledger = LedgerFile.at(guest.ledger);
  const tell = (news: GuestNews) => say({ type: "news", news });
  // Loaded by those alone who need it, as in attached.ts.
  const { serveGuest } = await import("./standalone/guest.ts");
  return serveGuest({ ...guest, channel, settings, ledger, thread: ownThread(), tell });
}

self.onmessage = async ({ data }: MessageEvent<ServingOrder>) => {
  try {
    say({ type: "left", usage: await serve(data) });
  } catch (error) {
    say({
      type: "failed",
      reason: error instanceof Error ? error.message : String(error),
      cause: causeOf(error),
    });
  }
};
