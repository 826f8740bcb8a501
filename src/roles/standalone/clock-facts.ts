/** Which clock and which machine this process stamps with, so that peers can tell whether their stamps may be compared. */

import { readFileSync } from "node:fs";
import { native } from "../../native/library.ts";
import type { ClockFacts } from "./note-schema.ts";

/** Two readings of the same clocks lie this close together, also when the wall clock is being slewed between them. */
const SAME_CLOCK_NS = 10_000_000n;

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** The line "monotonic <seconds> <nanoseconds>" of a timens_offsets file; null without one. */
export function monotonicOffsetOf(offsets: string | null): string | null {
  const found = offsets === null ? null : /^monotonic\s+(-?\d+)\s+(\d+)/m.exec(offsets);
  return found === null ? null : `${found[1]} ${found[2]}`;
}

export function readClockFacts(): ClockFacts {
  return {
    boot: textOf("/proc/sys/kernel/random/boot_id")?.trim() ?? null,
    monotonicOffset: monotonicOffsetOf(textOf("/proc/self/timens_offsets")),
    realtimeOffsetNs: String(native().clock_realtime_offset_ns()),
  };
}

/** Why stamps of the two can't be compared, one line that names both values; null if they can. */
export function clockDifference(own: ClockFacts, peer: ClockFacts): string | null {
  if (own.boot !== peer.boot)
    return `the peers run on different kernels (boot id ${own.boot} here, ${peer.boot} there)`;
  if (own.monotonicOffset !== peer.monotonicOffset) {
    return `the peers are in time namespaces with different clocks (offset ${own.monotonicOffset} here, ${peer.monotonicOffset} there, seconds and ns)`;
  }
  const apartNs = BigInt(own.realtimeOffsetNs) - BigInt(peer.realtimeOffsetNs);
  if (apartNs < SAME_CLOCK_NS && apartNs > -SAME_CLOCK_NS) return null;
  return `the peers' clocks differ (wall clock less monotonic clock: ${own.realtimeOffsetNs} ns here, ${peer.realtimeOffsetNs} ns there)`;
}
