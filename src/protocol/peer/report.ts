/** One side's sheet of the ledger as JSON, and back: how a server's results reach a client that shares no memory with it. */

import { Value } from "@sinclair/typebox/value";
import { DISTRIBUTION } from "../../native/layout.ts";
import type { LedgerFile } from "../../native/ledger.ts";
import { RunError } from "../../plan/errors.ts";
import { contradictionIn } from "../../stats/consistency.ts";
import { decodeBuckets, encodeBuckets } from "../../stats/hdr.ts";
import { BUCKET_COUNT } from "../../stats/histogram.ts";
import type { UsageFigures } from "../../system/usage-schema.ts";
import type { EffectiveReport } from "../control.ts";
import { COUNTS, DISTRIBUTIONS, ServerReportSchema, SUMS, TIMES } from "./note-schema.ts";

const COUNTERS = [...COUNTS, ...TIMES];

type Digits<Name extends string> = Readonly<Record<Name, string>>;

interface DistributionReport {
  readonly sums: Digits<(typeof SUMS)[number]>;
  readonly overflowCount: string;
  readonly buckets: string;
  readonly rises?: { readonly from: string; readonly to: string };
}

/** As ServerReportSchema has it. */
export interface ServerReport {
  readonly counters: Digits<(typeof COUNTERS)[number]>;
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
    ...(snapshot.rises === null ? {} : { rises: encodedRises(snapshot.rises) }),
  } as DistributionReport;
}

/** Both parts are counts, as a histogram has them. */
function encodedRises(rises: BigInt64Array) {
  const only = (sign: bigint) =>
    encodeBuckets({ bucketCounts: BigUint64Array.from(rises, (step) => (step * sign > 0n ? step * sign : 0n)) });
  return { from: only(1n), to: only(-1n) };
}

function decodedRises(rises: DistributionReport["rises"]): BigInt64Array | null {
  if (rises === undefined) return null;
  const [from, to] = [decodeBuckets(rises.from), decodeBuckets(rises.to)];
  return BigInt64Array.from(from, (count, index) => count - to[index]!);
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

const MOST_COUNTED = BigInt(Number.MAX_SAFE_INTEGER);
const LATEST_NS = 2n ** 63n - 1n;
const GREATEST_WORD = 2n ** 64n - 1n;

function upTo(greatest: bigint, digits: string): bigint {
  const value = BigInt(digits);
  if (value > greatest) throw new RangeError("impossible numbers");
  return value;
}

/** A distribution as a sheet has it. */
interface Distribution {
  readonly sums: ReadonlyMap<(typeof SUMS)[number], bigint>;
  readonly overflowCount: bigint;
  readonly buckets: BigUint64Array;
  readonly rises: BigInt64Array | null;
}

/** Its figures must be able to be those of one distribution. */
function checkedDistribution({ sums, overflowCount, buckets, rises }: DistributionReport): Distribution {
  const sum = (name: (typeof SUMS)[number]) => upTo(name === "count" ? MOST_COUNTED : GREATEST_WORD, sums[name]);
  const snapshot = {
    bucketCounts: buckets === "" ? new BigUint64Array(BUCKET_COUNT) : decodeBuckets(buckets),
    rises: decodedRises(rises),
    count: sum("count"),
    minNs: sum("min_ns"),
    maxNs: sum("max_ns"),
    sumNs: sum("sum_ns"),
    sumOfSquaresNs2: (sum("sum_of_squares_high") << 64n) | sum("sum_of_squares_low"),
    overflowCount: upTo(MOST_COUNTED, overflowCount),
  };
  const contradiction = contradictionIn(snapshot);
  if (contradiction !== null) throw new RangeError(contradiction);
  return {
    sums: new Map(SUMS.map((name) => [name, sum(name)])),
    overflowCount: snapshot.overflowCount,
    buckets: snapshot.bucketCounts,
    rises: snapshot.rises,
  };
}

/** All that is to be put into a sheet. @throws RangeError where none of ours would have said it */
function checkedReport(report: unknown) {
  if (!Value.Check(ServerReportSchema, report)) throw new RangeError("impossible figures");
  const { counters, distributions, cpus } = report as ServerReport;
  return {
    counts: COUNTS.map((name) => [name, upTo(MOST_COUNTED, counters[name])] as const),
    times: TIMES.map((name) => [name, upTo(LATEST_NS, counters[name])] as const),
    distributions: DISTRIBUTIONS.map((which) => [which, checkedDistribution(distributions[which])] as const),
    cpus: cpus.map((word) => upTo(GREATEST_WORD, word)),
  };
}

/**
 * Puts a peer's report into the sheet that the peer would have written, had it shared this memory; nothing of one that is not sound.
 * @throws RunError
 */
export function adoptReport(ledger: LedgerFile, sheet: number, report: ServerReport): void {
  const { counts, times, distributions, cpus } = checkedOrRefused(report);
  const view = ledger.sheet(sheet);
  for (const [name, value] of [...counts, ...times]) view.set(name, value);
  for (const [which, { sums, overflowCount, buckets, rises }] of distributions) {
    const distribution = view.nested(which, DISTRIBUTION);
    for (const [name, value] of sums) distribution.set(name, value);
    distribution.set("overflow_count", overflowCount);
    distribution.setWords("buckets", buckets);
    if (rises !== null) distribution.setWords("rises", new BigUint64Array(rises.buffer));
  }
  view.setWords("cpus_used", BigUint64Array.from(cpus.slice(0, view.words("cpus_used").length)));
}

function checkedOrRefused(report: unknown) {
  try {
    return checkedReport(report);
  } catch (error) {
    throw new RunError(`the server's report can't be read: ${(error as Error).message}`);
  }
}
