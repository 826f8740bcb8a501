/** Threads that serve blocking clients, and what becomes of a client whose thread is gone. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "../../../src/channel/connection.ts";
import { Session } from "../../../src/channel/session.ts";
import type { ConnectionSettings } from "../../../src/channel/settings.ts";
import { LedgerFile } from "../../../src/native/ledger.ts";
import { MECHANISM } from "../../../src/native/numbers.ts";
import type { RoleSettings } from "../../../src/protocol/control.ts";
import { ThreadPool } from "../../../src/roles/thread-pool.ts";

const SETTINGS: ConnectionSettings = {
  mechanism: "uds",
  mode: "blocking",
  shmDirect: false,
  endpoint: "",
  port: 0,
  messageBytes: 64,
  replyBytes: 64,
  durationNs: null,
  arrival: null,
  seed: 0,
  bufferBytes: null,
  wait: "block",
  spinNs: 0,
  silenceMs: 1000,
  pmqPriority: 0,
  queueDepth: null,
  sheet: 0,
  peerSheet: null,
};

test("a thread that ends gives its client's session back, which is closed with all it has", async () => {
  const directory = mkdtempSync(join(tmpdir(), "threads-"));
  const ledger = LedgerFile.private(1);
  const threads = new ThreadPool(new URL("./dying-thread.ts", import.meta.url).href);
  try {
    for (const [worker, words] of [
      [0, "its thread failed: error: no more"],
      [1, "its thread ended"],
    ] as const) {
      const endpoint = join(directory, `${worker}.sock`);
      const session = Session.open({ ...SETTINGS, endpoint }, ledger, MECHANISM.uds);
      expect(session.listen()).toBe(0);
      expect(existsSync(endpoint)).toBe(true);
      const served = threads.serve({ session } as Connection, { worker } as RoleSettings, () => {});
      await expect(served).rejects.toThrow(words);
      expect(existsSync(endpoint)).toBe(false);
    }
  } finally {
    threads.close();
    rmSync(directory, { recursive: true });
  }
});
