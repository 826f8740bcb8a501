import type { Channel, Need, Stretches } from "../../../src/channel/channel.ts";
import { PENDING } from "../../../src/native/errno.ts";
import { DUE } from "../../../src/native/numbers.ts";

export interface Script {
  /** Types of the frames that arrive, or errors, in their order; then nothing more comes. */
  readonly arriving?: readonly number[];
  /** How often the n-th call (of any kind) says PENDING before its result. */
  readonly pendings?: (call: number) => number;
  /** Results of sends, replies and notes by their number; 0 where it says nothing. */
  readonly sent?: Readonly<Record<number, number>>;
  /** Status with which the n-th wait is resumed; 0 where it says nothing. */
  readonly woken?: Readonly<Record<number, number>>;
  /** Results of untilDue, in their order; DUE.now once they are used up. */
  readonly due?: readonly Result[];
  readonly paused?: number;
  readonly notes?: readonly string[];
  /** The channel waits inside its calls, and takes stretches of messages. */
  readonly isBlocking?: boolean;
  /** Results of whole stretches, sent or answered, in their order; 0 where it says nothing. */
  readonly stretches?: readonly Result[];
}

/** A status, or one that says that a frame of this type came. */
export type Result = number | { readonly status: number; readonly type: number };

/** A channel in memory that does what a script says and writes down what was done, in order. */
export class ScriptedChannel implements Channel {
  readonly log: string[] = [];
  readonly needs: Need[] = [];
  readonly stretches: Stretches | null;
  readonly #script: Script;
  readonly #arriving: number[];
  readonly #due: Result[];
  #receivedType = -1;
  readonly #notes: string[];
  #calls = 0;
  #sends = 0;
  #sending: { label: string; result: number; pendings: number } | null = null;
  #receivePendings: number | null = null;
  #isPausing = false;

  constructor(script: Script = {}) {
    this.#script = script;
    this.stretches = script.isBlocking ? this.#scriptedStretches() : null;
    this.#arriving = [...(script.arriving ?? [])];
    this.#due = [...(script.due ?? [])];
    this.#notes = [...(script.notes ?? [])];
  }

  #scriptedStretches(): Stretches {
    const results = [...(this.#script.stretches ?? [])];
    const taken = (label: string) => {
      this.log.push(label);
      return this.#statusOf(results.shift() ?? 0);
    };
    return {
      sendMany: (id, count, type, pauseNs) => taken(`send ${count} from ${id} as ${type}, pauses of ${pauseNs}`),
      answerMany: (withPayload) => taken(withPayload ? "answer, echo" : "answer, ack"),
    };
  }

  #statusOf(result: Result): number {
    if (typeof result === "number") return result;
    this.#receivedType = result.type;
    return result.status;
  }

  receivedType(): number {
    return this.#receivedType;
  }

  #pendings(): number {
    return this.#script.pendings?.(this.#calls++) ?? 0;
  }

  #begin(label: string): number {
    if (this.#sending !== null) throw new Error(`${label} while ${this.#sending.label} is under way`);
    this.#sending = { label, result: this.#script.sent?.[this.#sends++] ?? 0, pendings: this.#pendings() };
    return this.#goOn();
  }

  #goOn(): number {
    if (this.#sending === null) throw new Error("flush without a send under way");
    if (this.#sending.pendings-- > 0) return PENDING;
    const { label, result } = this.#sending;
    this.#sending = null;
    this.log.push(label);
    return result;
  }

  send(id: number, type: number): number {
    return this.#begin(`send ${id} as ${type}`);
  }

  sendNow(id: number, type: number): number {
    return this.#begin(`send ${id} as ${type} now`);
  }

  reply(withPayload: boolean): number {
    return this.#begin(withPayload ? "echo" : "ack");
  }

  sendNote(type: number, text: string): number {
    return this.#begin(`note ${type} ${text}`);
  }

  flush(): number {
    return this.#goOn();
  }

  flushNow(): number {
    return this.#goOn();
  }

  receive(): number {
    this.#receivePendings ??= this.#pendings();
    if (this.#receivePendings-- > 0) return PENDING;
    this.#receivePendings = null;
    return this.#take();
  }

  receiveSoon(): number {
    return this.#arriving.length > 0 ? this.#take() : PENDING;
  }

  #take(): number {
    const type = this.#arriving.shift();
    if (type === undefined) {
      this.#receivePendings = 0;
      return PENDING;
    }
    this.log.push(`receive ${type}`);
    return type;
  }

  readNote(): string {
    return this.#notes.shift() ?? "";
  }

  pause(lengthNs: number): number {
    this.log.push(`pause ${lengthNs}`);
    this.#isPausing = this.#pendings() > 0;
    return this.#isPausing ? PENDING : (this.#script.paused ?? 0);
  }

  endPause(): number {
    if (!this.#isPausing) throw new Error("endPause without a pause under way");
    this.#isPausing = false;
    return this.#script.paused ?? 0;
  }

  untilDue(id: number): number {
    const due = this.#statusOf(this.#due.shift() ?? DUE.now);
    this.log.push(`due ${id}: ${due}`);
    return due;
  }

  useThread(): void {}

  whenReady(needs: Need, resume: (status: number) => void): void {
    const status = this.#script.woken?.[this.needs.length] ?? 0;
    if (this.needs.push(needs) > 10_000) throw new Error("waits for ever");
    queueMicrotask(() => resume(status));
  }
}
