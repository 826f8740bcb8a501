/** Frames as another tool writes and reads them, byte by byte and without a line of this program: id, timestamp, payload length, payload, type. */
import { dlopen, FFIType } from "bun:ffi";

export const TYPE = { oneWay: 0, request: 1, response: 2, ping: 3, pong: 4, shutdown: 5 } as const;
export const UNRECORDED = 0xffff_ffff_ffff_ffffn;
const OVERHEAD = 28;
const LARGEST_BODY = 16 * 1024 * 1024;

export interface Frame {
  readonly id: bigint;
  readonly timestampNs: bigint;
  readonly payload: Uint8Array;
  readonly type: number;
}

const CLOCK_MONOTONIC = 1;
const libc = dlopen("libc.so.6", {
  clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
}).symbols;

/** CLOCK_MONOTONIC. */
export function monotonicNs(): bigint {
  const now = new BigInt64Array(2);
  libc.clock_gettime(CLOCK_MONOTONIC, now);
  return now[0]! * 1_000_000_000n + now[1]!;
}

/** A body; message queues carry it as it is. */
export function body({ id, payload, type }: Omit<Frame, "timestampNs">): Buffer {
  const bytes = Buffer.alloc(OVERHEAD + payload.length);
  bytes.writeBigUInt64LE(id, 0);
  bytes.writeBigUInt64LE(BigInt(payload.length), 16);
  bytes.set(payload, 24);
  bytes.writeUInt32LE(type, 24 + payload.length);
  bytes.writeBigUInt64LE(monotonicNs(), 8);
  return bytes;
}

/** A body with its length in front, for streams. */
export function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** @throws where the bytes are no body */
export function readBody(bytes: Buffer): Frame {
  const payloadBytes = Number(bytes.readBigUInt64LE(16));
  if (bytes.length !== OVERHEAD + payloadBytes) throw new Error(`${bytes.length} bytes are no frame`);
  const type = bytes.readUInt32LE(24 + payloadBytes);
  if (type > TYPE.shutdown) throw new Error(`no such type: ${type}`);
  return {
    id: bytes.readBigUInt64LE(0),
    timestampNs: bytes.readBigUInt64LE(8),
    payload: bytes.subarray(24, 24 + payloadBytes),
    type,
  };
}

/** Cuts a stream into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.length >= 4) {
      const length = this.#rest.readUInt32LE();
      if (length > LARGEST_BODY) throw new Error(`a frame of ${length} bytes`);
      if (this.#rest.length < 4 + length) break;
      frames.push(readBody(this.#rest.subarray(4, 4 + length)));
      this.#rest = this.#rest.subarray(4 + length);
    }
    return frames;
  }
}
