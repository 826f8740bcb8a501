import type { Socket } from "bun";
import { CANCELED, CLOSED, PENDING, TIMED_OUT } from "../native/errno.ts";
import { type Address, addressOf, bytesAt, native } from "../native/library.ts";
import { DUE, SLOWEST_NS_PER_BYTE } from "../native/numbers.ts";
import { type Channel, NEED, type Need } from "./channel.ts";
import { readNote } from "./native-channel.ts";
import type { Session } from "./session.ts";
import { frameBytesOf } from "./settings.ts";
import { Waiters } from "./waiters.ts";

/** How much may lie unread while the loop is busy sending, before the socket is told to stop reading. */
const UNREAD_LIMIT_BYTES = 1024 * 1024;
const LOOK_AROUND_MS = 100;

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
export class SocketChannel implements Channel {
  readonly stretches = null;
  readonly #shim = native();
  readonly #address: Address;
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

  /** @param session opened with the mechanism "fed"; this channel closes it. */
  constructor(
    readonly session: Session,
    options: SocketChannelOptions,
  ) {
    this.#address = session.address;
    this.#options = options;
    this.#silenceMs = options.silenceMs;
    this.#out = this.#outgoing(options.frameBytes);
    this.#lookAround = setInterval(() => this.#checkWait(), LOOK_AROUND_MS);
    session.onAgreed = (terms) => {
      this.#out = this.#outgoing(frameBytesOf(terms));
      this.#silenceMs = terms.silenceMs;
    };
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

  send(id: number, type: number): number {
    if (this.#options.isStopping()) return CANCELED;
    return this.#begin(this.#shim.session_begin_send(this.#address, id, type));
  }

  reply(withPayload: boolean): number {
    const status = this.#begin(this.#shim.session_begin_reply(this.#address, withPayload ? 1 : 0));
    // More bytes will come before there is room, and would take the request's place.
    if (status === PENDING) this.#shim.session_settle(this.#address);
    return status;
  }

  sendNote(type: number, text: string): number {
    const note = Buffer.from(text);
    return this.#begin(this.#shim.session_begin_note(this.#address, type, note, note.length));
  }

  flush(): number {
    return this.#write();
  }

  receive(): number {
    const type = this.#shim.session_receive(this.#address);
    if (type === PENDING) this.#readOn();
    else this.#isMidFrame = false;
    return type === PENDING && this.#failure !== 0 ? this.#failure : type;
  }

  receivedType(): number {
    return this.#shim.session_received_type(this.#address);
  }

  pause(lengthNs: number): number {
    return this.#shim.session_pause(this.#address, lengthNs);
  }

  endPause(): number {
    return this.#shim.session_end_pause(this.#address);
  }

  readNote(): string {
    return readNote(this.#address);
  }

  useThread(): void {
    this.#shim.session_use_thread(this.#address);
  }

  sendNow(id: number, type: number): number {
    return this.send(id, type);
  }

  flushNow(): number {
    return this.flush();
  }

  receiveSoon(): number {
    return this.receive();
  }

  untilDue(id: number, receiving: boolean): number {
    const status = this.#shim.session_until_due(this.#address, id, receiving ? 1 : 0);
    // It has looked for a message first.
    const foundNone = status === PENDING || (status >= 0 && status !== DUE.received);
    if (receiving && foundNone) this.#readOn();
    return status === PENDING && this.#failure !== 0 ? this.#failure : status;
  }

  whenReady(needs: Need, resume: (status: number) => void): void {
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
      this.#pauses ??= new Waiters(this.#address);
      this.#pauses.arm(NEED.pause, (status) => this.#wake(NEED.pause, status));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#lookAround);
    this.#resume = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.end();
    await this.#pauses?.close();
    this.session.close();
  }

  /** The shim's outgoing frame. */
  #outgoing(frameBytes: number): Uint8Array {
    const out = addressOf(this.#shim.session_out(this.#address));
    if (out === null) throw new Error("a session without an outgoing frame");
    return bytesAt(out, frameBytes);
  }

  #begin(frameBytes: number): number {
    if (frameBytes < 0) return frameBytes;
    this.#frameBytes = frameBytes;
    this.#writtenBytes = 0;
    this.#isMidFrame = false;
    return this.#write();
  }

  #write(): number {
    if (this.#failure !== 0 || this.#socket === null) return this.#failure || CLOSED;
    const count = this.#socket.write(this.#out, this.#writtenBytes, this.#frameBytes - this.#writtenBytes);
    if (count < 0) return CLOSED;
    this.#writtenBytes += count;
    this.#movedBytes += count;
    if (this.#writtenBytes === this.#frameBytes) return this.#shim.session_end_send(this.#address);
    this.#shim.session_await_room(this.#address);
    return PENDING;
  }

  #feed(chunk: Uint8Array): void {
    if (this.#socket === null) return;
    const status = this.#shim.session_feed(this.#address, chunk, chunk.byteLength);
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
    const movingMs = (this.#movedBytes * SLOWEST_NS_PER_BYTE) / 1e6;
    const waitedMs = Math.max(nowMs - this.#waitingSinceMs, nowMs - this.#frameSinceMs - movingMs);
    if (waitedMs > this.#silenceMs) this.#wake(this.#needs, TIMED_OUT);
  }
}
