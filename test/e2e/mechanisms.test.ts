import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests } from "./harness.ts";
import { isRoot } from "./system-state.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const MODES = { async: [], blocking: ["--blocking"] } as const;
const modes = Object.keys(MODES) as (keyof typeof MODES)[];

const SHM_DIRECT_NOTICE = "ipc-benchmark: --shm-direct turns --blocking on. Add --async to keep the event loop.";

describe.each(modes)("in %s mode", (mode) => {
  const flags = MODES[mode];

  test("uds and tcp run both tests of 10000 messages", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-m", "uds", "tcp", "-i", "10000", "-s", "1024", ...flags]);
      expectSuccess(ended);
      const { results } = ended.result;
      expect(results.map(({ mechanism }) => mechanism)).toEqual(["UnixDomainSocket", "TcpSocket"]);
      for (const { one_way_results: oneWay, round_trip_results: roundTrip, details } of results) {
        expect(details.mode).toBe(mode);
        expect(oneWay?.throughput.total_messages).toBe(10_000);
        expect(roundTrip?.throughput.total_messages).toBe(10_000);
        expect(roundTrip?.throughput.total_bytes).toBe(10_000 * 1024);
      }
      for (const name of ["uds", "tcp"])
        expect(ended.stdout.match(new RegExp(`^\\W*${name} +10000 `, "gm"))).toHaveLength(2);
    }));

  test("-m all measures every mechanism", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-m", "all", "-i", "2000", ...flags]);
      expectSuccess(ended);
      const variants = ended.result.results.map(({ mechanism }) => mechanism);
      expect(variants).toEqual(["UnixDomainSocket", "SharedMemory", "TcpSocket", "PosixMessageQueue"]);
      expect(allTests(ended.result).map(({ counts }) => counts.received)).toEqual(Array(8).fill(2000));
    }));

  test("-d ends on time on every mechanism, one way and round trip", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-m", "all", "-d", "400ms", ...flags]);
      expectSuccess(ended);
      const windows = allTests(ended.result).map(({ window_ns }) => Number(window_ns));
      expect(windows).toHaveLength(8);
      for (const windowNs of windows) {
        expect(windowNs).toBeGreaterThanOrEqual(400e6);
        // What was sent last is still received; a loaded machine takes its time for that.
        expect(windowNs).toBeLessThan(2_400e6);
      }
      expect(ended.wallMs).toBeLessThan(8 * 2_400);
    }));

  test.each(["1", "1048576", "16777000"])("payloads of %s bytes arrive whole", (size) =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "uds", "tcp", "shm", "-s", size, "-i", "8", "-w", "2", ...flags];
      const ended = await sandbox.measure(args);
      expectSuccess(ended);
      expect(allTests(ended.result).map(({ counts }) => counts.received)).toEqual(Array(6).fill(8));
      expect(ended.result.results[0]?.test_config.message_size).toBe(Number(size));
    }),
  );

  test.each(["1", "8100"])("message queues carry %s bytes", (size) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-m", "pmq", "-s", size, "-i", "200", "-w", "10", ...flags]);
      expectSuccess(ended);
      expect(allTests(ended.result)[0]?.server?.queue_depth).toBeGreaterThan(0);
    }),
  );
});

describe("one message at a time in shared memory", () => {
  test("--shm-direct turns blocking on and says so", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-m", "shm", "--shm-direct", "-i", "2000"]);
      expectSuccess(ended, [SHM_DIRECT_NOTICE]);
      expect(ended.result.results[0]?.details.mode).toBe("blocking");
      expect(ended.result.results[0]?.details.requested.shm_direct).toBe(true);
    }));

  test("--shm-direct --async stays in the event loop", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-m", "shm", "--shm-direct", "--async", "-i", "2000"]);
      expectSuccess(ended);
      expect(ended.result.results[0]?.details.mode).toBe("async");
    }));

  test.each(["--async", "--blocking"])("its slot follows the message size, %s", (mode) =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "shm", "--shm-direct", mode, "-s", "1048576", "-i", "8", "-w", "2"];
      expectSuccess(await sandbox.measure(args));
    }),
  );
});

describe("only the tests asked for are run", () => {
  const choices = [
    [["--one-way"], "one-way"],
    [["--round-trip"], "round-trip"],
    [["--no-round-trip"], "one-way"],
    [["--no-one-way"], "round-trip"],
  ] as const;
  test.each(choices)("%p", (flags, expected) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-i", "100", ...flags]);
      expectSuccess(ended);
      expect(allTests(ended.result).map(({ test }) => test)).toEqual([expected]);
      const other = expected === "one-way" ? "round_trip_results" : "one_way_results";
      expect(ended.result.results[0]?.[other]).toBeNull();
    }),
  );
});

describe("a message that the queues can't hold", () => {
  const limit = Number(readFileSync("/proc/sys/fs/mqueue/msgsize_max", "utf8"));
  // Root with all capabilities is above this limit.
  const through = isRoot ? ["setpriv", "--bounding-set", "-sys_resource"] : [];

  test.each([[], ["--blocking"]])("is refused with the limit and what fits %p", (...flags) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-m", "pmq", "-s", String(limit + 808), ...flags], { through });
      expect(ended.exitCode).toBe(2);
      const line = expectOneLine(ended);
      expect(line).toContain("msgsize_max");
      expect(line).toContain(String(limit));
      expect(ended.stdout).toBe("");
      const most = /-s (\d+) or less/.exec(line)?.[1];
      expectSuccess(await sandbox.measure(["-m", "pmq", "-s", String(most), "-i", "10"], { through }));
    }),
  );
});
