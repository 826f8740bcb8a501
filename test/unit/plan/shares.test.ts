import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { arrivalOf, messagesOf, seedOf, seedOfLaunch, startShiftNs } from "../../../src/plan/shares.ts";

const workers = (count: number) => Array.from({ length: count }, (_, worker) => worker);

describe("messages", () => {
  test("that don't come out even are one more for the first clients", () => {
    expect(workers(4).map((worker) => messagesOf(10, 4, worker))).toEqual([3, 3, 2, 2]);
  });

  test("of all clients are those asked for, and differ by one at most", () => {
    const counts = fc.integer({ min: 1, max: 1e12 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 1024 }), (total, clients) => {
        const shares = workers(clients).map((worker) => messagesOf(total, clients, worker));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a rate", () => {
  const constant = { ratePerSecond: 1000, kind: "constant", burst: 1 } as const;

  test("is shared out", () => {
    expect(arrivalOf(constant, 4)).toEqual({ ...constant, ratePerSecond: 250 });
    expect(arrivalOf(null, 4)).toBeNull();
  });

  test("has the messages of all clients alternate", () => {
    expect(workers(4).map((worker) => startShiftNs(constant, worker))).toEqual([0, 1e6, 2e6, 3e6]);
  });

  test("has their bursts alternate", () => {
    const bursts = { ratePerSecond: 1000, kind: "burst", burst: 10 } as const;
    expect(workers(2).map((worker) => startShiftNs(bursts, worker))).toEqual([0, 1e7]);
  });

  test("of random arrivals needs no shift but seeds of its own", () => {
    expect(startShiftNs({ ...constant, kind: "poisson" }, 3)).toBe(0);
    expect(new Set(workers(1024).map((worker) => seedOf(7, worker))).size).toBe(1024);
  });
});

describe("the seed of a client in a launch", () => {
  const seedIn = (seed: number, launch: number, worker: number) => seedOf(seedOfLaunch(seed, launch), worker);

  test("is the one asked for in the first of both", () => {
    for (const seed of [0, 7, Number.MAX_SAFE_INTEGER]) expect(seedIn(seed, 1, 0)).toBe(seed);
  });

  test("is nobody else's, whatever was asked for", () => {
    const asked = [...workers(60), Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER];
    const seeds = asked.flatMap((seed) =>
      workers(12).flatMap((index) => workers(12).map((worker) => seedIn(seed, index + 1, worker))),
    );
    expect(new Set(seeds).size).toBe(asked.length * 12 * 12);
    expect(seeds.every(Number.isSafeInteger)).toBeTrue();
  });

  test("is the same in every version, so that a schedule can be had again", () => {
    expect([seedIn(7, 2, 0), seedIn(7, 1, 1), seedIn(7, 2, 1)]).toEqual([
      5625300699968483, 7007207403907086, 2484242476687802,
    ]);
  });
});
