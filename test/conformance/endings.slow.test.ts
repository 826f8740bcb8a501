/** Every wait has an end: the peer closes, dies, falls silent, or the run is stopped. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { CANCELED, TIMED_OUT } from "../../src/native/errno.ts";
import { LedgerFile } from "../../src/native/ledger.ts";
import { CHANNELS, type Row, settingsOf } from "./channels.ts";
import { findLeftovers } from "./leftovers.ts";
import { ledgerPathOf, type Pair, withPair } from "./pair.ts";
import { giveBack, PATIENCE_MS, takePeer } from "./peer-process.ts";

setDefaultTimeout(2 * PATIENCE_MS);

const SILENCE_MS = 500;
/** "A second or so" on a machine that is busy with other things. */
const SOON_MS = 3000;
/** More than any mechanism has room for. */
const FLOOD = { first: 0, count: 1_000_000 } as const;

afterAll(async () => expect(await findLeftovers()).toEqual([]));

/** A port that was free just now. */
function unusedPort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

/** Until the client waits for room. */
async function untilFull({ ledger, counts }: Pair): Promise<void> {
  let before = -1n;
  while (counts("client").sent === 0 || ledger.progress() !== before) {
    before = ledger.progress();
    await Bun.sleep(100);
  }
}

/** What a side waits for, begun and under way. */
const WAITS = {
  "for a message": async ({ server }: Pair) => {
    const waiting = server.ask({ do: "receive", count: 1 });
    await Bun.sleep(50);
    return { waiting, other: "client" as const };
  },
  "for room": async (pair: Pair) => {
    const waiting = pair.client.ask({ do: "send many", ...FLOOD });
    await untilFull(pair);
    return { waiting, other: "server" as const };
  },
} as const;

const WAITING = Object.keys(WAITS) as (keyof typeof WAITS)[];

/** How and when the wait ended, from the moment of `act` on. */
async function ending(
  pair: Pair,
  wait: keyof typeof WAITS,
  act: (other: Pair["server"]) => unknown,
): Promise<{ status: number; tookMs: number }> {
  const { waiting, other } = await WAITS[wait](pair);
  const start = performance.now();
  await act(pair[other]);
  const { status } = await waiting;
  return { status, tookMs: performance.now() - start };
}

/** A queue knows nothing of who has it open, so that only the end of the peer's process is an end. */
const leave = (row: Row) => (other: Pair["server"]) =>
  row.closedBy === null ? other.end() : other.ask({ do: "close" });

