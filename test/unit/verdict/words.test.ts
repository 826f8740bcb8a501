import { describe, expect, test } from "bun:test";
import Ajv from "ajv";
import { type Finding, REASON_IDS, WARNING_IDS } from "../../../src/verdict/finding.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { VerdictSchema, verdictDetails } from "../../../src/verdict/verdict-schema.ts";
import { inWords } from "../../../src/verdict/words.ts";
import { inputOf, sideOf } from "./fixture.ts";

const IDS = [...REASON_IDS, ...WARNING_IDS];

describe("the words of a finding", () => {
  test.each(IDS)("%s are one sentence and one thing to do, on one line, also without figures", (id) => {
    const { sentence, advice } = inWords({ id, figures: {} });
    for (const words of [sentence, advice]) {
      expect(words).toMatch(/^[^\n]{10,}$/);
      expect(words).not.toEndWith(".");
      expect(words).not.toContain("undefined");
      expect(words).not.toContain("NaN");
    }
  });

  test.each<[Finding, string]>([
    [{ id: "messages-lost", figures: { messages: 1, sent: 1 } }, "1 of 1 message never arrived"],
    [
      { id: "throttled", figures: { side: "client", count: 1, throttledNs: 5.5e7 } },
      "the client's control group used up its CPU quota once and was held back for 55.0 ms",
    ],
    [
      { id: "too-few-samples", figures: { samples: 12, needed: 100 } },
      "12 latency samples were measured, at least 100 are needed",
    ],
    [
      { id: "unpinned", figures: { sides: "server" } },
      "the scheduler was free to place the server, and places it differently from run to run",
    ],
    [
      { id: "unpinned", figures: { sides: "client and server" } },
      "the scheduler was free to place the client and server, and places them differently from run to run",
    ],
    [{ id: "steal", figures: { share: 0.0345 } }, "the hypervisor gave 3.45 % of the CPUs' time to others"],
    [
      {
        id: "rt-not-in-force",
        figures: { side: "server", part: "fifoPriority", requested: 49, effective: "none", note: "no" },
      },
      "--rt: SCHED_FIFO priority of the server is none instead of 49: no",
    ],
    [
      { id: "cpu-differs", figures: { side: "client", requestedCpu: 3, allowedCpus: "", usedCpus: "" } },
      "the client was to run on CPU 3, but may use others and used none",
    ],
  ])("%j read well", (finding, sentence) => {
    expect(inWords(finding).sentence).toBe(sentence);
  });
});

test("a throughput that is unknown is nothing to count on", () => {
  const advice = (figures: Finding["figures"]) => inWords({ id: "latency-absent", figures }).advice;
  expect(advice({ cause: "x" })).toStartWith("count on the throughput alone");
  expect(advice({ cause: "x", throughput: "unknown" })).toBe(
    "count on the report of the side that can measure it",
  );
});

test("a verdict fits its schema, figures that JSON can't hold included", () => {
  const verdict = judge(
    inputOf({
      rate: { asked: Number.POSITIVE_INFINITY, achieved: 5 },
      client: sideOf(0, { requestedCpu: null, migrations: 3 }),
    }),
  );
  const details = JSON.parse(JSON.stringify(verdictDetails(verdict)));
  expect(details.reasons[0].figures).toEqual({ askedPerSecond: "Infinity", achievedPerSecond: 5 });
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(VerdictSchema);
  validate(details);
  expect(validate.errors).toBeNull();
});
