/** What a server that was started by hand keeps of its clients' tests, and what it says of those it can't keep. */
import { afterEach, describe, expect, test } from "bun:test";
import { clientSheetOf, LedgerFile, serverSheetOf } from "../../../../src/native/ledger.ts";
import { native } from "../../../../src/native/library.ts";
import type { GuestTest } from "../../../../src/orchestrator/service/guest-test.ts";
import { KeptResults } from "../../../../src/orchestrator/service/kept-results.ts";
import type { Terms } from "../../../../src/protocol/peer/note-schema.ts";
import { isComplete } from "../../../../src/result/details.ts";
import { planOf, resultOf } from "../../result/fixture.ts";

const MESSAGES = 50;
/** Room for some ten launches. */
const BUDGET = 2.5e6;

const TERMS: Terms = {
  ...{ test: "one-way", messageBytes: 64, messageCount: MESSAGES, durationNs: null, sendDelayNs: 0 },
  ...{ arrival: null, seed: 1, warmupCount: 0, includeFirstMessage: false, reply: "echo" },
  ...{ concurrency: 1, worker: 0, whole: { messageCount: MESSAGES, ratePerSecond: null, seed: 1 } },
  ...{ launch: 1, launches: 1, run: "a", position: 0, testsLeft: 0 },
};

const EFFECTIVE = {
  ...{ pid: 1, allowedCpus: [0], sendBufferBytes: 1, receiveBufferBytes: 1 },
  ...{ queueDepth: null, realTime: null },
};
const WELL = { usage: null, failure: null };

const ledgers: LedgerFile[] = [];
afterEach(() => {
  for (const ledger of ledgers.splice(0)) ledger.close();
});

/** A client's test at its end, of which as many messages were sent and received. */
function servedTest(terms: Partial<Terms> = {}, messages = MESSAGES): GuestTest {
  const ledger = LedgerFile.private(2);
  ledgers.push(ledger);
  const [client, server] = [ledger.sheet(clientSheetOf(0)), ledger.sheet(serverSheetOf(0))];
  native().probe_record_cost_ns(ledger.address, serverSheetOf(0), messages);
  client.set("sent_count", messages);
  client.set("first_send_ns", 1000n);
  server.set("received_count", messages);
  server.set("last_receive_ns", 2000n);
  server.set("realtime_offset_ns", 1n);
  return {
    ...{
      number: 1,
      mechanism: "uds",
      endpoint: "/x",
      ledger,
      slot: 0,
      messageBytes: terms.messageBytes ?? 64,
    },
    ...{ terms: { ...TERMS, ...terms }, clocks: null, effective: EFFECTIVE, startedAt: new Date() },
  };
}

const plan = planOf({ standalone: { side: "server", once: false, idleTimeoutNs: 1e9, demands: {} } });

