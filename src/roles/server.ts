import type { Connection } from "../channel/connection.ts";
import { listen } from "../channel/open.ts";
import { CLIENT_SHEET, clientSheetOf, SERVER_SHEET, serverSheetOf } from "../native/ledger.ts";
import { seedOf } from "../plan/shares.ts";
import { differ, UsageMeter, type UsageReading } from "../system/usage.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import { connectionSettingsOf, type RoleContext, sayConnected, shareNoDescriptors } from "./context.ts";
import { serveConnection } from "./serve-one.ts";
import { ThreadPool } from "./thread-pool.ts";

/** What the process costs between the last client's start and the last one's end, read once for all of them. */
class ServerUsage {
  readonly #meter: UsageMeter;
  readonly #threads: string[] = [];
  #opening: UsageReading | null = null;
  #startsMissing: number;

  constructor(cpu: number | null, clientCount: number) {
    this.#meter = new UsageMeter({ cpus: cpu === null ? [] : [cpu] });
    this.#startsMissing = clientCount;
  }

  /** @param thread that serves a client whose measured phase is about to begin; null: this one */
  clientStarts(thread: string | null): void {
    if (thread !== null) this.#threads.push(thread);
    this.#startsMissing -= 1;
    if (this.#startsMissing > 0) return;
    this.#meter.followThreads(this.#threads);
    this.#opening = this.#meter.readOpening();
  }

  read(): UsageFigures | null {
    return this.#opening === null ? null : differ(this.#opening, this.#meter.readClosing());
  }
}

/**
 * The receiver: takes in as many clients as it was told of and serves them all to their end. With one client, or in the event
 * loop, that happens in this thread, which several blocking clients leave free: each has a thread of its own.
 */
export async function runServer(context: RoleContext): Promise<UsageFigures | null> {
  const { settings, ledger, control, log } = context;
  const { clientCount } = settings;
  const threads = settings.mode === "blocking" && clientCount > 1 ? new ThreadPool() : null;
  const listener = listen(connectionSettingsOf(settings, SERVER_SHEET, CLIENT_SHEET), ledger, clientCount);
  try {
    const port = settings.mechanism === "tcp" ? ` port ${listener.port}` : "";
    log.debug(`listens at ${settings.endpoint}${port} over ${settings.mechanism}`);
    control.say({ type: "ready", port: listener.port });
    const usage = new ServerUsage(settings.cpu, clientCount);
    const serve = async (connection: Connection, worker: number) => {
      connection.session.useSheets(serverSheetOf(worker), clientSheetOf(worker));
      if (worker > 0) connection.session.useSchedule(settings.arrival, seedOf(settings.seed, worker));
      sayConnected(context, worker, connection.effective);
      if (threads === null) {
        await serveConnection(connection, settings, () => {
          shareNoDescriptors(context);
          usage.clientStarts(null);
        });
      } else {
        await threads.serve(connection, settings, (thread) => usage.clientStarts(thread));
      }
      if (clientCount > 1) control.say({ type: "left", worker });
    };
    const served: Promise<void>[] = [];
    for (let worker = 0; worker < clientCount; worker++) {
      const accepted = listener.accept(settings.handshakeMs);
      accepted.catch(() => {});
      // What goes wrong with one ends the wait for the next.
      const connection = await Promise.race([accepted, rejected(served)]);
      served.push(serve(connection, worker));
    }
    await Promise.all(served);
    return usage.read();
  } finally {
    threads?.close();
    await listener.close();
  }
}

/** Rejects when one of these does. */
function rejected(promises: readonly Promise<unknown>[]): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  for (const one of promises) one.catch(reject);
  return promise;
}
