import { toArrayBuffer } from "bun:ffi";
import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import { Session } from "../../../src/channel/session.ts";
import { type ConnectionSettings, frameBytesOf } from "../../../src/channel/settings.ts";
import { SocketChannel } from "../../../src/channel/socket-channel.ts";
import { PENDING } from "../../../src/native/errno.ts";
import { LedgerFile } from "../../../src/native/ledger.ts";
import { native } from "../../../src/native/library.ts";
import { DUE, FRAME, MECHANISM } from "../../../src/native/numbers.ts";

const SETTINGS: ConnectionSettings = {
  ...{ mechanism: "uds", mode: "async", shmDirect: false, endpoint: "", port: 0, bufferBytes: null },
  ...{ messageBytes: 1024, replyBytes: 1024, durationNs: null, seed: 1, queueDepth: null },
  ...{ wait: "block", spinNs: 0, silenceMs: 60_000, pmqPriority: 0, sheet: 0, peerSheet: null },
  arrival: { kind: "constant", ratePerSecond: 10_000, burst: 1 },
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function openFed(ledger: LedgerFile): Session {
  const session = Session.open(SETTINGS, ledger, MECHANISM.fed);
  session.connect();
  return session;
}

/** A channel over a socket that only notes whether it is to go on reading, and frames for it. */
function rig(write: (bytes: number) => number = (bytes) => bytes) {
  const ledger = LedgerFile.private(1);
  const peer = openFed(ledger);
  closing.push(() => peer.close());
  const options = { frameBytes: frameBytesOf(SETTINGS), silenceMs: 60_000, isStopping: () => false };
  const channel = new SocketChannel(openFed(ledger), options);
  closing.push(() => channel.close());
  const log: string[] = [];
  const socket = {
    pause: () => log.push("pause"),
    resume: () => log.push("resume"),
    write: (_: Uint8Array, _from: number, bytes: number) => write(bytes),
    end: () => {},
  };
  const attached = socket as unknown as Socket<SocketChannel>;
  channel.attach(attached);
  let id = 0;
  const feed = (type: number, count: number) => {
    for (let i = 0; i < count; i++) {
      const bytes = native().session_begin_send(peer.address, id++, type);
      const frame = toArrayBuffer(native().session_out(peer.address)!, 0, bytes).slice(0);
      SocketChannel.handlers.data(attached, new Uint8Array(frame));
    }
  };
  return { channel, feed, log, ledger };
}

describe("an async socket", () => {
  test("goes on reading for as long as what came is taken", () => {
    const { channel, feed, log } = rig();
    for (let round = 0; round < 300; round++) {
      feed(FRAME.oneWay, 10);
      let count = 0;
      while (channel.receive() !== PENDING) count++;
      expect(count).toBe(10);
    }
    expect(log).toEqual([]);
  });

  test("does so also where replies are taken between the moments of a schedule", () => {
    const { channel, feed, log } = rig();
    for (let round = 0; round < 300; round++) {
      feed(FRAME.response, 10);
      let count = 0;
      while (channel.untilDue(0, true) === DUE.received && channel.receivedType() === FRAME.response) count++;
      expect(count).toBe(10);
      expect(channel.untilDue(0, true)).toBe(DUE.now);
    }
    expect(log).toEqual([]);
  });

  test("stops reading when too much lies unread, until that is taken", () => {
    const { channel, feed, log } = rig();
    feed(FRAME.oneWay, 1100);
    expect(log).toEqual(["pause"]);
    for (let i = 0; i < 1100; i++) expect(channel.receive()).toBe(FRAME.oneWay);
    expect(log).toEqual(["pause"]);
    expect(channel.receive()).toBe(PENDING);
    expect(log).toEqual(["pause", "resume"]);
  });

  test("waits for room from the write that took too little, not from the stamp", () => {
    const WRITE_NS = 20_000_000;
    const writes = [100, 200];
    const { channel, ledger } = rig((bytes) => {
      for (const until = Bun.nanoseconds() + WRITE_NS; Bun.nanoseconds() < until; );
      return writes.shift() ?? bytes;
    });
    const start = Bun.nanoseconds();
    expect(channel.send(0, FRAME.oneWay)).toBe(PENDING);
    expect(channel.flush()).toBe(PENDING);
    expect(channel.flush()).toBe(0);
    const { roomWaits, roomWaitNs } = ledger.counts(0);
    expect(roomWaits).toBe(1);
    expect(roomWaitNs).toBeGreaterThanOrEqual(2 * WRITE_NS);
    expect(roomWaitNs).toBeLessThanOrEqual(Bun.nanoseconds() - start - WRITE_NS);
    // A socket that takes all of it at once makes nobody wait.
    expect(channel.send(1, FRAME.oneWay)).toBe(0);
    expect(ledger.counts(0).roomWaits).toBe(1);
  });
});
