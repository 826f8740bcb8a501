/** How the sender waited for the moments of its messages: what the tool itself adds depends on that. */

import type { Static } from "@sinclair/typebox";
import type { Measurement } from "../measure/measurement.ts";
import { closed, count, oneOf } from "../text/schema-parts.ts";

const KINDS = ["sleeps", "spins", "both"] as const;

export const PacingSchema = closed(
  {
    kind: oneOf(
      KINDS,
      "sleeps: before 95 % of the messages or more the sender slept, and only spun the last 50 us; spins: before 5 % or fewer; both: else",
    ),
    slept_messages: count(
      "Messages before which the sender slept. Before the others it spun, or was late and sent at once",
    ),
  },
  "How the sender waited between messages. Its own wake-up from a sleep is in no figure",
);
export type PacingDetails = Static<typeof PacingSchema>;

const MIXED_FROM_SHARE = 0.05;

/** null where the sender had nothing to wait for. */
export function pacingDetails({ sleptMessages, counts: { sent } }: Measurement): PacingDetails | null {
  if (sleptMessages === null || sent === 0) return null;
  const share = sleptMessages / sent;
  const kind = share >= 1 - MIXED_FROM_SHARE ? "sleeps" : share <= MIXED_FROM_SHARE ? "spins" : "both";
  return { kind, slept_messages: sleptMessages };
}
