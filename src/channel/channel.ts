/**
 * A channel is one connection, both directions, as the measuring loops see it. Its calls return a number: 0 or more on success,
 * PENDING for "not now" (never where calls wait themselves), any other negative number for an error of errno.ts.
 */

/** Id of messages that are never recorded: warm-up, canary, shutdown. */
export const UNRECORDED_ID = -1;

/** What a loop waits for when a call returned PENDING: any of these, added up. `turn` is one turn of the event loop. */
export const NEED = { readable: 1, writable: 2, pause: 4, turn: 8 } as const;
/** A sum of NEED's members. */
export type Need = number;

/** For whoever runs a loop. */
export interface Waits {
  /** The calling thread, which will also close the connection, is the one that waits from now on. May be said again. */
  useThread(): void;
  /** Calls `resume` once, from the event loop, with 0 when one of `needs` may be met, else with the error that ends the wait. */
  whenReady(needs: Need, resume: (status: number) => void): void;
}

/**
 * The innermost loops, a stretch of messages in one call each: on one CPU the way through JavaScript between two messages would
 * show in every latency (docs/methodology.md).
 */
export interface Stretches {
  /**
   * Sends `count` messages (Infinity: until the window is over), `id` and those after it, or all with UNRECORDED_ID; requests each
   * after the reply to the one before, with a pause of `pauseNs` between two of them. 0, WINDOW_OVER, NO_REPLY, or an error.
   */
  sendMany(id: number, count: number, type: number, pauseNs: number): number;
  /** Receives one-way messages and answers requests, with their payload or with none, until something else comes: its type, or an error. */
  answerMany(withPayload: boolean): number;
}

/** For the closed loop and for the server's. */
export interface Messages extends Waits {
  /** Builds, stamps and sends the message `id`; 0 or WINDOW_OVER. */
  send(id: number, type: number): number;
  /** Answers the message just received, with its payload or with none. */
  reply(withPayload: boolean): number;
  /** Goes on with a send, reply or note that returned PENDING. */
  flush(): number;
  /** Receives, checks and records one message; its type. */
  receive(): number;
  /** The type of the message just received, where a call does not return it. */
  receivedType(): number;
  /** Waits for `lengthNs` after a message; 0 or WINDOW_OVER. */
  pause(lengthNs: number): number;
  /** Ends a pause that returned PENDING. */
  endPause(): number;
  /** Where calls wait themselves; null: PENDING means that the event loop is to go on. */
  readonly stretches: Stretches | null;
}

/** For the open loop. */
export interface PacedMessages extends Messages {
  /** Waits for the moment of message `id`, and meanwhile receives if `receiving`: one of DUE. */
  untilDue(id: number, receiving: boolean): number;
  /** As `send` and `flush`, but never waits for room. */
  sendNow(id: number, type: number): number;
  flushNow(): number;
  /** Receives what is there; where calls wait, it waits a moment for it, then says PENDING. */
  receiveSoon(): number;
}

/** For what peers say to each other around the messages. */
export interface Notes extends Messages {
  /** Sends a ping or pong that carries a short text. */
  sendNote(type: number, text: string): number;
  /** The text of the note just received. */
  readNote(): string;
}

export interface Channel extends PacedMessages, Notes {}
