import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Effective, RealTimeReport } from "../../../src/system/privileges.ts";
import type { UsageFigures } from "../../../src/system/usage-schema.ts";
import type { VerdictInput, VerdictSide } from "../../../src/verdict/input.ts";
import { judge } from "../../../src/verdict/judge.ts";
import { inWords } from "../../../src/verdict/words.ts";
import { MACHINE, QUIET } from "./fixture.ts";

/** Any number at all: NaN, infinities and negatives too. */
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, 0.5, 1, 100));
const known = fc.oneof(number, fc.constant("unknown" as const));
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const cpus = fc.array(fc.nat(3), { maxLength: 4 });

const effective = fc.record({
  requested: number,
  effective: orNull(known),
  note: orNull(fc.string()),
  isDenied: fc.boolean(),
}) as fc.Arbitrary<Effective<number>>;

const realTime = fc.record({
  fifoPriority: effective,
  memoryLock: effective,
  lockedBytes: known,
  prefaultedStackBytes: effective,
  timerSlackNs: effective,
}) as fc.Arbitrary<unknown> as fc.Arbitrary<RealTimeReport>;

const usage = fc.record(
  Object.fromEntries(Object.keys(QUIET).map((key) => [key, known])),
) as fc.Arbitrary<unknown> as fc.Arbitrary<UsageFigures>;

const side: fc.Arbitrary<VerdictSide> = fc.record({
  requestedCpu: orNull(fc.nat(3)),
  allowedCpus: cpus,
  usedCpus: cpus,
  migrations: number,
  sendBufferBytes: orNull(number),
  receiveBufferBytes: orNull(number),
  realTime: orNull(realTime),
  usage: orNull(usage),
});

const machine = fc
  .record({
    hypervisor: fc.constantFrom("none", "kvm", "unknown"),
    clock_source: fc.constantFrom("tsc", "hpet", "unknown"),
    cpus_online: fc.oneof(cpus, fc.constant("unknown" as const)),
    cgroup_cpus: fc.oneof(cpus, fc.constant("unknown" as const)),
    cpu_dma_latency_us: known,
    sysctls: fc.dictionary(fc.constantFrom("kernel.sched_rt_runtime_us", "a"), fc.string()),
    cpus: fc.array(
      fc
        .record({
          cpu: fc.nat(3),
          smt_siblings: fc.oneof(cpus, fc.constant("unknown" as const)),
          governor: fc.string(),
          idle_states: fc.oneof(
            fc.array(
              fc.record({
                name: fc.string(),
                latency_us: known,
                residency_us: known,
                disabled: fc.oneof(fc.boolean(), fc.constant("unknown" as const)),
              }),
            ),
            fc.constant("unknown" as const),
          ),
        })
        .map((changes) => ({ ...MACHINE.cpus[0]!, ...changes })),
    ),
  })
  .map((changes) => ({ ...MACHINE, ...changes }));

const input: fc.Arbitrary<VerdictInput> = fc.record({
  complete: fc.boolean(),
  failure: orNull(fc.string()),
  counts: fc.record({
    sent: number,
    received: number,
    lost: number,
    duplicated: number,
    reordered: number,
    corrupt: number,
  }),
  latencyAbsent: orNull(fc.string()),
  isThroughputKnown: fc.boolean(),
  isPeerForeign: fc.boolean(),
  sampleCount: number,
  fewestSamples: number,
  percentiles: fc.array(
    fc.record({
      percentile: number,
      samplesBeyond: number,
      excursions: orNull(fc.record({ count: number, needed: number })),
    }),
  ),
  isTimed: fc.boolean(),
  p50Ns: orNull(number),
  clockResolutionNs: orNull(number),
  rate: orNull(fc.record({ asked: number, achieved: orNull(number) })),
  lateness: orNull(fc.record({ p99Ns: number, serviceP50Ns: number, roomWaits: number })),
  requestedBufferBytes: orNull(number),
  cpuDmaLatencyUs: orNull(effective),
  clientCount: number,
  serverThreads: number,
  isSpinning: fc.boolean(),
  sameCpuShare: orNull(number),
  streamStalls: orNull(fc.record({ count: number, totalNs: number })),
  client: orNull(side),
  server: orNull(side),
  machine: orNull(machine),
});

test("judging and wording never throw, whatever is judged, and leave the input alone", () => {
  fc.assert(
    fc.property(input, (any) => {
      const before = structuredClone(any);
      const { verdict, reasons, warnings } = judge(any);
      expect(verdict).toBe(reasons.length > 0 ? "invalid" : "valid");
      for (const finding of [...reasons, ...warnings]) {
        const { sentence, advice } = inWords(finding);
        expect(sentence.length).toBeGreaterThan(0);
        expect(advice.length).toBeGreaterThan(0);
        for (const figure of Object.values(finding.figures)) expect(typeof figure).toMatch(/^(number|string)$/);
      }
      expect(any).toEqual(before);
    }),
    { numRuns: 1000 },
  );
});

test("the same input has the same verdict", () => {
  fc.assert(fc.property(input, (any) => expect(judge(any)).toEqual(judge(structuredClone(any)))));
});

test("a fault more never makes an invalid test valid", () => {
  fc.assert(
    fc.property(input, fc.nat(), (any, lost) => {
      const worse = { ...any, counts: { ...any.counts, lost: lost + 1 } };
      expect(judge(worse).verdict).toBe("invalid");
    }),
  );
});
