import type { ArrivalPlan } from "../cli/plan.ts";
import type { ConnectionSettings } from "./connection.ts";

/** Types of frames, as c/message/frame.h numbers them. */
export const FRAME = { oneWay: 0, request: 1, response: 2, ping: 3, pong: 4, shutdown: 5 } as const;

/** Id of messages that are never recorded: warm-up, canary, shutdown. */
export const UNRECORDED_ID = -1;

/** What a send returns when the message went and the measured window is over. */
export const WINDOW_OVER = 1;

/** What `untilDue` returns beside the types of frames; as c/session/loop.h numbers them. */
export const DUE = 100;
export const DUE_AFTER_WINDOW = 101;
export const DUE_SOON = 102;

/** What a loop waits for when a call returned PENDING: any of these, added up. `turn` is one turn of the event loop. */
export const NEED = { readable: 1, writable: 2, pause: 4, turn: 8 } as const;
/** A sum of NEED's members. */
export type Need = number;

/** What `sendMany` returns, the type added, when a frame of that type came where a reply was due; as c/session/loop.h has it. */
export const NO_REPLY = 200;

/**
 * The innermost loops, a stretch of messages in one call each: on one CPU the way through JavaScript between two messages would
 * show in every latency (docs/methodology.md).
 */
export interface Stretches {
  /**
   * Sends `count` messages (Infinity: until the window is over), `id` and those after it, or all with UNRECORDED_ID; requests each
   * after the reply to the one before, with a pause of `pauseNs` between two of them. 0, WINDOW_OVER, NO_REPLY + a type, or an error.
   */
  sendMany(id: number, count: number, type: number, pauseNs: number): number;
  /** Receives one-way messages and answers requests, with their payload or with none, until something else comes: its type, or an error. */
  answerMany(withPayload: boolean): number;
}

/**
 * One connection, both directions, as the measuring loops see it. Calls return a number: 0 or more on success, PENDING for
 * "not now" (never on a blocking channel), any other negative number for an error of errno.ts.
 */
export interface Channel {
  /** Builds, stamps and sends the message `id`; 0 or WINDOW_OVER. */
  send(id: number, type: number): number;
  /** Answers the message just received, with its payload or with none. */
  reply(withPayload: boolean): number;
  /** Sends a ping or pong that carries a short text. */
  sendNote(type: number, text: string): number;
  /** Goes on with a send, reply or note that returned PENDING. */
  flush(): number;
  /** Receives, checks and records one message; its type. */
  receive(): number;
  /** Length of the payload of the message just received. */
  payloadBytes(): number;
  /** The text of the note just received. */
  readNote(): string;
  /** Waits for `lengthNs` after a message; 0 or WINDOW_OVER. */
  pause(lengthNs: number): number;
  /** Ends a pause that returned PENDING. */
  endPause(): number;
  /**
   * With a schedule: waits for the moment of message `id`, and meanwhile receives if `receiving`.
   * DUE, DUE_AFTER_WINDOW, DUE_SOON (take a turn of the event loop and call again), or the type of a message received.
   */
  untilDue(id: number, receiving: boolean): number;
  /** As `send` and `flush`, but never waits for room, in a blocking channel neither. */
  sendNow(id: number, type: number): number;
  flushNow(): number;
  /** Receives what is there; a blocking channel waits a moment for it, then says PENDING. */
  receiveSoon(): number;
  /** Measures by other terms from now on; not while messages are under way. 0, or an error of errno.ts. */
  agree(terms: ConnectionSettings): number;
  /**
   * The measured phase begins with the next message.
   * @param shiftNs of several clients that begin at once: how much later than the first; null: this one is alone, or a server
   */
  start(shiftNs: number | null): void;
  /** After the last message: leaves the CPU to the peer until it has taken all of them in, a tenth of a second at most. */
  rest(): void;
  /** The peers have met: the name they met at is removed from the system. */
  unlinkName(): void;
  /** The calling thread, which will also close the channel, is the one that waits from now on. May be said again. */
  useThread(): void;
  /** The schedule of a peer that is only known now that it has come; null: closed loop. Before the first message. */
  useSchedule(arrival: ArrivalPlan | null, seed: number): void;
  /** Where this side keeps its ledger from now on, and its peer; null: the peer keeps it elsewhere. */
  useSheets(sheet: number, peerSheet: number | null): void;
  /** Of a channel whose calls wait; null: PENDING means that the event loop is to go on. */
  readonly stretches: Stretches | null;
  /** Calls `resume` once, from the event loop, with 0 when one of `needs` may be met, else with the error that ends the wait. */
  whenReady(needs: Need, resume: (status: number) => void): void;
  /** Ends the connection and frees everything; names included. */
  close(): Promise<void>;
}

/** Longest text of a note, in bytes; see NOTE_BYTES in c/session/notes.h. */
export const NOTE_BYTES = 512;
