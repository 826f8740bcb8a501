import type { RunPlan } from "./run-plan.ts";

/** Longest stretch without any message handled; pauses asked for come on top. */
const SILENCE_MS = 10_000;

/** Clients wait for each other to be warm, which their server takes for silence; the orchestrator watches more closely. */
const PATIENCE_WITH_SEVERAL = 10;

/** The same at the server's end of a connection, where several clients may be measured at once. */
export function connectionSilenceMs(silenceMs: number, clientCount: number): number {
  return silenceMs * (clientCount > 1 ? PATIENCE_WITH_SEVERAL : 1);
}

/** How long a peer may say nothing in a test. A random gap of twenty times the mean is as good as impossible: e^-20. */
export function silenceMsOf({ sendDelayNs, arrival }: Pick<RunPlan, "sendDelayNs" | "arrival">): number {
  const gapMs = arrival === null ? 0 : (arrival.burst * 1000) / arrival.ratePerSecond;
  return SILENCE_MS + Math.ceil((2 * sendDelayNs) / 1e6 + 20 * gapMs);
}

/** As long as the slowest rates need; with more the shim's nanoseconds would run over. */
const LONGEST_GUEST_SILENCE_MS = 86_400_000;

/** The same for a client that another command started, which may say what it likes. */
export function guestSilenceMsOf(terms: Pick<RunPlan, "sendDelayNs" | "arrival">): number {
  const pausesMs = Math.ceil((2 * terms.sendDelayNs) / 1e6);
  return Math.min(silenceMsOf(terms), pausesMs + LONGEST_GUEST_SILENCE_MS);
}
