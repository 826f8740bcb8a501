/** A factor of the column "vs best", and what is said below the table about it. */

import type { VsBest } from "../result/schema-details.ts";
import { FEWEST_FOR_INTERVAL } from "../stats/bootstrap.ts";
import { factorText } from "../text/units.ts";
import { type Group, rateWithoutQueue } from "./groups.ts";

/** Stands behind a factor that is no rank. */
const NO_RANK = "?";

/** "2.05x"; "1.34x?" where too few launches make it no rank; "≈1.03x" where it can't be told from the best. */
export function factorShown(vsBest: VsBest | null, utf8: boolean): string {
  if (vsBest === null) return "-";
  const text = factorText(vsBest.factor);
  if (vsBest.differs === null) return text + NO_RANK;
  return vsBest.differs || vsBest.factor === 1 ? text : `${alike(utf8)}${text}`;
}

const alike = (utf8: boolean) => (utf8 ? "≈" : "~=");

/** The same with its interval: "2.05x [1.9–2.2]". */
export function factorWithInterval(vsBest: VsBest | null): string {
  const text = factorShown(vsBest, true);
  if (vsBest?.low == null || vsBest.high == null || vsBest.factor === 1) return text;
  return `${text} [${factorText(vsBest.low)}–${factorText(vsBest.high)}]`;
}

/** A factor of `factorShown` that is no rank, in a line of a table. */
export const NO_RANK_IN_LINE = /[\d.]+x\?/;

/** What "vs best" compares, and what its signs mean; none where nothing is compared. */
export function factorNotes(groups: readonly Group[], utf8: boolean): string[] {
  const factors = groups.flatMap(({ rankedBy, ranked }) =>
    ranked.flatMap(({ vsBest }) => (vsBest === null ? [] : [{ rankedBy, vsBest }])),
  );
  if (factors.length === 0) return [];
  const isUnsure = factors.some(({ vsBest }) => vsBest.differs === null);
  const isAlike = factors.some(({ vsBest }) => vsBest.differs === false && vsBest.factor !== 1);
  return [
    `vs best: ${comparedText(new Set(factors.map(({ rankedBy }) => rankedBy!)))}.`,
    ...(isUnsure
      ? [
          `${NO_RANK}  no rank: the next run may give another order. --launches ${FEWEST_FOR_INTERVAL} or more can tell.`,
        ]
      : []),
    ...(isAlike
      ? [`${alike(utf8)}  can't be told from the best: 1 lies in the 95 % interval (bootstrap over launches).`]
      : []),
  ];
}

function comparedText(rankedBy: ReadonlySet<string>): string {
  const percentiles = [...rankedBy]
    .filter((one) => one !== "messages_per_second")
    .map((one) => `${one} / lowest ${one}`);
  if (!rankedBy.has("messages_per_second")) return percentiles.join("; ");
  const rate = "msg/s / highest msg/s";
  return percentiles.length === 0 ? rate : `${rate} where messages queue up, else ${percentiles.join("; ")}`;
}

/** Where one-way tests measured their own queue: what their latency is, and how to get another one. */
export function queueNote(groups: readonly Group[]): string | null {
  const rate = rateWithoutQueue(groups);
  if (rate === null) return null;
  return (
    "in flight: msg/s times mean latency. From 2 on, one-way latency is time in the queue. For messages that find no queue: " +
    `--rate ${rate}`
  );
}
