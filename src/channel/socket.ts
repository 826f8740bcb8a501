import { toArrayBuffer } from "bun:ffi";
import type { Socket } from "bun";
import { CANCELED, CLOSED, PENDING, TIMED_OUT } from "../native/errno.ts";
import { type Address, addressOf } from "../native/library.ts";
import { Waiters } from "../native/waiters.ts";
import { BlockingChannel } from "./blocking.ts";
import { DUE, NEED, type Need } from "./channel.ts";
import { type ConnectionSettings, frameBytesOf } from "./connection.ts";

/** How much may lie unread while the loop is busy sending, before the socket is told to stop reading. */
const UNREAD_LIMIT_BYTES = 1024 * 1024;
const LOOK_AROUND_MS = 100;
/** As SLOWEST_NS_PER_BYTE of c/mechanism/channel.h. */
const SLOWEST_MS_PER_BYTE = 0.016;

export interface SocketChannelOptions {
  /** Capacity of the shim's outgoing frame. */
  readonly frameBytes: number;
  /** Longest wait for a peer that is alive but says nothing. */
  readonly silenceMs: number;
  /** Whether the run is being stopped. */
  readonly isStopping: () => boolean;
}

/** One that is turned away at once never gets a channel. */
const isAttached = (socket: { readonly data?: SocketChannel }) => socket.data !== undefined;

/**
 * Unix domain and TCP sockets of Bun's event loop. The shim builds and checks the frames; their bytes go out by the socket's
 * own write and come in by its data events, split anywhere.
 */
export class SocketChannel extends BlockingChannel {
  override readonly stretches = null;
  #out: Uint8Array;
  readonly #options: SocketChannelOptions;
  readonly #lookAround: ReturnType<typeof setInterval>;
  #socket: Socket<SocketChannel> | null = null;
  #pauses: Waiters | null = null;
  #silenceMs: number;
  #frameBytes = 0;
  #writtenBytes = 0;
  #unreadBytes = 0;
  #isPaused = false;
  #failure = 0;
  #needs: Need = 0;
  #resume: ((status: number) => void) | null = null;
  #waitingSinceMs = 0;
  /** A frame has been waited for before, and has not come or gone yet. */
  #isMidFrame = false;
  #frameSinceMs = 0;
  #movedBytes = 0;

  /** @param session opened with the mechanism "fed". */
  constructor(session: Address, options: SocketChannelOptions) {
    super(session);
    this.#options = options;
    this.#silenceMs = options.silenceMs;
    this.#out = this.#outgoing(options.frameBytes);
    this.#lookAround = setInterval(() => this.#checkWait(), LOOK_AROUND_MS);
  }

  /** The handlers to be given to Bun.listen or Bun.connect; `attach` connects a socket to its channel. */
  static readonly handlers = {
    data: (socket: Socket<SocketChannel>, chunk: Uint8Array) => {
      if (isAttached(socket)) socket.data.#feed(chunk);
    },
    drain: (socket: Socket<SocketChannel>) => {
      if (isAttached(socket)) socket.data.#wake(NEED.writable, 0);
    },
    end: (socket: Socket<SocketChannel>) => {
      if (isAttached(socket)) socket.data.#fail(CLOSED);
    },
    close: (socket: Socket<SocketChannel>) => {
      if (isAttached(socket)) socket.data.#fail(CLOSED);
    },
    error: (socket: Socket<SocketChannel>) => {
      if (isAttached(socket)) socket.data.#fail(CLOSED);
    },
  };

  attach(socket: Socket<SocketChannel>): void {
    socket.data = this;
    this.#socket = socket;
  }

  override agree(terms: ConnectionSettings): number {
    const status = super.agree(terms);
    if (status !== 0) return status;
    this.#out = this.#outgoing(frameBytesOf(terms));
    this.#silenceMs = terms.silenceMs;
    return 0;
  }

