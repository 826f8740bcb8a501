/** A server that is killed while its client waits for the moment of its next message: the client hears of it long before. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { expectOneLine, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { type Sandbox, until } from "./harness.ts";
import { LedgerPeek } from "./ledger-peek.ts";
import { Meeting } from "./standalone-pair.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

/** The client notices within a second; a busy machine may take its time. */
const DEADLINE_MS = 5_000;

/** A ring of shared memory has room for all that any of them sends in the measured window of 40 s. */
const PACES = [
  ["--one-way", "--rate", "2"],
  ["--round-trip", "--rate", "2"],
  ["--one-way", "--rate", "40", "-s", "8"],
  ["--one-way", "--send-delay", "20s"],
  ["--round-trip", "--send-delay", "20s"],
] as const;

/** Looks into the ledger of a role that may still be on its way up. */
function peekAt(role: number): LedgerPeek | null {
  try {
    return new LedgerPeek(role);
  } catch {
    return null;
  }
}

/** Kills the server once the client has sent; the next one clears away what it left of its names. */
async function loseServer(sandbox: Sandbox, settings: readonly string[], pace: readonly string[]) {
  const server = sandbox.start(["--server", "-q", "--once", "--idle-timeout", "20s", ...settings]);
  const client = sandbox.start(["--client", "-q", "-d", "40s", ...settings, ...pace]);
  try {
    const clientRole = await until("the client's role runs", () => client.roles().client);
    using peek = await until("the client's role has a ledger", () => peekAt(clientRole));
    await until("the client has sent", () => peek.progress().sent > 0);
    const serverRole = server.roles().server!;
    server.signal("SIGKILL");
    process.kill(serverRole, "SIGKILL");
    const killedMs = performance.now();
    const ended = await client.ended;
    return { ended, noticedMs: performance.now() - killedMs };
  } finally {
    client.signal("SIGKILL");
    await sandbox.run(["--server", "-q", "--idle-timeout", "50ms", ...settings]);
  }
}

const CHANNELS = {
  "shm ring": { mechanism: "shm", flags: [] },
  "shm direct": { mechanism: "shm", flags: ["--shm-direct"] },
  pmq: { mechanism: "pmq", flags: [] },
} as const;

describe.each(["--blocking", "--async"])("a dead server is noticed between messages, %s", (mode) => {
  for (const [name, { mechanism, flags }] of Object.entries(CHANNELS)) {
    test(name, () =>
      inSandbox(async (sandbox) => {
        const losses = PACES.map(async (pace) => {
          const meeting = await Meeting.in(sandbox);
          return loseServer(sandbox, [...meeting.flags([mechanism]), ...flags, mode], pace);
        });
        // All of them clear up after themselves, also when one fails.
        await Promise.allSettled(losses);
        for (const [i, { ended, noticedMs }] of (await Promise.all(losses)).entries()) {
          const pace = PACES[i]!.join(" ");
          expect([pace, ended.exitCode]).toEqual([pace, 1]);
          expect(expectOneLine(ended)).toContain("the peer died");
          expect([pace, Math.max(noticedMs, DEADLINE_MS)]).toEqual([pace, DEADLINE_MS]);
        }
      }),
    );
  }
});
