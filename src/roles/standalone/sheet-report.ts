/** One side's sheet of the ledger as JSON, and back: how a server's results reach a client that shares no memory with it. */

import { Value } from "@sinclair/typebox/value";
import { RunError } from "../../cli/errors.ts";
import type { LedgerFile } from "../../measure/ledger.ts";
import { DISTRIBUTION } from "../../native/layout.ts";
import { decodeBuckets, encodeBuckets } from "../../stats/hdr.ts";
import { BUCKET_COUNT } from "../../stats/histogram.ts";
import type { UsageFigures } from "../../system/usage-schema.ts";
import type { EffectiveReport } from "../control.ts";
import { OwnFiguresSchema } from "./note-schema.ts";

/** What a receiver counts; integers of any size, as digits. */
const COUNTERS = [
  "sent_count",
  "received_count",
  "duplicated_count",
  "reordered_count",
  "corrupt_count",
  "warmup_count",
  "room_wait_count",
  "room_wait_ns",
  "first_send_ns",
  "last_send_ns",
  "last_receive_ns",
  "migration_count",
  "stall_count",
  "stall_ns",
] as const;

const SUMS = ["count", "min_ns", "max_ns", "sum_ns", "sum_of_squares_low", "sum_of_squares_high"] as const;
/** What a receiver records; lateness is the sender's. */
const DISTRIBUTIONS = ["service", "response"] as const;

type Digits<Name extends string> = Readonly<Record<Name, string>>;

interface DistributionReport {
  readonly sums: Digits<(typeof SUMS)[number]>;
  readonly overflowCount: string;
  /** HdrHistogram's compressed V2 encoding, base64; "" where nothing lies in a bucket. */
  readonly buckets: string;
}

/** What a server says of a test that it served. */
export interface ServerReport {
  readonly counters: Digits<(typeof COUNTERS)[number]>;
  /** Words of a bit for each CPU. */
  readonly cpus: readonly string[];
  readonly distributions: Readonly<Record<(typeof DISTRIBUTIONS)[number], DistributionReport>>;
  readonly effective: EffectiveReport;
  readonly usage: UsageFigures | null;
}

function distributionReport(ledger: LedgerFile, sheet: number, which: (typeof DISTRIBUTIONS)[number]) {
  const view = ledger.sheet(sheet).nested(which, DISTRIBUTION);
  const snapshot = ledger.distribution(sheet, which);
  return {
    sums: Object.fromEntries(SUMS.map((name) => [name, String(view.get(name))])),
    overflowCount: String(snapshot.overflowCount),
    buckets: snapshot.count === snapshot.overflowCount ? "" : encodeBuckets(snapshot),
  } as DistributionReport;
}

/** The sheet as it is now. */
export function reportSheet(
  ledger: LedgerFile,
  sheet: number,
  own: Pick<ServerReport, "effective" | "usage">,
): ServerReport {
  const view = ledger.sheet(sheet);
  const counters = Object.fromEntries(COUNTERS.map((name) => [name, String(view.get(name))]));
  return {
    counters: counters as ServerReport["counters"],
    cpus: [...view.words("cpus_used")].map(String),
    distributions: {
      service: distributionReport(ledger, sheet, "service"),
      response: distributionReport(ledger, sheet, "response"),
    },
    ...own,
  };
}

/** No count may be missing from the buckets or be in them twice. */
function checkedBuckets({ sums, overflowCount, buckets }: DistributionReport): BigUint64Array {
  const counts = buckets === "" ? new BigUint64Array(BUCKET_COUNT) : decodeBuckets(buckets);
  const inBuckets = counts.reduce((total, count) => total + count, 0n);
  if (inBuckets + BigInt(overflowCount) !== BigInt(sums.count))
    throw new RangeError("counts that don't add up");
  return counts;
}

/** Puts a peer's report into the sheet that the peer would have written, had it shared this memory. @throws RunError */
export function adoptReport(ledger: LedgerFile, sheet: number, report: ServerReport): void {
  try {
    if (!Value.Check(OwnFiguresSchema, report)) throw new RangeError("figures that can't be");
    const view = ledger.sheet(sheet);
    for (const name of COUNTERS) view.set(name, BigInt(report.counters[name]));
    for (const which of DISTRIBUTIONS) {
      const { sums, overflowCount } = report.distributions[which];
      const buckets = checkedBuckets(report.distributions[which]);
      const distribution = view.nested(which, DISTRIBUTION);
      for (const name of SUMS) distribution.set(name, BigInt(sums[name]));
      distribution.set("overflow_count", BigInt(overflowCount));
      distribution.setWords("buckets", buckets);
    }
    view.setWords(
      "cpus_used",
      BigUint64Array.from(report.cpus.slice(0, view.words("cpus_used").length), BigInt),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`the server's report can't be read: ${reason}`);
  }
}
