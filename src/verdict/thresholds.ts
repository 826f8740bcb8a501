/** Where judging draws its lines; docs/methodology.md says why. */

/** Share of the asked rate below which a run missed it. */
export const LEAST_RATE_SHARE = 0.99;
/** Fewer latencies than this say nothing about a mechanism. */
export const LEAST_SAMPLES = 100;
/** The clock's step may be this part of the median. */
export const MOST_CLOCK_SHARE = 0.1;
/** Between these shares of messages with both sides on one CPU, a run is a mixture of two. */
export const BIMODAL_FROM_SHARE = 0.05;
export const BIMODAL_TO_SHARE = 0.95;
/** An idle state that takes this long to wake from adds as much to a message as the message takes. */
export const DEEP_IDLE_LATENCY_US = 10;
export const MOST_STEAL_SHARE = 0.01;
/** Share of a test that a side may wait for a CPU, beyond what the two below explain. */
export const MOST_CPU_WAIT_SHARE = 0.01;
/** The kernel counts the wake-up of an idle CPU as waiting for it. So much of it is ordinary, for each time a side slept. */
export const ORDINARY_WAKE_UP_NS = 1000 * DEEP_IDLE_LATENCY_US;
/** Those that a program reads without a system call. */
export const FAST_CLOCK_SOURCES: readonly string[] = ["tsc", "arch_sys_counter"];
