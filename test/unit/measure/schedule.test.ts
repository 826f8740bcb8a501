import { describe, expect, test } from "bun:test";
import { UNRECORDED_ID } from "../../../src/channel/channel.ts";
import { END, Schedule } from "../../../src/measure/message-ids.ts";

/** What is handed out until the end. */
function run(options: { warmupCount: number; canary: boolean; messageCount: number }): number[] {
  const log: number[] = [];
  const schedule = new Schedule(options);
  for (let id = schedule.next(); id !== END; id = schedule.next()) log.push(id);
  expect(schedule.next()).toBe(END);
  return log;
}

const U = UNRECORDED_ID;

describe("a schedule", () => {
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
          const schedule = new Schedule(options);
          const ids: number[] = [];
          for (let stretch = schedule.nextStretch(); stretch !== null; stretch = schedule.nextStretch()) {
            const { id, count } = stretch;
            for (let i = 0; i < count; i++) ids.push(id === U ? U : id + i);
          }
          expect(ids).toEqual(run(options));
          expect(schedule.next()).toBe(END);
        }
      }
    }
  });

  test("without a count has one stretch without end", () => {
    const schedule = new Schedule({ warmupCount: 0, canary: false, messageCount: Number.POSITIVE_INFINITY });
    expect(schedule.nextStretch()).toEqual({ id: 0, count: Number.POSITIVE_INFINITY });
    expect(schedule.nextStretch()).toBeNull();
  });

  test("without a count goes on until its window is over", () => {
    const schedule = new Schedule({
      warmupCount: 0,
      canary: false,
      messageCount: Number.POSITIVE_INFINITY,
    });
    for (let id = 0; id < 100_000; id++) if (schedule.next() !== id) throw new Error(`not ${id}`);
    schedule.endWindow();
    expect(schedule.next()).toBe(END);
    expect(schedule.next()).toBe(END);
  });

  test("whose window ends before its count hands out no more", () => {
    const schedule = new Schedule({ warmupCount: 0, canary: false, messageCount: 5 });
    expect([schedule.next(), schedule.next()]).toEqual([0, 1]);
    schedule.endWindow();
    expect(schedule.next()).toBe(END);
  });

  test("wants pauses between recorded messages only", () => {
    const schedule = new Schedule({ warmupCount: 1, canary: true, messageCount: 3 });
    const pauses: [number, boolean][] = [];
    for (let id = schedule.next(); id !== END; id = schedule.next()) pauses.push([id, schedule.wantsPause]);
    expect(pauses).toEqual([
      [UNRECORDED_ID, false],
      [UNRECORDED_ID, false],
      [0, true],
      [1, true],
      [2, false],
    ]);
  });

  test("wants no pause once its window is over", () => {
    const schedule = new Schedule({ warmupCount: 0, canary: false, messageCount: 9 });
    schedule.next();
    schedule.endWindow();
    expect(schedule.wantsPause).toBe(false);
  });
});
