import { type Address, native } from "../native/library.ts";
import { NOTE_BYTES } from "../native/numbers.ts";
import type { Channel, Need, Stretches } from "./channel.ts";
import type { Session } from "./session.ts";
import type { Waiters } from "./waiters.ts";

/** The shim carries the bytes: every mechanism in blocking mode, where each call waits inside the shim, shm and pmq in async mode. */
export class NativeChannel implements Channel {
  readonly stretches: Stretches | null;
  readonly #shim = native();
  readonly #session: Address;
  readonly #waiters: Waiters | null;

  /** @param waiters wake the event loop; null: the session waits inside its calls */
  constructor({ address }: Session, waiters: Waiters | null) {
    this.#session = address;
    this.#waiters = waiters;
    this.stretches = waiters === null ? new NativeStretches(address) : null;
  }

  send(id: number, type: number): number {
    return this.#shim.session_send(this.#session, id, type);
  }

  reply(withPayload: boolean): number {
    return this.#shim.session_reply(this.#session, withPayload ? 1 : 0);
  }

  flush(): number {
    return this.#shim.session_flush(this.#session);
  }

  receive(): number {
    return this.#shim.session_receive(this.#session);
  }

  receivedType(): number {
    return this.#shim.session_received_type(this.#session);
  }

  pause(lengthNs: number): number {
    return this.#shim.session_pause(this.#session, lengthNs);
  }

  endPause(): number {
    return this.#shim.session_end_pause(this.#session);
  }

  untilDue(id: number, receiving: boolean): number {
    return this.#shim.session_until_due(this.#session, id, receiving ? 1 : 0);
  }

  sendNow(id: number, type: number): number {
    return this.#shim.session_send_now(this.#session, id, type);
  }

  flushNow(): number {
    return this.#shim.session_flush_now(this.#session);
  }

  receiveSoon(): number {
    return this.#shim.session_receive_soon(this.#session);
  }

  sendNote(type: number, text: string): number {
    const note = Buffer.from(text);
    return this.#shim.session_send_note(this.#session, type, note, note.length);
  }

  readNote(): string {
    return readNote(this.#session);
  }

  useThread(): void {
    this.#shim.session_use_thread(this.#session);
  }

  whenReady(needs: Need, resume: (status: number) => void): void {
    if (this.#waiters === null) throw new Error("a blocking channel never asks to be called again");
    this.#waiters.arm(needs, resume);
  }
}

class NativeStretches implements Stretches {
  readonly #shim = native();
  constructor(private readonly session: Address) {}

  sendMany(id: number, count: number, type: number, pauseNs: number): number {
    return this.#shim.session_send_many(this.session, id, count, type, pauseNs);
  }

  answerMany(withPayload: boolean): number {
    return this.#shim.session_answer_many(this.session, withPayload ? 1 : 0);
  }
}

/** The text of the note that a session has just received. */
export function readNote(session: Address): string {
  const note = Buffer.alloc(NOTE_BYTES);
  const bytes = native().session_read_note(session, note, note.length);
  return bytes < 0 ? "" : note.toString("utf8", 0, bytes);
}
