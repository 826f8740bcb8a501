/** What every channel owes to the messages that it carries. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { CANCELED } from "../../src/native/errno.ts";
import { FRAME } from "../../src/native/numbers.ts";
import { CHANNELS } from "./channels.ts";
import { findLeftovers } from "./leftovers.ts";
import { withPair } from "./pair.ts";
import { PATIENCE_MS } from "./peer-process.ts";

setDefaultTimeout(2 * PATIENCE_MS);

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [1, 7, 8, 9, 100, KIB, 4 * KIB, 4 * KIB + 1, 64 * KIB - 1, 64 * KIB, MIB, 16 * MIB - 28];

const NOTHING_WRONG = { duplicated: 0, reordered: 0, corrupt: 0 };

afterAll(async () => expect(await findLeftovers()).toEqual([]));

describe.each(CHANNELS)("%s", (_name, row) => {
  const sizes = SIZES.filter((size) => size <= row.largestPayload);
  if (!sizes.includes(row.largestPayload)) sizes.push(row.largestPayload);

  test.each(sizes)("payloads of %d bytes arrive intact both ways", (messageBytes) =>
    withPair(row, { messageBytes }, async ({ server, client, counts }) => {
      const count = messageBytes > MIB ? 2 : 5;
      const serving = server.ask({ do: "serve", echo: true });
      const run = { roundTrip: true, count, warmupCount: 1, sendDelayNs: 0 } as const;
      expect(await client.ask({ do: "client", ...run })).toEqual({ status: 0 });
      expect((await serving).status).toBe(0);
      expect(counts("client")).toMatchObject({
        sent: count,
        received: count,
        recorded: count,
        ...NOTHING_WRONG,
      });
      expect(counts("server")).toMatchObject({ sent: count, received: count, recorded: 0, ...NOTHING_WRONG });
    }),
  );

  test("of two thousand messages none is lost, doubled, late or damaged", () =>
    withPair(row, { messageBytes: 100 }, async ({ server, client, counts }) => {
      const serving = server.ask({ do: "serve", echo: true });
      const run = { roundTrip: false, count: 2000, warmupCount: 50, sendDelayNs: 0 } as const;
      expect(await client.ask({ do: "client", ...run })).toEqual({ status: 0 });
      expect((await serving).status).toBe(0);
      expect(counts("client")).toMatchObject({ sent: 2000, warmup: 51 });
      expect(counts("server")).toMatchObject({
        received: 2000,
        recorded: 2000,
        warmup: 51,
        ...NOTHING_WRONG,
      });
    }));

  test("round trips are recorded by the client alone, also when replies are empty", () =>
    withPair(row, { messageBytes: 1000, replyBytes: 0 }, async ({ server, client, counts }) => {
      const serving = server.ask({ do: "serve", echo: false });
      const run = { roundTrip: true, count: 100, warmupCount: 3, sendDelayNs: 0 } as const;
      expect(await client.ask({ do: "client", ...run })).toEqual({ status: 0 });
      expect((await serving).status).toBe(0);
      expect(counts("client")).toMatchObject({ received: 100, recorded: 100, warmup: 8, ...NOTHING_WRONG });
      expect(counts("server")).toMatchObject({ received: 100, recorded: 0, ...NOTHING_WRONG });
    }));

  test("a reply without the payload that was due counts as corrupt and is not measured", () =>
    withPair(row, { messageBytes: 100, replyBytes: 100 }, async ({ server, client, counts }) => {
      const serving = server.ask({ do: "serve", echo: false });
      const run = { roundTrip: true, count: 10, warmupCount: 0, sendDelayNs: 0 } as const;
      expect(await client.ask({ do: "client", ...run })).toEqual({ status: 0 });
      await serving;
      expect(counts("client")).toMatchObject({ received: 10, recorded: 0, corrupt: 10 });
    }));

  test("notes have room for 512 bytes beside messages of one byte", () =>
    withPair(row, { messageBytes: 1 }, async ({ server, client, counts }) => {
      const note = "n".repeat(512);
      const serving = server.ask({ do: "serve", echo: true });
      expect(await client.ask({ do: "exchangeNotes", note })).toEqual({
        status: 0,
        pong: `pong of ${note}`.slice(0, 512),
      });
      const run = { roundTrip: true, count: 5, warmupCount: 0, sendDelayNs: 0 } as const;
      expect(await client.ask({ do: "client", ...run })).toEqual({ status: 0 });
      expect(await serving).toEqual({ status: 0, notes: [note] });
      expect(counts("client")).toMatchObject({ received: 5, recorded: 5, ...NOTHING_WRONG });
    }));

  test("a pause is never short, and nothing is lost in it", () =>
    withPair(row, {}, async ({ server, client, counts }) => {
      const lengthNs = 2_000_000;
      const { status, shortestNs } = await client.ask({ do: "pause", lengthNs, times: 10 });
      expect(status).toBe(0);
      expect(shortestNs).toBeGreaterThanOrEqual(lengthNs);
      const serving = server.ask({ do: "serve", echo: true });
      const run = { roundTrip: false, count: 30, warmupCount: 0, sendDelayNs: lengthNs } as const;
      expect(await client.ask({ do: "client", ...run })).toEqual({ status: 0 });
      await serving;
      const { firstSendNs } = counts("client");
      const { lastReceiveNs, received, recorded } = counts("server");
      expect([received, recorded]).toEqual([30, 30]);
      expect(Number(lastReceiveNs! - firstSendNs!)).toBeGreaterThanOrEqual(29 * lengthNs);
    }));

  test("a sender waits for a receiver that starts late; the waits are counted and nothing is lost", () =>
    withPair(row, { messageBytes: 8000 }, async ({ server, client, counts }) => {
      // 48 MB: more than any kernel lets the buffers of a TCP connection grow to by themselves.
      const count = 6000;
      const sending = client.ask({ do: "send many", first: 0, count });
      await Bun.sleep(300);
      expect(counts("client").sent).toBeLessThan(count);
      expect(await server.ask({ do: "receive", count })).toEqual({ status: 0, count });
      expect(await sending).toEqual({ status: 0, count });
      expect(counts("server")).toMatchObject({ received: count, recorded: count, ...NOTHING_WRONG });
      const { roomWaits, roomWaitNs } = counts("client");
      expect(roomWaits).toBeGreaterThan(0);
      expect(roomWaitNs).toBeGreaterThan(100e6);
    }));

  test("what came duplicated, reordered and lost is counted exactly", () =>
    withPair(row, {}, async ({ server, client, counts }) => {
      // 1 comes late, 2 three times, 4 late, 7 and 8 never.
      const ids = [0, 2, 1, 2, 2, 3, 5, 4, 6, 9];
      const receiving = server.ask({ do: "receive", count: ids.length });
      expect(await client.ask({ do: "send", ids })).toEqual({ status: 0, count: ids.length });
      expect(await receiving).toEqual({ status: 0, count: ids.length });
      const { received, duplicated, reordered, corrupt, recorded } = counts("server");
      expect({ received, duplicated, reordered, corrupt, recorded }).toEqual({
        received: 10,
        duplicated: 2,
        reordered: 2,
        corrupt: 0,
        recorded: 8,
      });
    }));

  test("a request sent twice is answered twice and noticed by both", () =>
    withPair(row, {}, async ({ server, client, counts }) => {
      const serving = server.ask({ do: "serve", echo: true });
      for (const id of [0, 1, 1, 2]) {
        await client.ask({ do: "send", ids: [id], type: FRAME.request });
        expect(await client.ask({ do: "receive", count: 1 })).toEqual({ status: 0, count: 1 });
      }
      await client.ask({ do: "send", ids: [-1], type: FRAME.shutdown });
      await serving;
      expect(counts("server")).toMatchObject({ received: 4, duplicated: 1 });
      expect(counts("client")).toMatchObject({ received: 4, duplicated: 1, recorded: 3 });
    }));

  test.each(row.mode === "blocking" ? (["spin", "hybrid"] as const) : [])(
    "waiting by %s delivers the same and ends when the run is stopped",
    (wait) =>
      withPair(row, { wait, spinNs: 20_000 }, async ({ server, client, counts, ledger }) => {
        const serving = server.ask({ do: "serve", echo: true });
        const run = { roundTrip: true, count: 200, warmupCount: 1, sendDelayNs: 0 } as const;
        expect(await client.ask({ do: "client", ...run })).toEqual({ status: 0 });
        expect((await serving).status).toBe(0);
        expect(counts("client")).toMatchObject({ received: 200, recorded: 200, ...NOTHING_WRONG });
        const waiting = server.ask({ do: "receive", count: 1 });
        await Bun.sleep(20);
        ledger.requestStop();
        expect(await waiting).toEqual({ status: CANCELED, count: 0 });
      }),
  );
});
