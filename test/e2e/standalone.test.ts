/** A server and a client started by hand: every mechanism and mode, in either order. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Mechanism, Mode } from "../../src/plan/run-plan.ts";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests } from "./harness.ts";
import { type Both, type PairOptions, runBoth } from "./standalone-pair.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const MECHANISMS = ["uds", "tcp", "shm", "pmq"] as const;
const MODES = ["async", "blocking"] as const;

function detailsOf(result: BenchmarkResult, test: "one-way" | "round-trip", position = 0) {
  const found = result.results[position]?.details.tests.find((one) => one.test === test);
  if (found === undefined) throw new Error(`no ${test} test in the result`);
  return found;
}

/** Both ended well, the client knows everything, and the server what it could measure. */
function expectWholeReports({ server, client, serverResult, clientResult }: Both, messages = 300): void {
  expect([client.stderr, server.stderr]).toEqual(["", ""]);
  expect([client.exitCode, server.exitCode]).toEqual([0, 0]);
  for (const { counts, latency, failure, latency_absent, server: side } of allTests(clientResult)) {
    expect(failure).toBeNull();
    expect(latency_absent).toBeNull();
    expect(counts).toEqual({
      sent: messages,
      received: messages,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      corrupt: 0,
    });
    expect(Number(latency?.count)).toBe(messages);
    expect(side?.pid).toBeGreaterThan(0);
  }
  for (const { counts, failure } of allTests(serverResult)) {
    expect(failure).toBeNull();
    expect(counts).toMatchObject({ sent: messages, received: messages, lost: 0 });
  }
  // What the server measured is what the client reports of it.
  const [there, here] = [detailsOf(serverResult, "one-way"), detailsOf(clientResult, "one-way")];
  expect(there.latency?.histogram_v2_base64).toBe(here.latency!.histogram_v2_base64);
  expect(there.window_ns).toBe(here.window_ns);
  expect(detailsOf(serverResult, "round-trip").latency).toBeNull();
  expect(detailsOf(serverResult, "round-trip").latency_absent).toContain("client");
}

