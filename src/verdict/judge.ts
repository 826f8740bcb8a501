import type { Verdict } from "./finding.ts";
import type { VerdictInput } from "./input.ts";
import { findReasons } from "./reasons.ts";
import { findWarnings } from "./warnings.ts";

/** Whether the figures of one test may be quoted, why not, and what else to know about them. Pure; never throws. */
export function judge(input: VerdictInput): Verdict {
  const reasons = findReasons(input);
  return { verdict: reasons.length > 0 ? "invalid" : "valid", reasons, warnings: findWarnings(input) };
}
