/** What can be found about a test. The words for each are in words.ts. */

/** A finding that makes the figures of a test worthless for comparison. */
export const REASON_IDS = [
  "incomplete",
  "messages-lost",
  "messages-duplicated",
  "messages-reordered",
  "messages-corrupt",
  "rate-missed",
  "buffer-smaller",
  "cpu-differs",
  "rt-not-in-force",
  "cpu-dma-latency-not-in-force",
  "throttled",
  "too-few-samples",
  "clock-too-coarse",
] as const;

/** A finding that may explain figures, or make them hard to repeat. */
export const WARNING_IDS = [
  "latency-absent",
  "foreign-peer",
  "unpinned",
  "shared-cpu",
  "placement-bimodal",
  "one-cpu",
  "more-clients-than-cpus",
  "governor",
  "deep-idle",
  "clock-source",
  "virtual-machine",
  "smt-sibling",
  "steal",
  "cpu-pressure",
  "migrations",
  "major-faults",
  "stream-stalls",
  "sender-late",
  "percentiles-unbacked",
  "percentiles-clustered",
  "rt-bandwidth",
] as const;

export type ReasonId = (typeof REASON_IDS)[number];
export type WarningId = (typeof WARNING_IDS)[number];
export type FindingId = ReasonId | WarningId;

/** Units stand in the figures' names; shares are 0 to 1. */
export type Figures = Readonly<Record<string, number | string>>;

export interface Finding<Id extends FindingId = FindingId> {
  readonly id: Id;
  readonly figures: Figures;
}

export interface Verdict {
  readonly verdict: "valid" | "invalid";
  /** Why it is invalid; empty when it is valid. */
  readonly reasons: readonly Finding<ReasonId>[];
  readonly warnings: readonly Finding<WarningId>[];
}
