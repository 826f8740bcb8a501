import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const SHORT = ["-i", "200", "-w", "10", "-q"];

describe("several sizes in one run", () => {
  test("give one result for each mechanism and size, in their order", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure([...SHORT, "-m", "uds", "tcp", "-s", "64", "256..1024:*4"]);
      expectSuccess(ended);
      const { results, metadata, summary } = ended.result;
      expect(results.map(({ mechanism, test_config }) => [mechanism, test_config.message_size])).toEqual([
        ["UnixDomainSocket", 64],
        ["UnixDomainSocket", 256],
        ["UnixDomainSocket", 1024],
        ["TcpSocket", 64],
        ["TcpSocket", 256],
        ["TcpSocket", 1024],
      ]);
      expect(metadata).toMatchObject({ complete: true, total_tests: 6, mechanisms_not_run: [] });
      expect(Object.keys(summary.mechanisms)).toEqual([
        "Unix Domain Socket",
        "Unix Domain Socket (2)",
        "Unix Domain Socket (3)",
        "TCP Socket",
        "TCP Socket (2)",
        "TCP Socket (3)",
      ]);
      for (const { one_way_results, round_trip_results, test_config } of results) {
        for (const metrics of [one_way_results, round_trip_results]) {
          expect(metrics?.throughput).toMatchObject({
            total_messages: 200,
            total_bytes: 200 * test_config.message_size,
          });
        }
      }
    }));

  test("are what both sides really use, on every mechanism and in blocking mode too", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure([...SHORT, "-m", "all", "--blocking", "-s", "1..4097:*64", "--round-trip"]);
      expectSuccess(ended);
      expect(ended.result.results).toHaveLength(12);
    }));

  test("are told apart in the summary", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-i", "200", "-w", "10", "-s", "64", "2048", "--one-way"]);
      expect(ended.exitCode).toBe(0);
      expect(ended.stdout).toContain("64 B");
      expect(ended.stdout).toContain("2 KiB");
    }));

  test("are each launched as often as asked for", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure([...SHORT, "-s", "64", "128", "--one-way", "--launches", "3"]);
      expectSuccess({ ...ended, result: { ...ended.result, results: [] } });
      for (const { launches, counts } of allTests(ended.result)) {
        expect(launches.map(({ launch }) => launch).toSorted()).toEqual([1, 2, 3]);
        expect(counts.received).toBe(600);
      }
    }));

  test("keep what was measured when one of them fails, and say for which", () =>
    inSandbox(async (sandbox) => {
      const running = sandbox.start(["-q", "-s", "64", "128", "-d", "2s", "-o", "result.json"]);
      const { client } = await running.bothRoles();
      process.kill(client, "SIGKILL");
      const ended = await running.ended;
      expect(ended.exitCode).toBe(1);
      expect(expectOneLine(ended)).toContain("the client was killed by SIGKILL");
      const { metadata, results } = sandbox.readResult();
      expect(metadata).toMatchObject({ complete: false, mechanisms_not_run: ["UnixDomainSocket"] });
      expect(results.map(({ test_config }) => test_config.message_size)).toEqual([64]);
    }));
});

describe("sizes that can't be are refused before anything starts", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["-s", "64", "0"], 'not "0"'],
    [["-s", "64..128"], "a range with its step"],
    [["-m", "shm", "--buffer-size", "512", "-s", "64", "4096"], "4096 bytes"],
  ];
  for (const [args, reason] of cases) {
    test(args.join(" "), () =>
      inSandbox(async (sandbox) => {
        const ended = await sandbox.run(args);
        expect(ended.exitCode).toBe(2);
        expect(expectOneLine(ended)).toContain(reason);
      }),
    );
  }
});
