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
      { id: "rate-missed", figures: { askedPerSecond: 20_000, achievedPerSecond: 19_441.980132252364 } },
      "19442 messages/s were sent instead of 20000",
    ],
    [
      { id: "rate-missed", figures: { askedPerSecond: 1_000_000 / 3, achievedPerSecond: 0.0123456789 } },
      "0.012346 messages/s were sent instead of 333330",
    ],
    [
      { id: "messages-lost", figures: { messages: 1_234_567, sent: 12_345_678 } },
      "1234567 of 12345678 messages never arrived",
    ],
    [
      {
        id: "percentiles-unbacked",
        figures: { percentiles: "p99.9", samples: 500, allLaunches: 3000, needed: 10 },
      },
      "500 samples of a launch leave fewer than 10 beyond p99.9",
    ],
    [
      { id: "percentiles-unbacked", figures: { percentiles: "p0.5", samples: 1000, needed: 10 } },
      "1000 samples leave fewer than 10 below p0.5",
    ],
    [
      { id: "percentiles-unbacked", figures: { percentiles: "p0.5, p99.5, p100", samples: 900, needed: 10 } },
      "900 samples leave fewer than 10 below p0.5 and beyond p99.5, p100",
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

describe("the advice", () => {
  const adviceOf = (id: Finding["id"], figures: Finding["figures"]) => inWords({ id, figures }).advice;

  test("for what was denied names every right that would help, and no other", () => {
    const figures = { fifoPriority: "client", memoryLock: "client and server" };
    expect(inWords({ id: "privilege-missing", figures })).toEqual({
      sentence:
        "what was asked for was denied: SCHED_FIFO of the client; locked memory of the client and server",
      advice:
        "run it with CAP_SYS_NICE (or ulimit -r 49) and CAP_IPC_LOCK (or ulimit -l unlimited), or as root, outside of containers",
    });
    expect(adviceOf("privilege-missing", { cpuDmaLatencyUs: 0 })).toStartWith(
      "run it with write permission for /dev/cpu_dma_latency, or as root",
    );
    expect(adviceOf("rt-not-in-force", { side: "server", part: "memoryLock" })).toStartWith(
      "run the server with CAP_IPC_LOCK",
    );
  });

  test.each<[Finding, string]>([
    [{ id: "deep-idle", figures: { demandedLatencyUs: 0 } }, "add --cpu-dma-latency"],
    [{ id: "deep-idle", figures: { demandedLatencyUs: 50 } }, "add --cpu-dma-latency"],
    [{ id: "unpinned", figures: { sides: "server" } }, "--client-affinity"],
    [{ id: "placement-bimodal", figures: { unpinned: "client" } }, "--server-affinity"],
    [{ id: "migrations", figures: { side: "client", unpinned: "none" } }, "affinity"],
    [{ id: "major-faults", figures: { side: "client", count: 1, memoryLock: "none" } }, "--rt"],
  ])("of %j does not name what was given", ({ id, figures }, given) => {
    expect(adviceOf(id, figures)).not.toContain(given);
    expect(adviceOf(id, {})).toContain(given);
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
