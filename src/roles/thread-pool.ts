import type { Connection } from "../channel/connection.ts";
import { native, sharedLibrary } from "../native/library.ts";
import type { GuestNews, RoleSettings } from "../protocol/control.ts";
import type { UsageFigures } from "../system/usage-schema.ts";
import { ServingError } from "./failure.ts";
import type { GuestOrder, ServingOrder, ServingReport } from "./thread.ts";

/** Inside the executable it lies beside the main module, under its path in the sources. */
function threadModule(): string {
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  return isCompiled ? "./roles/thread.js" : new URL("./thread.ts", import.meta.url).href;
}

const MOST_IDLE = 1;
/** Nobody has left for this long. */
const QUIET_MS = 2_000;

/**
 * Threads that each serve one client at a time with blocking calls, so that this one stays free. A thread costs some 2 MB and
 * 5 ms; one that has served its client waits for another.
 */
export class ThreadPool {
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  /** What is to be done if one of them ends before its client. */
  readonly #orphaned = new Map<Worker, (reason: string) => void>();
  #trimming: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly module = threadModule()) {}

  /**
   * Serves one client to its end. Rejects with what went wrong.
   * @param connection blocking; not to be used here any more
   * @param onStart its measured phase is about to begin, in this thread of the process
   */
  async serve(
    { session }: Connection,
    settings: RoleSettings,
    onStart: (thread: string | null) => void,
  ): Promise<void> {
    await this.#serve({ settings, session: session.address, guest: null, library: sharedLibrary() }, (report) => {
      if (report.type === "started") onStart(report.thread);
    });
  }

  /** The same for a client that another command started; what its measured phase cost. */
  serveGuest(
    { session }: Connection,
    settings: RoleSettings,
    guest: GuestOrder,
    tell: (news: GuestNews) => void,
  ): Promise<UsageFigures | null> {
    return this.#serve({ settings, session: session.address, guest, library: sharedLibrary() }, (report) => {
      if (report.type === "news") tell(report.news);
    });
  }

  async #serve(order: ServingOrder, hear: (report: ServingReport) => void): Promise<UsageFigures | null> {
    const worker = this.#idle.pop() ?? this.#spawn();
    const { promise, resolve, reject } = Promise.withResolvers<UsageFigures | null>();
    worker.onmessage = ({ data }: MessageEvent<ServingReport>) => {
      if (data.type !== "left" && data.type !== "failed") {
        hear(data);
        return;
      }
      this.#orphaned.delete(worker);
      this.#rest(worker);
      if (data.type === "left") resolve(data.usage);
      else reject(new ServingError(data.reason, data.cause));
    };
    this.#orphaned.set(worker, (reason) => {
      native().session_close(order.session);
      reject(new ServingError(reason, "own"));
    });
    worker.postMessage(order);
    return promise;
  }

  /** Ends the threads; those that serve end with the process, or when the run is stopped. */
  close(): void {
    clearTimeout(this.#trimming);
    for (const worker of this.#all) worker.terminate();
  }

  #spawn(): Worker {
    const worker = new Worker(this.module);
    this.#all.add(worker);
    let reason = "its thread ended";
    worker.onerror = ({ message }) => {
      reason = `its thread failed: ${errorLine(message)}`;
    };
    // The last that is heard of it: nobody uses its session any more.
    worker.addEventListener("close", () => this.#bury(worker, reason));
    return worker;
  }

  #bury(worker: Worker, reason: string): void {
    this.#all.delete(worker);
    const position = this.#idle.indexOf(worker);
    if (position >= 0) this.#idle.splice(position, 1);
    this.#orphaned.get(worker)?.(reason);
    this.#orphaned.delete(worker);
  }

  /**
   * One waits for the next client; some time after a crowd the others are given back, with their memory and descriptors. Not at
   * once: threads that come and go by the thousand are more than the runtime bears.
   */
  #rest(worker: Worker): void {
    this.#idle.push(worker);
    clearTimeout(this.#trimming);
    this.#trimming = setTimeout(() => this.#trim(), QUIET_MS);
  }

  #trim(): void {
    const superfluous = this.#idle.splice(MOST_IDLE);
    for (const worker of superfluous) worker.postMessage(null);
    // Else what they and their clients left lies there until there is much more of it.
    if (superfluous.length > 0) setTimeout(() => Bun.gc(true), QUIET_MS / 2).unref();
  }
}

/** The runtime puts the lines of the source before it. */
function errorLine(message: string): string {
  const lines = message.split("\n");
  return lines.find((line) => /^\w*error: /i.test(line)) ?? lines[0]!;
}
