/** What each of several clients gets of what was asked for in all. Pure. */

import type { ArrivalPlan } from "../cli/plan.ts";

const NS_PER_SECOND = 1e9;
/** Seeds of the clients lie apart, so that those of neighbouring launches don't coincide. */
const SEED_STRIDE = 1_000_003;

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

/** Independent random arrivals for each client; the first has the seed itself. */
export function seedOf(seed: number, worker: number): number {
  return (seed + worker * SEED_STRIDE) % Number.MAX_SAFE_INTEGER;
}
