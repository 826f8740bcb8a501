import { UNRECORDED_ID } from "../channel/channel.ts";

/** Returned by `next` when the phase is over. */
export const END = -2;

export interface MessageIdsOptions {
  readonly warmupCount: number;
  /** Whether one unrecorded message opens the measured phase. */
  readonly canary: boolean;
  /** Recorded messages; Infinity when the measured window decides. */
  readonly messageCount: number;
}

/** Messages that go alike: `count` of them (maybe Infinity), `id` and those after it, or all with UNRECORDED_ID. */
export interface Stretch {
  readonly id: number;
  readonly count: number;
}

/** Which message goes next: warm-up, canary, then ids 0, 1, 2 … until the count is reached or the window is over. */
export class MessageIds {
  #warmupLeft: number;
  #canaryLeft: number;
  #nextId = 0;
  #limit: number;

  constructor(options: MessageIdsOptions) {
    this.#warmupLeft = options.warmupCount;
    this.#canaryLeft = options.canary ? 1 : 0;
    this.#limit = options.messageCount;
  }

  /** The next message's id, UNRECORDED_ID, or END. */
  next(): number {
    if (this.#warmupLeft > 0) {
      this.#warmupLeft--;
      return UNRECORDED_ID;
    }
    if (this.#canaryLeft > 0) {
      this.#canaryLeft--;
      return UNRECORDED_ID;
    }
    return this.#nextId < this.#limit ? this.#nextId++ : END;
  }

  /** All of them up to the next change, in place of as many calls of `next`; null when the phase is over. */
  nextStretch(): Stretch | null {
    const unrecorded = this.#warmupLeft > 0 ? this.#warmupLeft : this.#canaryLeft;
    if (this.#warmupLeft > 0) this.#warmupLeft = 0;
    else this.#canaryLeft = 0;
    if (unrecorded > 0) return { id: UNRECORDED_ID, count: unrecorded };
    const id = this.#nextId;
    this.#nextId = this.#limit;
    return id < this.#limit ? { id, count: this.#limit - id } : null;
  }

  /** The measured window is over: the next call returns END. */
  endWindow(): void {
    this.#limit = 0;
  }

  /** Whether a pause belongs after the message just handed out: warm-up and canary go without, and so does the end. */
  get wantsPause(): boolean {
    return this.#nextId > 0 && this.#nextId < this.#limit;
  }
}
