/** How long a run may take: exact where times were asked for, else by rough rates, which this file documents. */

import type { Mode, Test } from "./run-plan.ts";
import type { Step } from "./steps.ts";

/**
 * ns a message, rounded up from runs on small x86-64 virtual machines with both sides waiting in the kernel. Off by a factor of
 * ten is possible: what a wake-up costs depends on the machine, its idle states and the placement of the processes.
 */
const ROUGH_NS: Readonly<Record<Mode, Readonly<Record<Test, number>>>> = {
  async: { "one-way": 10_000, "round-trip": 80_000 },
  blocking: { "one-way": 3_000, "round-trip": 60_000 },
};

/** Copying of payloads: 1 GB a second each way. */
const ROUGH_NS_PER_BYTE = 1;

/** Two processes are started, meet and end. */
const SET_UP_NS = 200_000_000;
/** Each further client. */
const CLIENT_SET_UP_NS = 30_000_000;

export interface Estimate {
  readonly ns: number;
  /** It holds a guess of how fast messages go; false: all of it was asked for, but for set-up and warm-up. */
  readonly isRough: boolean;
}

/** One step, its set-up and warm-up included. */
export function estimateStep({ plan, test, messageBytes }: Step): Estimate {
  const ways = test === "round-trip" && plan.reply === "echo" ? 2 : 1;
  const roughNs = ROUGH_NS[plan.mode][test] + messageBytes * ways * ROUGH_NS_PER_BYTE;
  const clients = plan.concurrency;
  const aroundNs = SET_UP_NS + (clients - 1) * CLIENT_SET_UP_NS + clients * plan.warmupCount * roughNs;
  if (plan.durationNs !== null) return { ns: aroundNs + plan.durationNs, isRough: false };
  const messages = plan.messageCount ?? 0;
  if (plan.arrival !== null) {
    return { ns: aroundNs + (messages / plan.arrival.ratePerSecond) * 1e9, isRough: false };
  }
  // Clients pause at the same time, but share the CPUs.
  return { ns: aroundNs + messages * (roughNs + plan.sendDelayNs / clients), isRough: true };
}

/** Several steps, one after the other. */
export function estimateSteps(steps: readonly Step[]): Estimate {
  const each = steps.map(estimateStep);
  return {
    ns: each.reduce((total, { ns }) => total + ns, 0),
    isRough: each.some(({ isRough }) => isRough),
  };
}
