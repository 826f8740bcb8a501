/** What another tool's frames go over: a stream socket, or a pair of message queues. */
import { dlopen, FFIType } from "bun:ffi";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Frame, FrameReader, framed, readBody } from "./frames.ts";

/** One connection of a peer that is not this program. */
export interface Wire {
  send(body: Buffer): Promise<void>;
  /** The next frame; null at the end of the stream. */
  receive(): Promise<Frame | null>;
  close(): void;
}

class SocketWire implements Wire {
  readonly #frames: Frame[] = [];
  readonly #reader = new FrameReader();
  #hasEnded = false;
  #wake: () => void = () => {};

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#frames.push(...this.#reader.feed(chunk));
      this.#wake();
    });
    const end = () => {
      this.#hasEnded = true;
      this.#wake();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", end);
  }

  async send(bytes: Buffer): Promise<void> {
    if (!this.socket.write(framed(bytes))) await once(this.socket, "drain");
  }

  async receive(): Promise<Frame | null> {
    while (this.#frames.length === 0) {
      if (this.#hasEnded) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift()!;
  }

  close(): void {
    this.socket.end();
  }
}

/** Connects to a path or, with a number, to that port of this host; tries again while nobody is there. */
export async function dial(where: string | number): Promise<Wire> {
  for (let tries = 0; ; tries++) {
    const socket = typeof where === "string" ? connect(where) : connect(where, "127.0.0.1");
    try {
      await once(socket, "connect");
      return new SocketWire(socket);
    } catch (error) {
      socket.destroy();
      if (tries === 100) throw error;
      await Bun.sleep(50);
    }
  }
}

/** Listens at a path or port; every connection goes to `serve`. */
export async function listenAt(where: string | number, serve: (wire: Wire) => Promise<void>): Promise<Server> {
  const server = createServer((socket) => void serve(new SocketWire(socket)));
  if (typeof where === "string") server.listen(where);
  else server.listen(where, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/* ---- message queues ---- */

const { i32, u32, u64, ptr, cstring } = FFIType;
const QUEUE_SYMBOLS = {
  mq_open: { args: [cstring, i32, i32, ptr], returns: i32 },
  mq_send: { args: [i32, ptr, u64, u32], returns: i32 },
  mq_receive: { args: [i32, ptr, u64, ptr], returns: FFIType.i64 },
  mq_close: { args: [i32], returns: i32 },
  mq_unlink: { args: [cstring], returns: i32 },
} as const;

/** They moved from librt into libc with glibc 2.34. */
function loadQueues() {
  try {
    return dlopen("libc.so.6", QUEUE_SYMBOLS).symbols;
  } catch {
    return dlopen("librt.so.1", QUEUE_SYMBOLS).symbols;
  }
}

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_CREAT_EXCL = 0o300;
const O_NONBLOCK = 0o4000;
const DEPTH = 10;
const MESSAGE_BYTES = 8192;
const name = (text: string) => Buffer.from(`${text}\0`);

class QueueWire implements Wire {
  readonly #buffer = Buffer.alloc(MESSAGE_BYTES);
  #isOpen = true;

  constructor(
    private readonly libc: ReturnType<typeof loadQueues>,
    private readonly out: number,
    private readonly incoming: number,
    private readonly messageBytes: number,
  ) {}

  async send(bytes: Buffer): Promise<void> {
    if (bytes.length > this.messageBytes) throw new Error("longer than the queue's messages");
    while (this.#isOpen && this.libc.mq_send(this.out, bytes, bytes.length, 0) !== 0) await Bun.sleep(1);
  }

  async receive(): Promise<Frame | null> {
    while (this.#isOpen) {
      const count = Number(this.libc.mq_receive(this.incoming, this.#buffer, this.#buffer.length, null));
      if (count >= 0) return readBody(Buffer.from(this.#buffer.subarray(0, count)));
      await Bun.sleep(1);
    }
    return null;
  }

  close(): void {
    this.#isOpen = false;
    this.libc.mq_close(this.out);
    this.libc.mq_close(this.incoming);
  }
}

/** The client's end of the queues of `base`, which must be there soon. */
export async function openQueues(base: string): Promise<Wire> {
  const libc = loadQueues();
  for (let tries = 0; tries < 100; tries++) {
    const out = libc.mq_open(name(`${base}_req`), O_WRONLY | O_NONBLOCK, 0, null);
    const incoming = out < 0 ? -1 : libc.mq_open(name(`${base}_resp`), O_RDONLY | O_NONBLOCK, 0, null);
    if (incoming >= 0) return new QueueWire(libc, out, incoming, MESSAGE_BYTES);
    if (out >= 0) libc.mq_close(out);
    await Bun.sleep(50);
  }
  throw new Error(`no queues ${base}`);
}

/** The server's end: makes the queues, ten messages of 8192 bytes each. `remove` takes their names away. */
export function makeQueues(base: string): { readonly wire: Wire; readonly remove: () => void } {
  const libc = loadQueues();
  const attributes = new BigInt64Array([0n, BigInt(DEPTH), BigInt(MESSAGE_BYTES), 0n, 0n, 0n, 0n, 0n]);
  const make = (suffix: string, direction: number) => {
    const queue = libc.mq_open(name(base + suffix), direction | O_CREAT_EXCL | O_NONBLOCK, 0o600, attributes);
    if (queue < 0) throw new Error(`can't make ${base}${suffix}`);
    return queue;
  };
  const incoming = make("_req", O_RDONLY);
  const out = make("_resp", O_WRONLY);
  const remove = () => {
    for (const suffix of ["_req", "_resp"]) libc.mq_unlink(name(base + suffix));
  };
  return { wire: new QueueWire(libc, out, incoming, MESSAGE_BYTES), remove };
}
