/** Serves clients of a blocking server, one at a time, in a thread of its own: it sits inside calls of the shim. */
import { readlinkSync } from "node:fs";
import { takeOverEnd } from "../channel/native-connection.ts";
import { LedgerFile } from "../native/ledger.ts";
import { type Address, closeLibrary, native, shareLibrary } from "../native/library.ts";
import type { FailureCause, GuestNews, RoleSettings } from "../protocol/control.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import { causeOf } from "./failure.ts";
import type { Guest } from "./peer/guest.ts";
import { serveConnection } from "./serve-one.ts";

/** What the thread is told; null: it is to end. */
export interface ServingOrder {
  readonly settings: RoleSettings;
  /** Accepted by another thread. This one closes it before it says that the client has left or failed, and if it ends without a word,
   * the other one does. */
  readonly session: Address;
  /** Where the process has the native part. */
  readonly library: string | null;
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

/** All that may fail while the session is still the other thread's; what it returns serves the client and closes the session. */
async function prepare(order: ServingOrder): Promise<() => Promise<UsageFigures | null>> {
  const { settings, session, guest, library } = order;
  shareLibrary(library);
  if (settings.realTimePriority !== null) native().rt_follow_fifo();
  const connection = takeOverEnd(session);
  if (guest === null) {
    const onStart = () => say({ type: "started", thread: ownThread() });
    return async () => {
      await serveConnection(connection, settings, onStart);
      return null;
    };
  }
  const ledger = LedgerFile.at(guest.ledger);
  const tell = (news: GuestNews) => say({ type: "news", news });
  // Loaded by those alone who need it, as in attached.ts.
  const { serveGuest } = await import("./peer/guest.ts");
  return () => serveGuest({ ...guest, connection, settings, ledger, thread: ownThread(), tell });
}

self.onmessage = async ({ data }: MessageEvent<ServingOrder | null>) => {
  if (data === null) {
    closeLibrary();
    process.exit();
  }
  // Where this rejects, the thread ends.
  const serve = await prepare(data);
  try {
    say({ type: "left", usage: await serve() });
  } catch (error) {
    say({
      type: "failed",
      reason: error instanceof Error ? error.message : String(error),
      cause: causeOf(error),
    });
  }
};
