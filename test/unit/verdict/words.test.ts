import { describe, expect, test } from "bun:test";
import Ajv from "ajv";
import { isBacked } from "../../../src/stats/histogram.ts";
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
      "the cgroup of the client used up its CPU quota once. It was stopped for 55.0 ms",
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
      "p99.9 is not shown: 0 of the 500 samples of a launch lie above it, 10 are needed",
    ],
    [
      { id: "percentiles-unbacked", figures: { percentiles: "p0.5", samples: 1000, needed: 10 } },
      "p0.5 is not shown: 5 of 1000 samples lie below it, 10 are needed",
    ],
    [
      { id: "percentiles-unbacked", figures: { percentiles: "p0.5, p99.5, p100", samples: 900, needed: 10 } },
      "p0.5, p99.5 and p100 are not shown: fewer than 10 of 900 samples lie beyond them",
    ],
    [{ id: "unpinned", figures: { sides: "server" } }, "the server was not pinned. The next run may use another CPU"],
    [
      { id: "unpinned", figures: { sides: "client and server" } },
      "neither side was pinned. The next run may use other CPUs",
    ],
    [{ id: "steal", figures: { share: 0.0345 } }, "the hypervisor gave 3.45 % of the CPU time to other guests"],
    [
      {
        id: "rt-not-in-force",
        figures: { side: "server", part: "fifoPriority", requested: 49, effective: "none", note: "no" },
      },
      "--rt: SCHED_FIFO could not be set for the server (no)",
    ],
    [
      { id: "cpu-differs", figures: { side: "client", requestedCpu: 3, allowedCpus: "", usedCpus: "" } },
      "the client was pinned to CPU 3, but it may use other CPUs and used none",
    ],
    [
      { id: "percentiles-unbacked", figures: { percentiles: "p99.9", samples: 8001, needed: 10 } },
      "p99.9 is not shown: 8 of 8001 samples lie above it, 10 are needed",
    ],
    [
      { id: "percentiles-unbacked", figures: { percentiles: "p99", samples: 199, needed: 10 } },
      "p99 is not shown: 1 of 199 samples lies above it, 10 are needed",
    ],
    [
      { id: "percentiles-unbacked", figures: { percentiles: "p99, p99.9", samples: 1, needed: 10 } },
      "p99 and p99.9 are not shown: at least 10 samples must lie above them, but there is only 1 sample",
    ],
    [
      { id: "too-few-samples", figures: { samples: 1, needed: 100 } },
      "1 latency sample was measured, at least 100 are needed",
    ],
    [
      { id: "major-faults", figures: { side: "server", count: 1 } },
      "the server waited while 1 page was read from disk",
    ],
    [
      { id: "more-clients-than-cpus", figures: { clients: 4, cpus: 1 } },
      "4 clients shared 1 CPU and waited for each other",
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
      sentence: "permission was denied for SCHED_FIFO of the client; locked memory of the client and server",
      advice:
        "run ipc-benchmark with CAP_SYS_NICE (or ulimit -r 49) and CAP_IPC_LOCK (or ulimit -l unlimited), or as root outside of containers",
    });
    expect(adviceOf("privilege-missing", { cpuDmaLatencyUs: 0 })).toStartWith(
      "run ipc-benchmark with write permission for /dev/cpu_dma_latency, or as root",
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

describe("the advice names the figure that would do", () => {
  test.each<[Finding, string]>([
    [{ id: "percentiles-unbacked", figures: { percentiles: "p99.9" } }, "use -i 10000 or more"],
    [{ id: "percentiles-unbacked", figures: { percentiles: "p0.5, p99" } }, "use -i 2000 or more"],
    [{ id: "percentiles-unbacked", figures: { percentiles: "p99.99, p100" } }, "use -i 100000 or more"],
    [{ id: "percentiles-unbacked", figures: { percentiles: "p100" } }, "leave p100 out of --percentiles"],
    [{ id: "too-few-samples", figures: { samples: 12, needed: 100 } }, "use -i 100 or more"],
    [{ id: "rate-missed", figures: { achievedPerSecond: 19_441.98 } }, "use --rate 19000 or less"],
    [{ id: "rate-missed", figures: { achievedPerSecond: 0.0123456 } }, "use --rate 0.012 or less"],
    [{ id: "rate-missed", figures: { achievedPerSecond: 0 } }, "use a lower --rate"],
    [{ id: "buffer-smaller", figures: { effectiveBytes: 425_984 } }, "--buffer-size 425984 or less"],
    [{ id: "more-clients-than-cpus", figures: { clients: 4, cpus: 2 } }, "use -c 2 or less"],
  ])("%j", ({ id, figures }, part) => expect(inWords({ id, figures }).advice).toContain(part));

  test("which is the fewest samples that are enough", () => {
    for (const percentile of [0.5, 10, 50, 90, 99, 99.5, 99.9, 99.99, 99.999, 99.9999]) {
      const { advice } = inWords({ id: "percentiles-unbacked", figures: { percentiles: `p${percentile}` } });
      const count = BigInt(/-i (\d+)/.exec(advice)![1]!);
      expect(isBacked(percentile, count)).toBe(true);
      expect(isBacked(percentile, count - 1n)).toBe(false);
    }
  });
});

test("a throughput that is unknown is nothing to count on", () => {
  const advice = (figures: Finding["figures"]) => inWords({ id: "latency-absent", figures }).advice;
  expect(advice({ cause: "x" })).toStartWith("use the throughput alone, or the report");
  expect(advice({ cause: "x", throughput: "unknown" })).toBe("use the report of the side that can measure the latency");
  for (const cause of [
    "the peers run on different kernels (boot id a here, b there)",
    "the peers' clocks differ by 9 s",
  ])
    expect(advice({ cause })).toBe("only round trips have a latency here");
});

test("the advice for too few samples names the flag that was given", () => {
  const figures = { percentiles: "p99", samples: 500, needed: 10 };
  const advice = (more: Finding["figures"]) =>
    inWords({ id: "percentiles-unbacked", figures: { ...figures, ...more } }).advice;
  expect(advice({})).toBe("use -i 1000 or more, or a longer -d");
  expect(advice({ timed: 1 })).toBe("use a longer -d");
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
