/** Whoever comes to a server that listens for anybody: clients that die at random, half frames, nonsense. */
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { body, framed, TYPE, UNRECORDED } from "../foreign/frames.ts";
import type { Random } from "./random.ts";

/** A whole number from 0 up to, not including, `end`. */
export const below = (random: Random, end: number) => Math.floor(random.below(end));

function randomBytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => below(random, 256)));
}

/** A whole frame that is one. */
function soundFrame(random: Random): Buffer {
  const payload = randomBytes(random, below(random, 300));
  const type = [TYPE.oneWay, TYPE.request][below(random, 2)]!;
  return framed(body({ id: BigInt(below(random, 1000)), payload, type }));
}

/** A frame that none may answer: its lengths contradict each other, its type is none, or nobody asks so. */
export function nonsense(random: Random): Buffer {
  const frame = soundFrame(random);
  const payloadBytes = frame.length - 32;
  switch (below(random, 7)) {
    case 0:
      // Longer than a frame can be, whatever follows.
      return Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0x7f]), randomBytes(random, below(random, 200))]);
    case 1:
      frame.writeUInt32LE(below(random, 28), 0);
      return frame;
    case 2:
      frame.writeBigUInt64LE(BigInt(payloadBytes + 1 + below(random, 1e9)), 20);
      return frame;
    case 3:
      frame.writeUInt32LE(6 + below(random, 1e6), frame.length - 4);
      return frame;
    case 4:
      return framed(body({ id: UNRECORDED, payload: Buffer.from('{"terms":{}}'), type: TYPE.ping }));
    case 5:
      return framed(body({ id: UNRECORDED, payload: randomBytes(random, 40), type: TYPE.ping }));
    default:
      return framed(
        body({
          id: 1n,
          payload: randomBytes(random, 40),
          type: [TYPE.response, TYPE.pong][below(random, 2)]!,
        }),
      );
  }
}

/** Rejects if nobody listens. */
function open(where: string | number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = typeof where === "string" ? connect(where) : connect(where, "127.0.0.1");
    socket.on("error", reject);
    socket.on("connect", () => resolve(socket));
  });
}

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));

/**
 * Sends what no peer would, and returns what came back: nothing, if all is well. Rejects if nobody listens, or a server that is
 * gone would seem to hold its tongue.
 */
export async function sendNonsense(where: string | number, frame: Buffer): Promise<Buffer> {
  const socket = await open(where);
  const answers: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => answers.push(chunk));
  const end = closed(socket);
  socket.end(frame);
  await end;
  return Buffer.concat(answers);
}

/** One stranger's visit: connects, does something or nothing, and goes without a word. */
export async function visit(where: string | number, random: Random): Promise<void> {
  // In a crowd a connection may be refused.
  const socket = await open(where).catch(() => null);
  if (socket === null) return;
  socket.on("data", () => {});
  const end = closed(socket);
  const frame = soundFrame(random);
  switch (below(random, 5)) {
    case 0:
      break;
    case 1:
      socket.write(frame.subarray(0, below(random, frame.length)));
      break;
    case 2:
      for (let i = below(random, 30); i >= 0; i--) socket.write(soundFrame(random));
      break;
    case 3:
      socket.write(nonsense(random));
      break;
    default:
      // The beginning of a frame as long as there may be, and no more.
      socket.write(Buffer.concat([Buffer.from([0x00, 0x00, 0x00, 0x01]), Buffer.alloc(24)]));
  }
  await Bun.sleep(below(random, 20));
  if (random.next() < 0.5) socket.resetAndDestroy();
  else socket.destroy();
  await end;
}

export interface Footprint {
  readonly descriptors: number;
  readonly residentMb: number;
  readonly threads: number;
}

export function footprintOf(pid: number): Footprint {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const figure = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    residentMb: figure("VmRSS") / 1024,
    threads: figure("Threads"),
  };
}
