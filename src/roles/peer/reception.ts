import type { Connection } from "../../channel/connection.ts";
import { placeText } from "../../channel/failures.ts";
import { listen } from "../../channel/open.ts";
import { clientSheetOf, serverSheetOf } from "../../native/ledger.ts";
import type { GuestNews, StandaloneServer } from "../../protocol/control.ts";
import { ownerSoon } from "../../system/owner.ts";
import type { UsageFigures } from "../../system/usage-schema.ts";
import { connectionSettingsOf, effectiveReportOf, type RoleContext } from "../context.ts";
import { causeOf } from "../failure.ts";
import { ThreadPool } from "../thread-pool.ts";
import { serveGuest } from "./guest.ts";
import { Slots } from "./slots.ts";
import { inUse, takeOver } from "./take-over.ts";

/** After something other than a client went wrong, such as too many open files. */
const RECOVERY_MS = 100;
/** How long whoever has connected may take to say what it wants. */
const GREETING_MS = 5_000;

/** Listens under a name that may be known to others, also that of a server that died. Rejects with a RunError. */
async function listenAtKnownName({ settings, ledger }: RoleContext) {
  const { mechanism, endpoint, port } = settings;
  await takeOver(mechanism, settings.shmDirect, endpoint);
  const connection = {
    ...connectionSettingsOf({ ...settings, silenceMs: GREETING_MS }, serverSheetOf(0), null),
    // Until it says what it is.
    trustsPeer: true,
    replyBytes: 0,
  };
  try {
    return listen(connection, ledger, Number.POSITIVE_INFINITY);
  } catch (error) {
    const owner = await ownerSoon(mechanism, endpoint, port);
    if (owner === null) throw error;
    throw inUse(mechanism, placeText(settings), owner);
  }
}

/**
 * The receiver that serves whoever comes, until the run is stopped. A client that goes, dies or sends nonsense ends its own
 * connection and nothing else.
 */
export async function runReception(context: RoleContext, standalone: StandaloneServer): Promise<UsageFigures | null> {
  const { settings, ledger, control, log } = context;
  const listener = await listenAtKnownName(context);
  const threads = settings.mode === "blocking" ? new ThreadPool() : null;
  const slots = new Slots(ledger.clientCount, control, (slot) => {
    ledger.clear(clientSheetOf(slot));
    ledger.clear(serverSheetOf(slot));
  });
  const serving = new Set<Promise<void>>();

  const serve = async (connection: Connection, slot: number) => {
    const { session, isLocal } = connection;
    session.useSheets(serverSheetOf(slot), null);
    const effective = effectiveReportOf(context, connection.effective);
    let hasTest = false;
    const tell = (news: GuestNews) => {
      if (news.type !== "refused") {
        hasTest = true;
        ledger.touch(clientSheetOf(slot), 2);
      }
      control.say({ type: "guest", slot, effective, news });
    };
    const guest = { standalone, slot, effective, isLocal };
    let usage: UsageFigures | null = null;
    let failure: string | null = null;
    try {
      usage =
        threads === null
          ? await serveGuest({ ...guest, connection, settings, ledger, thread: null, tell })
          : await threads.serveGuest(connection, settings, { ...guest, ledger: ledger.address }, tell);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      if (causeOf(error) === "own") log.debug(`a client was given up: ${failure}`);
    }
    if (hasTest) control.say({ type: "guest-left", slot, end: { usage, failure } });
    else slots.release(slot);
  };

  try {
    log.debug(`listens at ${settings.endpoint} over ${settings.mechanism}`);
    control.say({ type: "ready", port: listener.port });
    while (!ledger.isStopping) {
      const slot = await slots.take(ledger);
      if (slot === null) break;
      try {
        const connection = await listener.accept(Number.POSITIVE_INFINITY);
        const served = serve(connection, slot).catch((error) => log.error(String(error)));
        serving.add(served);
        void served.then(() => serving.delete(served));
      } catch (error) {
        slots.release(slot);
        if (ledger.isStopping) break;
        log.error(error instanceof Error ? error.message : String(error));
        await Bun.sleep(RECOVERY_MS);
      }
    }
    await Promise.all(serving);
    return null;
  } finally {
    threads?.close();
    await listener.close();
  }
}