describe("two commands measure both ways", () => {
  for (const mechanism of MECHANISMS) {
    for (const mode of MODES) {
      const other: Mode = mode === "async" ? "blocking" : "async";
      test(`${mechanism} ${mode}, the server first`, () =>
        inSandbox(async (sandbox) =>
          expectWholeReports(await runBoth(sandbox, { mechanisms: [mechanism], serverMode: mode })),
        ));
      test(`${mechanism} with a server ${mode} and a client ${other}, the client first`, () =>
        inSandbox(async (sandbox) => {
          const options = { serverMode: mode, clientMode: other, first: "client" } as const;
          expectWholeReports(await runBoth(sandbox, { mechanisms: [mechanism], ...options }));
        }));
    }
  }

  const special: [string, PairOptions][] = [
    ["slots instead of rings", { mechanisms: ["shm"], clientFlags: ["--shm-direct"], serverFlags: ["--shm-direct"] }],
    ["a size that the server learns from the client", { mechanisms: ["uds"], clientFlags: ["-s", "100000"] }],
    [
      "a size that the server's queues were made for",
      { mechanisms: ["pmq"], serverFlags: ["-s", "4000"], clientFlags: ["-s", "4000"] },
    ],
    ["empty replies", { mechanisms: ["tcp"], clientFlags: ["--reply", "ack"] }],
    ["a schedule", { mechanisms: ["uds"], clientFlags: ["--rate", "3000"] }],
  ];
  for (const [what, options] of special) {
    test(what, () => inSandbox(async (sandbox) => expectWholeReports(await runBoth(sandbox, options))));
  }

  test("several mechanisms and launches over one server, which ends with the last of them", () =>
    inSandbox(async (sandbox) => {
      const mechanisms: Mechanism[] = [...MECHANISMS];
      const { server, client, clientResult, serverResult } = await runBoth(sandbox, {
        mechanisms,
        messages: 100,
        clientFlags: ["--launches", "2"],
      });
      expect([client.stderr, server.stderr]).toEqual(["", ""]);
      expect([client.exitCode, server.exitCode]).toEqual([0, 0]);
      for (const result of [clientResult, serverResult]) {
        expect(result.metadata.complete).toBe(true);
        expect(result.results.map((one) => one.mechanism).toSorted()).toEqual(
          ["PosixMessageQueue", "SharedMemory", "TcpSocket", "UnixDomainSocket"].toSorted() as never,
        );
        for (const { counts, launches } of allTests(result)) {
          expect(counts.received).toBe(200);
          expect(launches).toHaveLength(2);
        }
      }
    }));

  test.each(["async", "blocking"] as const)("several clients at once, %s", (mode) =>
    inSandbox(async (sandbox) => {
      const { server, client, clientResult, serverResult } = await runBoth(sandbox, {
        mechanisms: ["uds", "shm"],
        serverMode: mode,
        messages: 1001,
        clientFlags: ["-c", "4"],
      });
      expect([client.stderr, server.stderr]).toEqual(["", ""]);
      expect([client.exitCode, server.exitCode]).toEqual([0, 0]);
      for (const { counts, latency } of allTests(clientResult)) {
        expect(counts).toMatchObject({ sent: 1001, received: 1001, lost: 0, duplicated: 0 });
        expect(Number(latency?.count)).toBe(1001);
      }
      for (const { counts, test: which, latency } of allTests(serverResult)) {
        expect(counts).toMatchObject({ sent: 1001, received: 1001, lost: 0, duplicated: 0 });
        if (which === "one-way") expect(Number(latency?.count)).toBe(1001);
      }
    }),
  );

  test("however long the pauses between messages are", () =>
    inSandbox(async (sandbox) => {
      // Longer than the 5 s that a server has for its first answer.
      const clientFlags = ["--send-delay", "5500ms", "--no-round-trip"];
      const pair = { mechanisms: ["uds"], messages: 2, clientFlags } as const;
      const { server, client, clientResult } = await runBoth(sandbox, pair);
      expect([client.exitCode, server.exitCode]).toEqual([0, 0]);
      expect(allTests(clientResult)[0]?.counts).toMatchObject({ sent: 2, received: 2 });
    }));

  test("each row of a server tells which client's message of which launch it is, and when it was due", () =>
    inSandbox(async (sandbox) => {
      const { server, client, serverResult } = await runBoth(sandbox, {
        mechanisms: ["uds"],
        serverFlags: ["--streaming-output-csv", "rows.csv"],
        clientFlags: ["-c", "2", "--launches", "2", "--rate", "20000", "--no-round-trip"],
      });
      expect([client.exitCode, server.exitCode]).toEqual([0, 0]);
      const [head, ...rows] = (await Bun.file(sandbox.path("rows.csv")).text()).trimEnd().split("\n");
      expect(head).toEndWith(",test,worker,cell,launch,scheduled_ns");
      const cells = rows.map((row) => row.split(","));
      const identities = new Set(cells.map((row) => [row[1], row[7], row[9]].join()));
      expect(identities.size).toBe(600);
      expect(new Set(cells.map((row) => row[7]))).toEqual(new Set(["0", "1"]));
      // From when it was due to its receipt: the response time that the result has.
      const responsesNs = cells.map((row) => Number(BigInt(row[0]!) + BigInt(row[4]!) - BigInt(row[10]!)));
      const launches = allTests(serverResult).flatMap((each) => each.launches);
      expect(Math.max(...responsesNs)).toBe(Math.max(...launches.map(({ max_ns }) => Number(max_ns))));
    }));

  test("what the server streams are the messages that it received", () =>
    inSandbox(async (sandbox) => {
      const serverFlags = ["--streaming-output-csv", "rows.csv", "--events", "events.ndjson"];
      expectWholeReports(await runBoth(sandbox, { mechanisms: ["uds"], serverFlags }));
      const [head, ...rows] = (await Bun.file(sandbox.path("rows.csv")).text()).trimEnd().split("\n");
      expect(head).toStartWith("timestamp_ns,message_id,");
      expect(rows.map((row) => row.split(",")[1])).toEqual(Array.from({ length: 300 }, (_, id) => `${id}`));
      expect(rows.every((row) => Number(row.split(",")[4]) > 0)).toBe(true);
      const events = (await Bun.file(sandbox.path("events.ndjson")).text()).trimEnd().split("\n");
      const types = events.map((line) => (JSON.parse(line) as { type: string }).type);
      expect(types).toEqual(["plan", "start", "result", "start", "result", "end"]);
    }));
});
