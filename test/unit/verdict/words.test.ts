import { describe, expect, test } from "bun:test";
import Ajv from "ajv";
import { hasSamplesBeyond } from "../../../src/stats/backing.ts";
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
    [{ id: "shared-cpu", figures: { cpu: 3 } }, "both sides may use CPU 3 only. They take turns on it"],
    [
      { id: "cpu-pressure", figures: { sides: "client", share: 0.0567, machineShare: 0.99 } },
      "the client waited for a CPU for 5.67 % of the test. On the whole machine some task waited for 99 % of it",
    ],
    [
      { id: "cpu-pressure", figures: { sides: "client and server", share: 0.25, machineShare: 0 } },
      "the client and server waited for a CPU for up to 25 % of the test",
    ],
    [
      { id: "cpu-pressure", figures: { share: 0.2 } },
      "during 20 % of the test some task waited for a CPU. It may have been the client or the server",
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
      {
        id: "percentiles-clustered",
        figures: { percentiles: "p99.9", samplesBeyond: 10, excursions: 1, needed: 9 },
      },
      "p99.9 is not shown: the 10 samples beyond it came in 1 excursion, 9 are needed. A stall makes many successive messages slow, and is one event",
    ],
    [
      { id: "sender-late", figures: { latenessP99Ns: 80_000, serviceP50Ns: 9000, roomWaits: 0 } },
      "the sender was late: the p99 of lateness is 80.0 us, the p50 of service time is 9.00 us. The response times show the sender more than the mechanism",
    ],
    [
      { id: "sender-late", figures: { latenessP99Ns: 8e7, serviceP50Ns: 9000, roomWaits: 1 } },
      "the sender was late: the p99 of lateness is 80.0 ms, the p50 of service time is 9.00 us. It found no room once: the receiver may have held it up",
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

  test("for what was denied names the right that would help", () => {
    const denied = (part: string) => adviceOf("rt-not-in-force", { side: "client and server", part });
    expect(denied("fifoPriority")).toStartWith("run the client and server with CAP_SYS_NICE");
    expect(denied("memoryLock")).toStartWith("run the client and server with CAP_IPC_LOCK");
    expect(adviceOf("cpu-dma-latency-not-in-force", {})).toStartWith(
      "run ipc-benchmark with write permission for /dev/cpu_dma_latency or as root",
    );
  });

  test.each<[Finding, string]>([
    [{ id: "deep-idle", figures: { demandedLatencyUs: 0 } }, "add --cpu-dma-latency"],
    [{ id: "deep-idle", figures: { demandedLatencyUs: 50 } }, "add --cpu-dma-latency"],
    [{ id: "unpinned", figures: { sides: "server" } }, "--client-affinity"],
    [{ id: "cpu-pressure", figures: { unpinned: "none" } }, "a CPU of its own"],
    [{ id: "placement-bimodal", figures: { unpinned: "client" } }, "--server-affinity"],
    [{ id: "migrations", figures: { side: "client", unpinned: "none" } }, "affinity"],
    [{ id: "major-faults", figures: { side: "client", count: 1, memoryLock: "none" } }, "--rt"],
    [{ id: "sender-late", figures: { unpinned: "none" } }, "--client-affinity"],
    [{ id: "sender-late", figures: { realTime: "asked for" } }, "--rt"],
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
      expect(hasSamplesBeyond(percentile, count)).toBe(true);
      expect(hasSamplesBeyond(percentile, count - 1n)).toBe(false);
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
