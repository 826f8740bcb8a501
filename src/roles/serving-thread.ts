/** Serves clients of a blocking server, one at a time, in a thread of its own: it sits inside calls of the shim. */
import { readlinkSync } from "node:fs";
import { BlockingChannel } from "../channel/blocking.ts";
import type { Address } from "../native/library.ts";
import type { FailureCause, RoleSettings } from "./control.ts";
import { causeOf } from "./failure.ts";
import { serveConnection } from "./serve.ts";

/** What the thread is told. */
export interface ServingOrder {
  readonly settings: RoleSettings;
  /** Accepted by another thread, which leaves it to this one. */
  readonly session: Address;
}

/** What it says, about one client after the other. */
export type ServingReport =
  /** `thread` is its directory in /proc, under "task". */
  | { readonly type: "started"; readonly thread: string | null }
  | { readonly type: "left" }
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

self.onmessage = async ({ data }: MessageEvent<ServingOrder>) => {
  try {
    const onStart = () => say({ type: "started", thread: ownThread() });
    await serveConnection(new BlockingChannel(data.session), data.settings, onStart);
    say({ type: "left" });
  } catch (error) {
    say({
      type: "failed",
      reason: error instanceof Error ? error.message : String(error),
      cause: causeOf(error),
    });
  }
};