  override send(id: number, type: number): number {
    if (this.#options.isStopping()) return CANCELED;
    return this.#begin(this.shim.session_begin_send(this.session, id, type));
  }

  override reply(withPayload: boolean): number {
    const status = this.#begin(this.shim.session_begin_reply(this.session, withPayload ? 1 : 0));
    // More bytes will come before there is room, and would take the request's place.
    if (status === PENDING) this.shim.session_settle(this.session);
    return status;
  }

  override sendNote(type: number, text: string): number {
    const note = Buffer.from(text);
    return this.#begin(this.shim.session_begin_note(this.session, type, note, note.length));
  }

  override flush(): number {
    return this.#write(1);
  }

  override receive(): number {
    const type = super.receive();
    if (type === PENDING) this.#readOn();
    else this.#isMidFrame = false;
    return type === PENDING && this.#failure !== 0 ? this.#failure : type;
  }

  override sendNow(id: number, type: number): number {
    return this.send(id, type);
  }

  override flushNow(): number {
    return this.flush();
  }

  override receiveSoon(): number {
    return this.receive();
  }

  override untilDue(id: number, receiving: boolean): number {
    const status = super.untilDue(id, receiving);
    // It has looked for a message first.
    if (receiving && (status === PENDING || status >= DUE)) this.#readOn();
    return status === PENDING && this.#failure !== 0 ? this.#failure : status;
  }

  override whenReady(needs: Need, resume: (status: number) => void): void {
    this.#needs = needs;
    this.#resume = resume;
    this.#waitingSinceMs = performance.now();
    if (!this.#isMidFrame) {
      this.#isMidFrame = true;
      this.#frameSinceMs = this.#waitingSinceMs;
      this.#movedBytes = 0;
    }
    if (needs & NEED.readable) this.#readOn();
    if (needs & NEED.turn) setImmediate(() => this.#wake(NEED.turn, 0));
    if (needs & NEED.pause) {
      this.#pauses ??= new Waiters(this.session);
      this.#pauses.arm(NEED.pause, (status) => this.#wake(NEED.pause, status));
    }
  }

  override async close(): Promise<void> {
    clearInterval(this.#lookAround);
    this.#resume = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.end();
    await this.#pauses?.close();
    await super.close();
  }

  /** The shim's outgoing frame. */
  #outgoing(frameBytes: number): Uint8Array {
    const out = addressOf(this.shim.session_out(this.session));
    if (out === null) throw new Error("a session without an outgoing frame");
    return new Uint8Array(toArrayBuffer(out, 0, frameBytes));
  }

  #begin(frameBytes: number): number {
    if (frameBytes < 0) return frameBytes;
    this.#frameBytes = frameBytes;
    this.#writtenBytes = 0;
    this.#isMidFrame = false;
    return this.#write(0);
  }

  #write(hasWaited: number): number {
    if (this.#failure !== 0 || this.#socket === null) return this.#failure || CLOSED;
    const count = this.#socket.write(this.#out, this.#writtenBytes, this.#frameBytes - this.#writtenBytes);
    if (count < 0) return CLOSED;
    this.#writtenBytes += count;
    this.#movedBytes += count;
    return this.#writtenBytes < this.#frameBytes
      ? PENDING
      : this.shim.session_end_send(this.session, hasWaited);
  }

  #feed(chunk: Uint8Array): void {
    if (this.#socket === null) return;
    const status = this.shim.session_feed(this.session, chunk, chunk.byteLength);
    if (status < 0) this.#fail(status);
    this.#unreadBytes += chunk.byteLength;
    this.#movedBytes += chunk.byteLength;
    this.#wake(NEED.readable, 0);
    if (this.#unreadBytes > UNREAD_LIMIT_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket?.pause();
    }
  }

  /** Everything that came has been taken. */
  #readOn(): void {
    this.#unreadBytes = 0;
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  #fail(status: number): void {
    if (this.#failure === 0) this.#failure = status;
    this.#wake(this.#needs, this.#failure);
  }

  #wake(needs: Need, status: number): void {
    const resume = this.#resume;
    if (resume === null || !(this.#needs & needs)) return;
    this.#resume = null;
    this.#needs = 0;
    resume(status);
  }

  /** What a blocking channel does between two slices of its wait. */
  #checkWait(): void {
    if (this.#options.isStopping()) {
      this.#wake(this.#needs, CANCELED);
      return;
    }
    const nowMs = performance.now();
    const movingMs = this.#movedBytes * SLOWEST_MS_PER_BYTE;
    const waitedMs = Math.max(nowMs - this.#waitingSinceMs, nowMs - this.#frameSinceMs - movingMs);
    if (waitedMs > this.#silenceMs) this.#wake(this.#needs, TIMED_OUT);
  }
}
