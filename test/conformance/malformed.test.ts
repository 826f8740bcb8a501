/** Bytes that are no frame end the connection with an error; frames that are damaged are counted. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { MALFORMED, TIMED_OUT } from "../../src/native/errno.ts";
import { FRAME } from "../../src/native/numbers.ts";
import { CHANNELS, STREAMS } from "./channels.ts";
import { findLeftovers } from "./leftovers.ts";
import { PATIENCE_MS } from "./peer-process.ts";
import { AT, randomFrom, withRawSession, withRawSocket, withSubject } from "./raw.ts";
import { sendRaw } from "./raw-queue.ts";

setDefaultTimeout(2 * PATIENCE_MS);

afterAll(async () => expect(await findLeftovers()).toEqual([]));

const FRAME_BODY_LIMIT = 16 * 1024 * 1024;
const IMPOSSIBLE_LENGTHS = [0, 1, 27, FRAME_BODY_LIMIT + 1, 0x7fffffff, 0xffffffff];
const WRONG_PAYLOAD_LENGTHS = [0n, 99n, 101n, 1n << 32n, (1n << 64n) - 1n, (1n << 64n) - 28n];
const UNKNOWN_TYPES = [6, 0x01000000, 0xffffffff];

/** Silence shows that a side still waits for more, instead of refusing. */
const SILENCE_MS = 400;

const REFUSED = { status: MALFORMED, count: 0 };

describe.each(CHANNELS)("%s", (_name, row) => {
  const options = { messageBytes: 100, silenceMs: SILENCE_MS };

  test.each(WRONG_PAYLOAD_LENGTHS)("a payload length of %d in a body for 100 bytes is refused", (length) =>
    withRawSession(row, options, async ({ raw, server }) => {
      await raw.send(0, FRAME.oneWay, (frame) => frame.writeBigUInt64LE(length, AT.payloadLength));
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }),
  );

  test.each(UNKNOWN_TYPES)("the frame type %d is refused", (type) =>
    withRawSession(row, options, async ({ raw, server }) => {
      await raw.send(0, FRAME.oneWay, (frame) => frame.writeUInt32LE(type, AT.payload + 100));
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }),
  );

  test("frames before the one that is refused are received", () =>
    withRawSession(row, options, async ({ raw, server, counts }) => {
      const receiving = server.ask({ do: "receive", count: 4 });
      for (let id = 0; id < 3; id++) await raw.send(id, FRAME.oneWay);
      await raw.send(3, FRAME.oneWay, (frame) => frame.writeUInt32LE(77, AT.payload + 100));
      expect(await receiving).toEqual({ status: MALFORMED, count: 3 });
      expect(counts()).toMatchObject({ received: 3, recorded: 3 });
    }));

  test("damaged payloads are counted, one by one, and not measured", () =>
    withRawSession(row, options, async ({ raw, server, counts }) => {
      const receiving = server.ask({ do: "receive", count: 20 });
      for (let id = 0; id < 20; id++) {
        const damage = (frame: Buffer) => {
          frame[AT.payload + 5 * id]! ^= 1 << (id % 8);
        };
        await raw.send(id, FRAME.oneWay, id % 3 === 0 ? damage : undefined);
      }
      expect(await receiving).toEqual({ status: 0, count: 20 });
      expect(counts()).toMatchObject({ received: 20, corrupt: 7, recorded: 13, duplicated: 0, reordered: 0 });
    }));

  test("an id that was changed on its way is noticed", () =>
    withRawSession(row, options, async ({ raw, server, counts }) => {
      const receiving = server.ask({ do: "receive", count: 3 });
      await raw.send(0, FRAME.oneWay);
      await raw.send(1, FRAME.oneWay, (frame) => frame.writeBigUInt64LE(5n, AT.id));
      await raw.send(2, FRAME.oneWay);
      expect(await receiving).toEqual({ status: 0, count: 3 });
      // 5 was never sent with that payload, and 2 comes after it.
      expect(counts()).toMatchObject({ received: 3, corrupt: 1, reordered: 1, recorded: 2 });
    }));

  if (row.hasLengthPrefix) {
    test.each(IMPOSSIBLE_LENGTHS)("a body length of %d is refused", (length) =>
      withRawSession(row, options, async ({ raw, server }) => {
        await raw.send(0, FRAME.oneWay, (frame) => frame.writeUInt32LE(length, AT.length));
        expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
      }),
    );
  }
});

describe.each(STREAMS)("%s", (_name, row) => {
  test.each(IMPOSSIBLE_LENGTHS)("a length of %d is refused as soon as its four bytes are there", (length) =>
    withRawSocket(row, { silenceMs: SILENCE_MS }, async ({ socket, server }) => {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32LE(length);
      socket.write(prefix);
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }),
  );

  test.each([28, FRAME_BODY_LIMIT])("a length of %d is waited for", (length) =>
    withRawSocket(row, { silenceMs: SILENCE_MS }, async ({ socket, server }) => {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32LE(length);
      socket.write(prefix);
      expect(await server.ask({ do: "receive", count: 1 })).toEqual({ status: TIMED_OUT, count: 0 });
    }),
  );

  test("what is no frame at all is refused", () =>
    withRawSocket(row, { silenceMs: SILENCE_MS }, async ({ socket, server }) => {
      socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }));
});

