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

/** Of an offset as the facts have it; null if it is none. */
function offsetNs(offset: string | null): bigint | null {
  const found = /^(-?\d{1,12}) (\d{1,9})$/.exec(offset ?? "");
  return found === null ? null : BigInt(found[1]!) * 1_000_000_000n + BigInt(found[2]!);
}

/** "1000 s", whichever is ahead. */
function distance(one: bigint, other: bigint): string {
  return `${Math.abs(Number(one - other)) / 1e9} s`;
}

/** Why stamps of the two can't be compared, in one line; null if they can. */
export function clockDifference(own: ClockFacts, peer: ClockFacts): string | null {
  if (own.boot !== peer.boot)
    return `the peers run on different kernels (boot id ${own.boot} here, ${peer.boot} there)`;
  if (own.monotonicOffset !== peer.monotonicOffset) {
    const [here, there] = [offsetNs(own.monotonicOffset), offsetNs(peer.monotonicOffset)];
    const apart = here === null || there === null ? "differ" : `are ${distance(here, there)} apart`;
    return `the clocks of the peers' time namespaces ${apart}`;
  }
  const [here, there] = [BigInt(own.realtimeOffsetNs), BigInt(peer.realtimeOffsetNs)];
  const apartNs = here - there;
  if (apartNs < SAME_CLOCK_NS && apartNs > -SAME_CLOCK_NS) return null;
  return `the peers' clocks differ by ${distance(here, there)} (wall clock less monotonic clock)`;
}
