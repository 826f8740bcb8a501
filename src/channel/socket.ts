import { toArrayBuffer } from "bun:ffi";
import type { Socket } from "bun";
import { CANCELED, CLOSED, PENDING, TIMED_OUT } from "../native/errno.ts";
import { type Address, addressOf } from "../native/library.ts";
import { Waiter } from "../native/waiter.ts";
import { BlockingChannel } from "./blocking.ts";
import { NEED, type Need } from "./channel.ts";

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

/**
 * Unix domain and TCP sockets of Bun's event loop. The shim builds and checks the frames; their bytes go out by the socket's
 * own write and come in by its data events, split anywhere.
 */
export class SocketChannel extends BlockingChannel {
  readonly #out: Uint8Array;
  readonly #options: SocketChannelOptions;
  readonly #lookAround: ReturnType<typeof setInterval>;
  #socket: Socket<SocketChannel> | null = null;
  #waiter: Waiter | null = null;
  #frameBytes = 0;
  #writtenBytes = 0;
  #unreadBytes = 0;
  #isPaused = false;
  #failure = 0;
  #need: Need | null = null;
  #resume: ((status: number) => void) | null = null;
  #waitingSinceMs = 0;

  /** @param session opened with the mechanism "fed". */
  constructor(session: Address, options: SocketChannelOptions) {
    super(session);
    this.#options = options;
    const out = addressOf(this.shim.session_out(session));
    if (out === null) throw new Error("a session without an outgoing frame");
    this.#out = new Uint8Array(toArrayBuffer(out, 0, options.frameBytes));
    this.#lookAround = setInterval(() => this.#checkWait(), LOOK_AROUND_MS);
  }

  /** The handlers to be given to Bun.listen or Bun.connect; `attach` connects a socket to its channel. */
  static readonly handlers = {
    data: (socket: Socket<SocketChannel>, chunk: Uint8Array) => socket.data.#feed(chunk),
    drain: (socket: Socket<SocketChannel>) => socket.data.#wake(NEED.writable, 0),
    end: (socket: Socket<SocketChannel>) => socket.data.#fail(CLOSED),
    close: (socket: Socket<SocketChannel>) => socket.data.#fail(CLOSED),
    error: (socket: Socket<SocketChannel>) => socket.data.#fail(CLOSED),
  };

  attach(socket: Socket<SocketChannel>): void {
    socket.data = this;
    this.#socket = socket;
  }

  override send(id: number, type: number): number {
    if (this.#options.isStopping()) return CANCELED;
    return this.#begin(this.shim.session_begin_send(this.session, id, type));
  }

  override reply(withPayload: boolean): number {
    return this.#begin(this.shim.session_begin_reply(this.session, withPayload ? 1 : 0));
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
    return type === PENDING && this.#failure !== 0 ? this.#failure : type;
  }

  override whenReady(need: Need, resume: (status: number) => void): void {
    if (need === NEED.pause) {
      this.#waiter ??= new Waiter(this.session);
      this.#waiter.arm(need, resume);
      return;
    }
    this.#need = need;
    this.#resume = resume;
    this.#waitingSinceMs = performance.now();
    if (need === NEED.readable) this.#readOn();
  }

  override async close(): Promise<void> {
    clearInterval(this.#lookAround);
    this.#resume = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.end();
    await this.#waiter?.close();
    await super.close();
  }

  #begin(frameBytes: number): number {
    if (frameBytes < 0) return frameBytes;
    this.#frameBytes = frameBytes;
    this.#writtenBytes = 0;
    return this.#write(0);
  }

  #write(hasWaited: number): number {
    if (this.#failure !== 0 || this.#socket === null) return this.#failure || CLOSED;
    const count = this.#socket.write(this.#out, this.#writtenBytes, this.#frameBytes - this.#writtenBytes);
    if (count < 0) return CLOSED;
    this.#writtenBytes += count;
    return this.#writtenBytes < this.#frameBytes
      ? PENDING
      : this.shim.session_end_send(this.session, hasWaited);
  }

  #feed(chunk: Uint8Array): void {
    if (this.#socket === null) return;
    const status = this.shim.session_feed(this.session, chunk, chunk.byteLength);
    if (status < 0) this.#fail(status);
    this.#unreadBytes += chunk.byteLength;
    this.#wake(NEED.readable, 0);
    if (this.#need === NEED.readable) this.#unreadBytes = 0;
    if (this.#unreadBytes > UNREAD_LIMIT_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket?.pause();
    }
  }

  #readOn(): void {
    this.#unreadBytes = 0;
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  #fail(status: number): void {
    if (this.#failure === 0) this.#failure = status;
    if (this.#need !== null) this.#wake(this.#need, this.#failure);
  }

  #wake(need: Need, status: number): void {
    const resume = this.#resume;
    if (resume === null || need !== this.#need) return;
    this.#resume = null;
    this.#need = null;
    resume(status);
  }

  /** What a blocking channel does between two slices of its wait. */
  #checkWait(): void {
    if (this.#resume === null || this.#need === null) return;
    if (this.#options.isStopping()) this.#wake(this.#need, CANCELED);
    else if (performance.now() - this.#waitingSinceMs > this.#options.silenceMs)
      this.#wake(this.#need, TIMED_OUT);
  }
}