describe("what a server keeps", () => {
  test("has a bound for one run, beyond which the run is said to be incomplete", () => {
    const tests = new KeptResults(plan, BUDGET);
    for (let launch = 1; launch <= 100; launch++) tests.take(servedTest({ launch, launches: 100 }), WELL);
    const [outcome] = tests.outcomes;
    expect(outcome!.launches.length).toBeLessThan(15);
    expect(outcome!.launches.length).toBeGreaterThan(5);
    expect(isComplete(outcome!)).toBe(false);
    const left = 100 - outcome!.launches.length;
    expect(outcome!.measurements[0]?.failure).toStartWith(`${left} more tests of this run are left out`);
    expect(tests.hasFailed).toBe(true);
  });

  test("has that bound also where launches have a number twice, or clients that never come", () => {
    for (const terms of [{}, { concurrency: 2 }, { concurrency: 2, worker: 1 }]) {
      const tests = new KeptResults(plan, BUDGET);
      for (let i = 0; i < 100; i++) tests.take(servedTest({ ...terms, launch: i % 50, launches: 1 }), WELL);
      expect(tests.outcomes[0]!.launches.length).toBeLessThan(15);
      expect(isComplete(tests.outcomes[0]!)).toBe(false);
    }
  });

  test("is the same where nothing was received", () => {
    const tests = new KeptResults(plan, BUDGET);
    tests.take(servedTest({ launch: 1 }, 0), WELL);
    tests.take(servedTest({ launch: 2 }, 0), WELL);
    const [first, second] = tests.outcomes[0]!.launches.map(({ measurement }) => measurement.latency);
    // Of nothing one is enough.
    expect(first).toBe(second!);
  });

  test("are the latest runs, failed ones first forgotten, and the result is no longer complete", () => {
    const tests = new KeptResults(plan, BUDGET);
    for (let run = 0; run < 30; run++) {
      const failure = run === 20 ? "it died" : null;
      tests.take(servedTest({ run: `${run}`, messageBytes: 1000 + run }), { usage: null, failure });
    }
    const sizes = tests.outcomes.map(({ messageBytes }) => messageBytes);
    expect(sizes.at(-1)).toBe(1029);
    expect(sizes).not.toContain(1000);
    expect(sizes).not.toContain(1020);
    expect(tests.forgotten).toBe(30 - sizes.length);
    expect(tests.hasFailed).toBe(true);
    const { outcomes } = tests;
    const plans = outcomes.map((outcome) => outcome.plan);
    expect(resultOf({ plans, outcomes }).metadata.complete).toBe(true);
    expect(resultOf({ plans, outcomes, hasForgotten: true }).metadata.complete).toBe(false);
  });
});

describe("a test is no complete one", () => {
  const outcomeOf = (served: readonly GuestTest[]) => {
    const tests = new KeptResults(plan);
    for (const one of served) tests.take(one, WELL);
    return tests.outcomes[0]!;
  };

  test("where the client sent fewer messages than it agreed to, and said goodbye", () => {
    expect(isComplete(outcomeOf([servedTest()]))).toBe(true);
    const few = outcomeOf([servedTest({}, MESSAGES - 1)]);
    expect(isComplete(few)).toBe(false);
    expect(few.measurements[0]?.failure).toBe("49 messages were sent instead of 50");
    const one = outcomeOf([servedTest({}, 1)]);
    expect(one.measurements[0]?.failure).toBe("1 message was sent instead of 50");
    const many = outcomeOf([servedTest({}, MESSAGES + 1)]);
    expect(many.measurements[0]?.failure).toBe("51 messages were sent instead of 50");
  });

  test("but with a duration any number will do", () => {
    const timed = { durationNs: 1e9, messageCount: null };
    expect(isComplete(outcomeOf([servedTest(timed, 7)]))).toBe(true);
  });

  test("where a client of several was not there", () => {
    const both = [0, 1].map((worker) => servedTest({ concurrency: 2, worker }));
    expect(isComplete(outcomeOf(both))).toBe(true);
    const half = outcomeOf(both.slice(1));
    expect(isComplete(half)).toBe(false);
    expect(half.measurements[0]?.failure).toBe("only 1 of 2 clients came");
  });
});

describe("a client of several", () => {
  const workersOf = (served: readonly (readonly [Partial<Terms>, number])[]) => {
    const tests = new KeptResults(plan);
    for (const [terms, messages] of served)
      tests.take(servedTest({ ...terms, concurrency: 3, messageCount: messages }, messages), WELL);
    const { outcomes } = tests;
    const { workers } = resultOf({ plans: outcomes.map((one) => one.plan), outcomes }).results[0]!.details.tests[0]!;
    return workers.map(({ worker, counts }) => [worker, counts.received]);
  };

  test("keeps the number that it has itself, in whatever order they leave", () => {
    const served = [2, 0, 1].map((worker) => [{ worker }, 10 + worker] as const);
    expect(workersOf(served)).toEqual([
      [0, 10],
      [1, 11],
      [2, 12],
    ]);
  });

  test("keeps it also where another one is missing, in one launch or in all", () => {
    expect(
      workersOf([
        [{ launch: 1, launches: 2, worker: 2 }, 12],
        [{ launch: 2, launches: 2, worker: 2 }, 12],
        [{ launch: 2, launches: 2, worker: 1 }, 11],
      ]),
    ).toEqual([
      [1, 11],
      [2, 24],
    ]);
  });
});
