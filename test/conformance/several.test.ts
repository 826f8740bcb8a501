/** One listener and several clients, one after the other and at once. Both sides are in this process: no call has to wait. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Channel, NEED } from "../../src/channel/channel.ts";
import type { Connection, Listener } from "../../src/channel/connection.ts";
import { connect, listen } from "../../src/channel/open.ts";
import type { ConnectionSettings } from "../../src/channel/settings.ts";
import { PENDING } from "../../src/native/errno.ts";
import { clientSheetOf, LedgerFile, serverSheetOf } from "../../src/native/ledger.ts";
import { FRAME } from "../../src/native/numbers.ts";
import { CHANNELS, type Row, settingsOf } from "./channels.ts";
import { findLeftovers } from "./leftovers.ts";
import { PATIENCE_MS } from "./peer-process.ts";

setDefaultTimeout(PATIENCE_MS);

const DEADLINE_MS = 5000;
/** A slice of a wait, and what a busy machine takes. */
const SOON_MS = 3000;

afterAll(async () => expect(await findLeftovers()).toEqual([]));

/** The result of a receive, once it no longer says PENDING. */
async function received(channel: Channel): Promise<number> {
  for (;;) {
    const type = channel.receive();
    if (type !== PENDING) return type;
    const woken = await new Promise<number>((resolve) => channel.whenReady(NEED.readable, resolve));
    if (woken < 0) return woken;
  }
}

interface Meeting {
  readonly ledger: LedgerFile;
  readonly listener: Listener;
  readonly settings: ConnectionSettings;
  /** Connects client `worker`. */
  enter(worker: number): Promise<Connection>;
  leave(connection: Connection): Promise<void>;
  /** Takes the next client in, as number `worker`. */
  admit(worker: number): Promise<Connection>;
}

/** Runs `body` with a listener for `clientCount` clients; afterwards all connections are closed. */
async function withListener(row: Row, clientCount: number, body: (meeting: Meeting) => Promise<void>): Promise<void> {
  const ledger = LedgerFile.create(clientSheetOf(clientCount));
  const given = settingsOf(row, { silenceMs: DEADLINE_MS });
  const listener = listen(given, ledger, clientCount);
  const settings = { ...given, port: listener.port };
  const opened = new Set<Connection>();
  const keep = (connection: Connection) => {
    opened.add(connection);
    return connection;
  };
  const leave = async (connection: Connection) => {
    if (opened.delete(connection)) await connection.close();
  };
  const enter = async (worker: number) => {
    const sheets = { sheet: clientSheetOf(worker), peerSheet: serverSheetOf(worker) };
    return keep(await connect({ ...settings, ...sheets }, ledger, DEADLINE_MS));
  };
  const admit = async (worker: number) => {
    const connection = keep(await listener.accept(DEADLINE_MS));
    connection.session.useSheets(serverSheetOf(worker), clientSheetOf(worker));
    return connection;
  };
  try {
    await body({ ledger, listener, settings, enter, leave, admit });
  } finally {
    await Promise.all([...opened].map(leave));
    await listener.close();
    ledger.close();
  }
}

describe.each(CHANNELS)("%s", (_name, row) => {
  test("several clients at once are served through one name, each with sheets of its own", () =>
    withListener(row, 3, async ({ ledger, enter, admit }) => {
      const pairs: { client: Channel; server: Channel }[] = [];
      for (const worker of [0, 1, 2]) {
        const [client, server] = await Promise.all([enter(worker), admit(worker)]);
        pairs.push({ client: client.channel, server: server.channel });
      }
      for (const [worker, { client }] of pairs.entries()) {
        for (let id = 0; id < 3 + worker; id++) {
          expect(client.send(id, FRAME.oneWay)).toBe(0);
          expect(await received(pairs[worker]!.server)).toBe(FRAME.oneWay);
        }
      }
      for (const worker of pairs.keys()) {
        expect(ledger.counts(clientSheetOf(worker)).sent).toBe(3 + worker);
        const { received: count, corrupt, duplicated } = ledger.counts(serverSheetOf(worker));
        expect({ count, corrupt, duplicated }).toEqual({ count: 3 + worker, corrupt: 0, duplicated: 0 });
      }
    }));

  test("clients that come at the same time get a connection each", () =>
    withListener(row, 4, async ({ enter, admit }) => {
      const entering = Promise.all([0, 1, 2, 3].map(enter));
      const servers: Connection[] = [];
      for (const worker of [0, 1, 2, 3]) servers.push(await admit(worker));
      for (const { channel } of await entering) expect(channel.send(0, FRAME.oneWay)).toBe(0);
      for (const { channel } of servers) expect(await received(channel)).toBe(FRAME.oneWay);
    }));

  test("a client that vanishes takes nothing with it: the next one is served", () =>
    withListener(row, 2, async ({ enter, leave, admit }) => {
      const first = await enter(0);
      await leave(first);
      const [earlier, second] = await Promise.all([admit(0), enter(1)]);
      let server = earlier;
      // Of a client that sent nothing queues know nothing.
      if (row.mechanism !== "pmq") {
        expect(await received(earlier.channel)).toBeLessThan(0);
        server = await admit(1);
      }
      expect(second.channel.send(0, FRAME.request)).toBe(0);
      expect(await received(server.channel)).toBe(FRAME.request);
      expect(server.channel.reply(true)).toBe(0);
      expect(await received(second.channel)).toBe(FRAME.response);
    }));

  test("a listener that is closed while it waits for the next client stops waiting", () =>
    withListener(row, 2, async ({ listener, enter, admit }) => {
      await Promise.all([enter(0), admit(0)]);
      const waiting = listener.accept(DEADLINE_MS).then(() => "accepted", String);
      await Bun.sleep(20);
      const start = performance.now();
      await listener.close();
      expect(await waiting).toContain("the run was stopped");
      expect(performance.now() - start).toBeLessThan(SOON_MS);
    }));
});
