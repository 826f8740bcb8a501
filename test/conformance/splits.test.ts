/** Streams cut frames anywhere: what arrives in pieces is put together, what arrives together is told apart. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Socket } from "node:net";
import { FRAME } from "../../src/native/numbers.ts";
import { type Row, STREAMS } from "./channels.ts";
import { findLeftovers } from "./leftovers.ts";
import { PATIENCE_MS } from "./peer-process.ts";
import { RawSession, randomFrom, type Subject, withRawSocket } from "./raw.ts";

setDefaultTimeout(2 * PATIENCE_MS);

afterAll(async () => expect(await findLeftovers()).toEqual([]));

function framesOf(row: Row, messageBytes: number, count: number): Buffer[] {
  const maker = RawSession.unconnected(messageBytes, row);
  const frames = Array.from({ length: count }, (_, id) => maker.frame(id, FRAME.oneWay));
  maker.close();
  return frames;
}

/** Hands the bytes to the kernel, then lets the receiver run. */
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
}

async function expectAll({ server, counts }: Subject, count: number, sending: () => Promise<void>): Promise<void> {
  const receiving = server.ask({ do: "receive", count });
  await sending();
  expect(await receiving).toEqual({ status: 0, count });
  expect(counts()).toMatchObject({
    received: count,
    recorded: count,
    corrupt: 0,
    reordered: 0,
    duplicated: 0,
  });
}

describe.each(STREAMS)("%s", (_name, row) => {
  test("frames that come one byte at a time", () =>
    withRawSocket(row, { messageBytes: 100 }, (subject) =>
      expectAll(subject, 3, async () => {
        const bytes = Buffer.concat(framesOf(row, 100, 3));
        for (let at = 0; at < bytes.length; at++) await write(subject.socket, bytes.subarray(at, at + 1));
      }),
    ));

  test("a frame cut at each of its bytes", () => {
    const frames = framesOf(row, 50, 81);
    return withRawSocket(row, { messageBytes: 50 }, (subject) =>
      expectAll(subject, frames.length, async () => {
        for (const [i, frame] of frames.entries()) {
          await write(subject.socket, frame.subarray(0, i + 1));
          await write(subject.socket, frame.subarray(i + 1));
        }
      }),
    );
  });

  test.each([1, 2, 3])("frames cut at random, seed %d", (seed) => {
    const random = randomFrom(seed);
    const messageBytes = [10, 1000, 70_000][seed - 1]!;
    const bytes = Buffer.concat(framesOf(row, messageBytes, 100));
    return withRawSocket(row, { messageBytes }, (subject) =>
      expectAll(subject, 100, async () => {
        const largestPiece = (bytes.length / 100) * 3;
        for (let at = 0; at < bytes.length; ) {
          const piece = 1 + random(largestPiece);
          await write(subject.socket, bytes.subarray(at, at + piece));
          at += piece;
        }
      }),
    );
  });

  test("a thousand frames in one piece", () =>
    withRawSocket(row, { messageBytes: 20 }, (subject) =>
      expectAll(subject, 1000, () => write(subject.socket, Buffer.concat(framesOf(row, 20, 1000)))),
    ));

  test("a frame longer than planned is still a frame", () =>
    withRawSocket(row, { messageBytes: 10 }, async ({ server, socket, counts }) => {
      const receiving = server.ask({ do: "receive", count: 2 });
      await write(socket, framesOf(row, 300_000, 1)[0]!);
      await write(socket, framesOf(row, 10, 2)[1]!);
      expect(await receiving).toEqual({ status: 0, count: 2 });
      // Whole, but not what was agreed on.
      expect(counts()).toMatchObject({ received: 2, recorded: 1, corrupt: 1 });
    }));
});