describe.each(CHANNELS)("%s", (_name, row) => {
  const closed = row.closedBy ?? row.killedBy;

  test.each(WAITING)("a wait %s ends when the peer closes", (wait) =>
    withPair(row, { messageBytes: 4000 }, async (pair) => {
      const { status, tookMs } = await ending(pair, wait, leave(row));
      expect(status).toBe(closed);
      expect(tookMs).toBeLessThan(SOON_MS);
    }),
  );

  test("what a peer sent before it closed still arrives, then the error, again and again", () =>
    withPair(row, {}, async (pair) => {
      await pair.client.ask({ do: "send", ids: [0] });
      await leave(row)(pair.client);
      expect(await pair.server.ask({ do: "receive", count: 2 })).toEqual({ status: closed, count: 1 });
      expect(await pair.server.ask({ do: "receive", count: 1 })).toEqual({ status: closed, count: 0 });
    }));

  test("sending to a peer that has closed fails", () =>
    withPair(row, { messageBytes: 4000 }, async (pair) => {
      await leave(row)(pair.server);
      expect((await pair.client.ask({ do: "send many", ...FLOOD })).status).toBe(closed);
    }));

  test.each(WAITING)("a wait %s ends when the peer is killed", (wait) =>
    withPair(row, { messageBytes: 4000 }, async (pair) => {
      const { status, tookMs } = await ending(pair, wait, (other) => other.kill());
      expect(status).toBe(row.killedBy);
      expect(tookMs).toBeLessThan(SOON_MS);
    }),
  );

  test.each(WAITING)("a wait %s ends at the silence limit when the peer is stopped", (wait) =>
    withPair(row, { messageBytes: 4000, silenceMs: SILENCE_MS }, async (pair) => {
      const start = performance.now();
      const { status } = await ending(pair, wait, (other) => other.signal("SIGSTOP"));
      expect(status).toBe(TIMED_OUT);
      // A slice is 100 ms, and the wait had begun before.
      expect(performance.now() - start).toBeGreaterThanOrEqual(SILENCE_MS - 200);
      expect(performance.now() - start).toBeLessThan(SILENCE_MS + SOON_MS);
      for (const peer of [pair.server, pair.client]) peer.signal("SIGCONT");
    }),
  );

  test("a peer that was stopped and goes on is waited for", () =>
    withPair(row, { messageBytes: 4000 }, async ({ server, client, counts }) => {
      const sending = client.ask({ do: "send many", first: 0, count: 500 });
      const receiving = server.ask({ do: "receive", count: 500 });
      server.signal("SIGSTOP");
      await Bun.sleep(300);
      server.signal("SIGCONT");
      expect(await sending).toEqual({ status: 0, count: 500 });
      expect(await receiving).toEqual({ status: 0, count: 500 });
      expect(counts("server")).toMatchObject({ recorded: 500, corrupt: 0 });
    }));

  test.each(WAITING)("a wait %s ends when the run is stopped", (wait) =>
    withPair(row, { messageBytes: 4000 }, async (pair) => {
      const { status, tookMs } = await ending(pair, wait, () => pair.ledger.requestStop());
      expect(status).toBe(CANCELED);
      expect(tookMs).toBeLessThan(SOON_MS);
    }),
  );

  test("a pause ends when the run is stopped", () =>
    withPair(row, {}, async ({ client, ledger }) => {
      const pausing = client.ask({ do: "pause", lengthNs: 15e9, times: 1 });
      await Bun.sleep(50);
      const start = performance.now();
      ledger.requestStop();
      expect((await pausing).status).toBe(CANCELED);
      expect(performance.now() - start).toBeLessThan(SOON_MS);
    }));

  test("waiting for a client ends when the run is stopped, and leaves no name", async () => {
    const ledger = LedgerFile.create(1);
    const peer = takePeer();
    try {
      await peer.ask({ do: "listen", settings: settingsOf(row), ledgerPath: ledgerPathOf(ledger) });
      const accepting = peer.ask({ do: "accept", deadlineMs: 15_000 });
      await Bun.sleep(50);
      const start = performance.now();
      ledger.requestStop();
      const reason = await accepting.then(() => "accepted", String);
      expect(reason).toContain("the run was stopped");
      expect(performance.now() - start).toBeLessThan(SOON_MS);
      await peer.ask({ do: "close" });
    } finally {
      await giveBack(peer);
      ledger.close();
    }
  });

  test("a client that comes before its server waits for it", async () => {
    const ledger = LedgerFile.create(2);
    const [server, client] = [takePeer(), takePeer()];
    try {
      const port = row.mechanism === "tcp" ? unusedPort() : 0;
      const settings = settingsOf(row, { port, sheet: 0, peerSheet: 1 });
      const ledgerPath = ledgerPathOf(ledger);
      const connecting = client.ask({ do: "connect", settings, ledgerPath, deadlineMs: 10_000 });
      await Bun.sleep(100);
      await server.ask({ do: "listen", settings: { ...settings, sheet: 1, peerSheet: 0 }, ledgerPath });
      await Promise.all([server.ask({ do: "accept", deadlineMs: 5000 }), connecting]);
      expect(await client.ask({ do: "send", ids: [0] })).toEqual({ status: 0, count: 1 });
      expect(await server.ask({ do: "receive", count: 1 })).toEqual({ status: 0, count: 1 });
      await Promise.all([client.ask({ do: "close" }), server.ask({ do: "close" })]);
    } finally {
      await Promise.all([giveBack(server), giveBack(client)]);
      ledger.close();
    }
  });

  test("a client that finds no server gives up at its deadline, with one line", async () => {
    const ledger = LedgerFile.create(1);
    const peer = takePeer();
    try {
      const settings = settingsOf(row, { port: unusedPort() });
      const order = { do: "connect", settings, ledgerPath: ledgerPathOf(ledger), deadlineMs: 200 } as const;
      const reason = await peer.ask(order).then(() => "it connected", String);
      expect(reason).toContain(`can't connect to ${row.mechanism} `);
      expect(reason.split("\n")).toHaveLength(1);
    } finally {
      await giveBack(peer);
      ledger.close();
    }
  });
});
