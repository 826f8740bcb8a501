import { describe, expect, test } from "bun:test";
import { UNRECORDED_ID } from "../../../src/channel/channel.ts";
import { END, MessageIds } from "../../../src/measure/message-ids.ts";

/** What is handed out until the end. */
function run(options: { warmupCount: number; canary: boolean; messageCount: number }): number[] {
  const log: number[] = [];
  const ids = new MessageIds(options);
  for (let id = ids.next(); id !== END; id = ids.next()) log.push(id);
  expect(ids.next()).toBe(END);
  return log;
}

const U = UNRECORDED_ID;

describe("the ids of a phase", () => {
  test.each([
    ["warms up, sends the canary, then counts from 0", 2, true, 3, [U, U, U, 0, 1, 2]],
    ["without a canary counts right after the warm-up", 1, false, 2, [U, 0, 1]],
    ["without warm-up counts at once", 0, false, 1, [0]],
    ["of no messages still warms up and sends the canary", 1, true, 0, [U, U]],
    ["of nothing is over at once", 0, false, 0, []],
  ] as const)("%s", (_words, warmupCount, canary, messageCount, ids) => {
    expect(run({ warmupCount, canary, messageCount })).toEqual([...ids]);
  });

  test("hands out the same in stretches", () => {
    for (const warmupCount of [0, 1, 5]) {
      for (const canary of [false, true]) {
        for (const messageCount of [0, 1, 4]) {
          const options = { warmupCount, canary, messageCount };
          const ids = new MessageIds(options);
          const handedOut: number[] = [];
          for (let stretch = ids.nextStretch(); stretch !== null; stretch = ids.nextStretch()) {
            const { id, count } = stretch;
            for (let i = 0; i < count; i++) handedOut.push(id === U ? U : id + i);
          }
          expect(handedOut).toEqual(run(options));
          expect(ids.next()).toBe(END);
        }
      }
    }
  });

  test("without a count has one stretch without end", () => {
    const ids = new MessageIds({
      warmupCount: 0,
      canary: false,
      messageCount: Number.POSITIVE_INFINITY,
    });
    expect(ids.nextStretch()).toEqual({ id: 0, count: Number.POSITIVE_INFINITY });
    expect(ids.nextStretch()).toBeNull();
  });

  test("without a count goes on until its window is over", () => {
    const ids = new MessageIds({
      warmupCount: 0,
      canary: false,
      messageCount: Number.POSITIVE_INFINITY,
    });
    for (let id = 0; id < 100_000; id++) if (ids.next() !== id) throw new Error(`not ${id}`);
    ids.endWindow();
    expect(ids.next()).toBe(END);
    expect(ids.next()).toBe(END);
  });

  test("whose window ends before its count hands out no more", () => {
    const ids = new MessageIds({ warmupCount: 0, canary: false, messageCount: 5 });
    expect([ids.next(), ids.next()]).toEqual([0, 1]);
    ids.endWindow();
    expect(ids.next()).toBe(END);
  });

  test("wants pauses between recorded messages only", () => {
    const ids = new MessageIds({ warmupCount: 1, canary: true, messageCount: 3 });
    const pauses: [number, boolean][] = [];
    for (let id = ids.next(); id !== END; id = ids.next()) pauses.push([id, ids.wantsPause]);
    expect(pauses).toEqual([
      [UNRECORDED_ID, false],
      [UNRECORDED_ID, false],
      [0, true],
      [1, true],
      [2, false],
    ]);
  });

  test("wants no pause once its window is over", () => {
    const ids = new MessageIds({ warmupCount: 0, canary: false, messageCount: 9 });
    ids.next();
    ids.endWindow();
    expect(ids.wantsPause).toBe(false);
  });
});
