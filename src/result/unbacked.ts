/** Percentiles that were asked for and mean little: the mark that stands beside them, and its schema. */

import { type Static, Type } from "@sinclair/typebox";
import {
  excursionsBeyond,
  hasSamplesBeyond,
  isBacked,
  SAMPLES_NEEDED_BEYOND,
  samplesBeyond,
  tailOf,
} from "../stats/backing.ts";
import { exactInteger } from "../stats/exact.ts";
import type { LatencySnapshot } from "../stats/snapshot.ts";
import { counted } from "../text/counted.ts";
import { closed, count, exactInteger as exactIntegerSchema, nullable, quantity } from "../text/schema-parts.ts";

const UnbackedPercentileSchema = closed({
  percentile: quantity("The percentile, 0 to 100"),
  samples_beyond: exactIntegerSchema("Samples in the shorter tail beyond it"),
  excursions_beyond: nullable(
    count("Separate groups of successive samples beyond it"),
    "null where it is not known how the samples followed each other",
  ),
  reason: Type.String({ description: "Why its value says little" }),
});

export type UnbackedPercentile = Static<typeof UnbackedPercentileSchema>;

export function unbackedSchema(description: string) {
  return Type.Array(UnbackedPercentileSchema, { description });
}

/** Those of the percentiles that say more about chance than about the mechanism. */
export function unbackedPercentiles(percentiles: readonly number[], snapshot: LatencySnapshot): UnbackedPercentile[] {
  return percentiles.filter((percentile) => !isBacked(percentile, snapshot)).map((one) => markOf(one, snapshot));
}

function markOf(percentile: number, snapshot: LatencySnapshot): UnbackedPercentile {
  const beyond = samplesBeyond(percentile, snapshot.count);
  const excursions = excursionsBeyond(percentile, snapshot);
  const lie = `${counted(beyond, "sample lies", "samples lie")} ${tailOf(percentile)} it`;
  const isTooFew = excursions === null || !hasSamplesBeyond(percentile, snapshot.count);
  return {
    percentile,
    samples_beyond: exactInteger(beyond),
    excursions_beyond: excursions === null ? null : excursions.count,
    reason: isTooFew
      ? `${lie}, ${SAMPLES_NEEDED_BEYOND} are needed`
      : `${lie} in ${counted(excursions.count, "excursion")}, ${excursions.needed} are needed`,
  };
}
