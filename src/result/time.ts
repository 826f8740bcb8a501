const NS_PER_SECOND = 1_000_000_000;

/** Moment given as ns since the epoch → RFC 3339 in UTC with all nine digits; never through a double. */
export function epochNsToRfc3339(epochNs: bigint): string {
  const milliseconds = Number(epochNs / 1_000_000n);
  const nanos = epochNs % BigInt(NS_PER_SECOND);
  const toTheSecond = new Date(milliseconds).toISOString().slice(0, "yyyy-mm-ddThh:mm:ss".length);
  return `${toTheSecond}.${nanos.toString().padStart(9, "0")}Z`;
}

/** Time in ns → whole seconds and the rest, as the reference writes durations. */
export function secsAndNanos(durationNs: number): { secs: number; nanos: number } {
  const wholeNs = Math.round(durationNs);
  return { secs: Math.floor(wholeNs / NS_PER_SECOND), nanos: wholeNs % NS_PER_SECOND };
}