/* ---- what only one mechanism can be told ---- */

const MODES = CHANNELS.filter(([, row]) => row.mechanism === "pmq");

describe.each(MODES)("%s", (_name, row) => {
  test.each([0, 1, 27])("a message of %d bytes is refused", (bytes) =>
    withSubject(row, { silenceMs: SILENCE_MS }, async ({ settings, server }) => {
      sendRaw(`/${settings.endpoint}_req`, Buffer.alloc(bytes));
      await server.ask({ do: "accept", deadlineMs: 1000 });
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }),
  );

  test("a message of 28 bytes is a frame without a payload", () =>
    withSubject(row, { silenceMs: SILENCE_MS }, async ({ settings, server, counts }) => {
      sendRaw(`/${settings.endpoint}_req`, Buffer.alloc(28));
      await server.ask({ do: "accept", deadlineMs: 1000 });
      expect(await server.ask({ do: "receive", count: 1 })).toEqual({ status: 0, count: 1 });
      expect(counts()).toMatchObject({ received: 1, corrupt: 1, recorded: 0 });
    }));
});

/** The object's file, while its name is still there. */
class SharedObject {
  readonly #path: string;
  constructor(endpoint: string) {
    this.#path = `/dev/shm/${endpoint}`;
  }

  /** Where `bytes` lie, which must be there once. */
  find(bytes: Buffer, alignment = 1): number {
    const content = readFileSync(this.#path);
    const found: number[] = [];
    for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) {
      if (at % alignment === 0) found.push(at);
    }
    if (found.length !== 1) throw new Error(`found ${found.length} times: ${bytes.toString("hex")}`);
    return found[0]!;
  }

  write(at: number, bytes: Buffer): void {
    const fd = openSync(this.#path, "r+");
    writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
  }
}

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

const RINGS = CHANNELS.filter(([, row]) => row.mechanism === "shm" && !row.shmDirect);
const SLOTS = CHANNELS.filter(([, row]) => row.mechanism === "shm" && row.shmDirect);

describe.each(RINGS)("%s", (_name, row) => {
  const messageBytes = 3217;
  const frameBytes = messageBytes + 32;

  test.each([1n, 3n, 1n << 20n, 1n << 40n, (1n << 64n) - 1n])("a tail of %d is refused", (tail) =>
    withRawSession(row, { messageBytes, silenceMs: SILENCE_MS }, async ({ raw, settings, server }) => {
      await raw.send(0, FRAME.oneWay);
      const object = new SharedObject(settings.endpoint);
      object.write(object.find(u64(BigInt(frameBytes)), 64), u64(tail));
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }),
  );

  test.each([...IMPOSSIBLE_LENGTHS, frameBytes - 3, frameBytes])("a length of %d written over is refused", (length) =>
    withRawSession(row, { messageBytes, silenceMs: SILENCE_MS }, async ({ raw, settings, server }) => {
      await raw.send(0, FRAME.oneWay);
      const object = new SharedObject(settings.endpoint);
      object.write(object.find(u32(frameBytes - 4)), u32(length));
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }),
  );
});

describe.each(SLOTS)("%s", (_name, row) => {
  const messageBytes = 3217;
  const bodyBytes = messageBytes + 28;
  const full = Buffer.concat([u32(1), u32(bodyBytes)]);

  test.each([...IMPOSSIBLE_LENGTHS, bodyBytes - 1, bodyBytes + 1])("a body length of %d is refused", (length) =>
    withRawSession(row, { messageBytes, silenceMs: SILENCE_MS }, async ({ raw, settings, server }) => {
      await raw.send(0, FRAME.oneWay);
      const object = new SharedObject(settings.endpoint);
      object.write(object.find(full) + 4, u32(length));
      expect(await server.ask({ do: "receive", count: 1 })).toEqual(REFUSED);
    }),
  );
});

describe.each([...RINGS, ...SLOTS])("%s", (_name, row) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("a message scribbled over at random ends in a verdict, seed %d", (seed) =>
    withRawSession(row, { messageBytes: 500, silenceMs: SILENCE_MS }, async ({ raw, settings, server, counts }) => {
      const random = randomFrom(seed);
      await raw.send(0, FRAME.oneWay);
      const object = new SharedObject(settings.endpoint);
      const at = object.find(u64(500n)) - 16;
      const noise = Buffer.from(Array.from({ length: 1 + random(60) }, () => random(256)));
      object.write(at + random(500), noise);
      const { status } = await server.ask({ do: "receive", count: 1 });
      if (status === 0) expect(counts().received === 0 || counts().corrupt === 1).toBe(true);
      else expect(status).toBe(MALFORMED);
    }),
  );
});
