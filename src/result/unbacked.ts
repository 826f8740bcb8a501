/** Percentiles that were asked for and mean little: the mark that stands beside them, and its schema. */

import { type Static, Type } from "@sinclair/typebox";
import { exactInteger } from "../stats/exact.ts";
import { isBacked, SAMPLES_NEEDED_BEYOND, samplesBeyond, tailOf } from "../stats/histogram.ts";
import { counted } from "../text/counted.ts";
import { closed, exactInteger as exactIntegerSchema, quantity } from "../text/schema-parts.ts";

const UnbackedPercentileSchema = closed({
  percentile: quantity("The percentile, 0 to 100"),
  samples_beyond: exactIntegerSchema("Samples in the shorter tail beyond it"),
  reason: Type.String({ description: "Why its value says little" }),
});

export type UnbackedPercentile = Static<typeof UnbackedPercentileSchema>;

export function unbackedSchema(description: string) {
  return Type.Array(UnbackedPercentileSchema, { description });
}

/** Those of the percentiles that a number of samples is not enough for. */
export function unbackedPercentiles(percentiles: readonly number[], count: bigint): UnbackedPercentile[] {
  return percentiles
    .filter((percentile) => !isBacked(percentile, count))
    .map((percentile) => {
      const beyond = samplesBeyond(percentile, count);
      return {
        percentile,
        samples_beyond: exactInteger(beyond),
        reason: `${counted(beyond, "sample lies", "samples lie")} ${tailOf(percentile)} it, ${SAMPLES_NEEDED_BEYOND} are needed`,
      };
    });
}
