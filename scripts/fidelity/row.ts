/** What is compared: one row of the table, the same for both programs. */

export const MECHANISMS = ["uds", "tcp", "pmq", "shm", "shm-direct"] as const;
export const TESTS = ["one-way", "round-trip"] as const;
export const LOADS = ["paced", "saturated"] as const;
export const PLACEMENTS = ["one-cpu", "two-cpus"] as const;
export const WAITS = ["block", "spin"] as const;
/**
 * What is compared: this program with plain C; plain C with itself, which shows how far apart two equal programs come out on
 * this machine; this program with and without streaming, or an orchestrator.
 */
export const SUBJECTS = ["program", "control", "streaming", "orchestrator"] as const;

export interface Row {
  readonly subject: (typeof SUBJECTS)[number];
  readonly mechanism: (typeof MECHANISMS)[number];
  readonly test: (typeof TESTS)[number];
  readonly load: (typeof LOADS)[number];
  readonly placement: (typeof PLACEMENTS)[number];
  readonly wait: (typeof WAITS)[number];
  readonly payloadBytes: number;
}

/** Pause after each message of a paced row. */
export const PACE_NS = 100_000;
const PACED_COUNT = 5_000;

/** Messages that take some tenths of a second on the machine for which DESIGN.md has figures. */
const SATURATED_ONE_WAY = { uds: 200_000, tcp: 100_000, pmq: 200_000, shm: 1_000_000, "shm-direct": 50_000 };
const SATURATED_ROUND_TRIP = 30_000;
const SPINNING_ROUND_TRIP = 500_000;

export function messageCountOf(row: Row): number {
  if (row.load === "paced") return PACED_COUNT;
  if (row.test === "one-way") return SATURATED_ONE_WAY[row.mechanism];
  return row.wait === "spin" ? SPINNING_ROUND_TRIP : SATURATED_ROUND_TRIP;
}

/**
 * Spinning makes sense for the ring alone, and only where the other side has a CPU of its own. What an option costs is looked
 * at on one CPU, where nobody has to be woken on another, and without a queue, whose depth hides all else. The control is for
 * the rows that the machine disturbs most.
 */
function exists(row: Row): boolean {
  if (row.subject === "control") return row.wait === "block" && row.placement === "two-cpus" && row.load === "paced";
  if (row.subject !== "program") return row.wait === "block" && row.placement === "one-cpu" && !measuresThroughput(row);
  return row.wait === "block" || (row.mechanism === "shm" && row.placement === "two-cpus");
}

/** Every row of the table for these payloads, in its order. */
export function allRows(payloads: readonly number[]): Row[] {
  const combinations = <Key extends keyof Row>(rows: readonly Partial<Row>[], key: Key, values: readonly Row[Key][]) =>
    rows.flatMap((row) => values.map((value) => ({ ...row, [key]: value })));
  let rows: readonly Partial<Row>[] = [{}];
  rows = combinations(rows, "subject", SUBJECTS);
  rows = combinations(rows, "payloadBytes", payloads);
  rows = combinations(rows, "mechanism", MECHANISMS);
  rows = combinations(rows, "wait", WAITS);
  rows = combinations(rows, "test", TESTS);
  rows = combinations(rows, "load", LOADS);
  rows = combinations(rows, "placement", PLACEMENTS);
  return (rows as readonly Row[]).filter(exists);
}

/** Whether senders run ahead of the receiver, so that throughput is a figure of its own. */
export function measuresThroughput(row: Row): boolean {
  return row.load === "saturated" && row.test === "one-way";
}

export function rowName(row: Row): string {
  const wait = row.wait === "spin" ? " spinning" : "";
  const subject = row.subject === "program" ? "" : `, ${row.subject}`;
  return `${row.mechanism}${wait} ${row.test} ${row.load} ${row.placement} ${row.payloadBytes} B${subject}`;
}
