import { type Channel, NEED, type Need } from "../../src/channel/channel.ts";
import { connect, listen } from "../../src/channel/open.ts";
import type { ConnectionSettings } from "../../src/channel/settings.ts";
import { PENDING } from "../../src/native/errno.ts";
import type { LedgerFile } from "../../src/native/ledger.ts";
import { FRAME } from "../../src/native/numbers.ts";

async function succeed(channel: Channel, need: Need, status: number, again: () => number): Promise<void> {
  let result = status;
  while (result === PENDING) {
    await new Promise<number>((resolve) => channel.whenReady(need, resolve));
    result = again();
  }
  if (result < 0) throw new Error(`status ${result}`);
}

const receive = (channel: Channel) => succeed(channel, NEED.readable, channel.receive(), () => channel.receive());
const flush = (channel: Channel, status: number) => succeed(channel, NEED.writable, status, () => channel.flush());

/** Both sides of a connection in one process: opened, used for one round trip, closed; again and again. */
export async function cycle(settings: ConnectionSettings, ledger: LedgerFile, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const listener = listen({ ...settings, sheet: 1 }, ledger);
    const client = await connect({ ...settings, port: listener.port, sheet: 0 }, ledger, 5000);
    const server = await listener.accept(5000);
    server.session.unlinkName();
    await flush(client.channel, client.channel.send(i, FRAME.request));
    await receive(server.channel);
    await flush(server.channel, server.channel.reply(true));
    await receive(client.channel);
    // Every second time while a wait is under way.
    if (i % 2 === 1 && settings.mode === "async") client.channel.whenReady(NEED.readable, () => {});
    await client.close();
    await server.close();
    await listener.close();
  }
}
