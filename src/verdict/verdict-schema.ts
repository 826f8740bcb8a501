/** A verdict as a result records it: data and words side by side. */

import { type Static, Type } from "@sinclair/typebox";
import { closed, oneOf } from "../text/schema-parts.ts";
import { type Finding, REASON_IDS, type Verdict, WARNING_IDS } from "./finding.ts";
import { inWords } from "./words.ts";

function finding<const Ids extends readonly string[]>(ids: Ids, description: string) {
  return closed(
    {
      id: oneOf(ids, "Stable name of what was found"),
      figures: Type.Record(
        Type.String(),
        Type.Union([Type.Number(), Type.String()], { description: "In the unit that the name says" }),
        {
          description: "The figures it rests on; units stand in their names, shares are 0 to 1",
        },
      ),
      sentence: Type.String({ description: "The same in words" }),
      advice: Type.String({ description: "One thing to do about it" }),
    },
    description,
  );
}

export const VerdictSchema = closed({
  verdict: oneOf(["valid", "invalid"], "Whether the figures may be quoted"),
  reasons: Type.Array(finding(REASON_IDS, "What makes the test invalid"), {
    description: "Empty for a valid test",
  }),
  warnings: Type.Array(finding(WARNING_IDS, "What may explain the figures"), {
    description: "What may explain the figures or make them hard to repeat",
  }),
});

export type VerdictDetails = Static<typeof VerdictSchema>;

/** JSON has no infinities; a figure that is none of its numbers is written in words. */
function writable(figures: Finding["figures"]): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(figures).map(([key, value]) => [
      key,
      typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
    ]),
  );
}

/** The verdict for the result document. */
export function verdictDetails({ verdict, reasons, warnings }: Verdict): VerdictDetails {
  return {
    verdict,
    reasons: reasons.map(({ id, figures }) => ({
      id,
      figures: writable(figures),
      ...inWords({ id, figures }),
    })),
    warnings: warnings.map(({ id, figures }) => ({
      id,
      figures: writable(figures),
      ...inWords({ id, figures }),
    })),
  };
}
