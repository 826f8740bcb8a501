/** Numbers that look random and are the same for the same seed, so that a case can be run again. */
export class Random {
  #state: number;

  /** @param seed any text; every case has its own */
  constructor(seed: string) {
    this.#state = Bun.hash.xxHash32(seed);
  }

  /** 0 up to, not including, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return this.next() * limit;
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.below(choices.length))]!;
  }
}
