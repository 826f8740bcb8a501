/** What each launch and each of several clients gets of what was asked for in all. Pure. */

import type { ArrivalPlan } from "./run-plan.ts";

const NS_PER_SECOND = 1e9;
/** So that the second launch has other seeds than the second client. */
const OF_LAUNCHES = 1n;
const OF_CLIENTS = 2n;

/** 10 messages over 4 clients: 3, 3, 2, 2. */
export function messagesOf(total: number, clientCount: number, worker: number): number {
  return Math.floor(total / clientCount) + (worker < total % clientCount ? 1 : 0);
}

/** The same schedule with its part of the rate. */
export function arrivalOf(arrival: ArrivalPlan | null, clientCount: number): ArrivalPlan | null {
  return arrival === null ? null : { ...arrival, ratePerSecond: arrival.ratePerSecond / clientCount };
}

/**
 * How much later than the first client this one begins, so that their messages, or bursts, alternate. Random arrivals need none.
 * @param arrival of all clients together
 */
export function startShiftNs(arrival: ArrivalPlan | null, worker: number): number {
  if (arrival === null || arrival.kind === "poisson") return 0;
  return (worker * arrival.burst * NS_PER_SECOND) / arrival.ratePerSecond;
}

/** One step of splitmix64 (G. Steele, D. Lea and C. Flood, 2014). */
function mixed(value: bigint): bigint {
  let bits = BigInt.asUintN(64, value + 0x9e3779b97f4a7c15n);
  bits = BigInt.asUintN(64, (bits ^ (bits >> 30n)) * 0xbf58476d1ce4e5b9n);
  bits = BigInt.asUintN(64, (bits ^ (bits >> 27n)) * 0x94d049bb133111ebn);
  return bits ^ (bits >> 31n);
}

/**
 * The seed itself, then others. They are mixed, not counted up, which would lead to the schedules of the next seeds. 53 bits, as
 * seeds cross as doubles.
 */
function derivedSeed(seed: number, kind: bigint, index: number): number {
  return index === 0 ? seed : Number(mixed(mixed(mixed(BigInt(seed)) + kind) + BigInt(index)) >> 11n);
}

/**
 * Of what one launch draws at random.
 * @param launch from 1, which has the seed itself
 */
export function seedOfLaunch(seed: number, launch: number): number {
  return derivedSeed(seed, OF_LAUNCHES, launch - 1);
}

/**
 * Independent random arrivals for each client; the first has the seed itself.
 * @param seed of the launch
 */
export function seedOf(seed: number, worker: number): number {
  return derivedSeed(seed, OF_CLIENTS, worker);
}
