import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { MechanismResult } from "../../src/result/schema.ts";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests, type Sandbox, until } from "./harness.ts";
import { LedgerPeek } from "./ledger-peek.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const allowed = cpusAllowed();

/** Of this process; taskset words a mask as "0-3,8". */
function cpusAllowed(): number[] {
  const list = Bun.spawnSync(["taskset", "-cp", String(process.pid)])
    .stdout.toString()
    .split(":")
    .at(-1)!
    .trim();
  return list.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

const percentile = (metrics: MechanismResult["one_way_results"], wanted: number) =>
  Number(metrics?.latency?.percentiles.find((entry) => entry.percentile === wanted)?.value_ns);

describe("--send-delay", () => {
  const delayNs = 2_000_000;

  test.each([[], ["--blocking"]])("is no part of any latency, but of the time the run takes %p", (...flags) =>
    inSandbox(async (sandbox) => {
      const args = ["-m", "all", "-i", "100", "-w", "5", "--send-delay", "2ms", ...flags];
      const ended = await sandbox.measure(args);
      expectSuccess(ended);
      for (const { one_way_results: oneWay, round_trip_results: roundTrip } of ended.result.results) {
        for (const metrics of [oneWay, roundTrip]) {
          // Only whether the delay is in it: a fifth of it is far more than any of these mechanisms takes.
          expect(percentile(metrics, 50)).toBeLessThan(delayNs / 2);
        }
      }
      for (const { window_ns, counts } of allTests(ended.result)) {
        // A pause after each message but the last one, and none of them shorter than asked for.
        expect(Number(window_ns)).toBeGreaterThanOrEqual((counts.sent - 1) * delayNs);
      }
      expect(ended.result.results[0]?.details.send_delay_ns).toBe(delayNs);
    }),
  );

  test("does not lengthen a run by time", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-d", "300ms", "--send-delay", "10m", "--one-way", "--blocking", "-w", "0"]);
      expectSuccess(ended);
      expect(allTests(ended.result)[0]?.counts.sent).toBe(1);
      expect(ended.wallMs).toBeLessThan(20_000);
    }));
});

describe("what was asked for is in the result, as it came to be", () => {
  async function details(sandbox: Sandbox, ...args: string[]) {
    const ended = await sandbox.measure(["-i", "300", "-w", "10", ...args]);
    expectSuccess(ended);
    return ended.result.results[0]!.details;
  }

  test.each([[], ["--blocking"]])("--include-first-message measures one message less unrecorded %p", (...flags) =>
    inSandbox(async (sandbox) => {
      expect((await details(sandbox, ...flags)).requested.include_first_message).toBe(false);
      const included = await details(sandbox, "--include-first-message", ...flags);
      expect(included.requested.include_first_message).toBe(true);
      expect(included.tests.map(({ counts }) => counts.received)).toEqual([300, 300]);
    }),
  );

  test.each(["echo", "ack"])("--reply %s", (reply) =>
    inSandbox(async (sandbox) => {
      for (const mechanism of ["uds", "shm"]) {
        for (const flags of [[], ["--blocking"]]) {
          const got = await details(
            sandbox,
            "-m",
            mechanism,
            "-s",
            "100000",
            "--reply",
            reply,
            "--round-trip",
            ...flags,
          );
          expect(got.reply).toBe(reply as "echo" | "ack");
        }
      }
    }),
  );

  test.each(["spin", "hybrid"])("--wait %s", (wait) =>
    inSandbox(async (sandbox) => {
      for (const mechanism of [["shm"], ["shm", "--shm-direct"], ["pmq"], ["uds"], ["tcp"]]) {
        const ended = await sandbox.measure([
          "-i",
          "300",
          "-w",
          "10",
          "--blocking",
          "--wait",
          wait,
          "-m",
          ...mechanism,
        ]);
        expectSuccess(ended);
        expect(ended.result.results[0]?.details.wait).toBe(wait as "spin" | "hybrid");
      }
    }),
  );

  test("--buffer-size sets the buffers of both sides, and what the kernel made of it is read back", () =>
    inSandbox(async (sandbox) => {
      for (const mechanism of ["uds", "tcp", "shm"]) {
        for (const flags of [[], ["--blocking"]]) {
          const got = await details(sandbox, "-m", mechanism, "--buffer-size", "50000", ...flags);
          expect(got.requested.buffer_bytes).toBe(50_000);
          for (const { client, server } of got.tests) {
            for (const side of [client, server]) {
              // Linux doubles what sockets ask for, rings are rounded up; a default would be far larger.
              expect(side?.send_buffer_bytes).toBeWithin(50_000, 132_000);
              expect(side?.receive_buffer_bytes).toBeWithin(50_000, 132_000);
            }
          }
        }
      }
    }));

  test("--percentiles are the ones reported", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-i", "300", "--percentiles", "99.9", "12.5", "50", "100"]);
      expectSuccess(ended);
      const latency = ended.result.results[0]?.one_way_results?.latency;
      expect(latency?.percentiles.map((entry) => entry.percentile)).toEqual([12.5, 50, 99.9, 100]);
      expect(percentile(ended.result.results[0]!.one_way_results, 100)).toBe(Number(latency?.max_ns));
    }));
});

describe("placement", () => {
  async function shares(sandbox: Sandbox, server: number, client: number, flags: string[]) {
    const pins = ["--server-affinity", String(server), "--client-affinity", String(client)];
    const ended = await sandbox.measure(["-m", "all", "-i", "500", "-w", "10", ...pins, ...flags]);
    expectSuccess(ended);
    const tests = allTests(ended.result);
    for (const { client: sender, server: receiver } of tests) {
      expect(sender).toMatchObject({ allowed_cpus: [client], used_cpus: [client], migrations: 0 });
      expect(receiver).toMatchObject({ allowed_cpus: [server], used_cpus: [server], migrations: 0 });
    }
    return tests.map(({ same_cpu_share }) => same_cpu_share);
  }

  test.each([[], ["--blocking"]])("both on one CPU: every message is handled there %p", (...flags) =>
    inSandbox(async (sandbox) => {
      const cpu = allowed.at(-1)!;
      expect(await shares(sandbox, cpu, cpu, flags)).toEqual(Array(8).fill(1));
    }),
  );

  test.skipIf(allowed.length < 2).each([[], ["--blocking"]])("on two CPUs: none is %p", (...flags) =>
    inSandbox(async (sandbox) => {
      expect(await shares(sandbox, allowed[0]!, allowed[1]!, flags)).toEqual(Array(8).fill(0));
    }),
  );

  test.skipIf(allowed.length < 2).each(["server", "client"] as const)(
    "the %s that somebody moves to another CPU makes the test fail",
    (role) =>
      inSandbox(async (sandbox) => {
        const [cpu, other] = allowed as [number, number];
        const pins = ["--server-affinity", String(cpu), "--client-affinity", String(cpu)];
        const run = sandbox.start(["--blocking", "--round-trip", "-d", "1s", ...pins, "-o", "result.json"]);
        const { [role]: pid, client } = await run.bothRoles();
        using ledger = new LedgerPeek(client);
        await until("messages are measured", () => ledger.progress().sent > 100);
        expect(Bun.spawnSync(["taskset", "-p", "-c", String(other), String(pid)]).exitCode).toBe(0);
        const ended = await run.ended;
        expect(ended.exitCode).toBe(1);
        expect(ended.stderr).toContain(`can't run on CPU ${cpu}: the kernel allows ${other} instead`);
      }),
  );

  test.each(["--server-affinity", "--client-affinity"])("%s of a CPU that can't be had names those that can", (flag) =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run([flag, "1000"], { through: ["taskset", "-c", String(allowed[0])] });
      expect(ended.exitCode).toBe(2);
      const line = expectOneLine(ended);
      expect(line).toContain(`${flag} 1000`);
      expect(line).toEndWith(`(use one of ${allowed[0]})`);
    }),
  );
});

describe("the figures are true", () => {
  test("a stop of 400 ms is found in the maximum", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["--blocking", "--round-trip", "-d", "1500ms", "-o", "result.json"]);
      const { server, client } = await run.bothRoles();
      using ledger = new LedgerPeek(client);
      await until("messages are measured", () => ledger.progress().sent > 100);
      process.kill(server, "SIGSTOP");
      await Bun.sleep(400);
      process.kill(server, "SIGCONT");
      const ended = await run.ended;
      const result = sandbox.readResult();
      expectSuccess({ ...ended, result });
      const latency = result.results[0]?.round_trip_results?.latency;
      // The client may have waited for a CPU before it sent into the stop.
      expect(Number(latency?.max_ns)).toBeGreaterThanOrEqual(350e6);
      expect(percentile(result.results[0]!.round_trip_results, 50)).toBeLessThan(100e6);
    }));

  test.each([[], ["--blocking"]])(
    "windows, rates and latencies agree with each other and with the wall clock %p",
    (...flags) =>
      inSandbox(async (sandbox) => {
        const startedMs = Date.now();
        const ended = await sandbox.measure(["-m", "all", "-i", "3000", ...flags]);
        const endedMs = Date.now();
        expectSuccess(ended);
        let windowsNs = 0;
        for (const { details, ...entry } of ended.result.results) {
          for (const { test, window_ns, started_at_epoch_ns, latency } of details.tests) {
            const metrics = test === "one-way" ? entry.one_way_results : entry.round_trip_results;
            const windowNs = Number(window_ns);
            windowsNs += windowNs;
            expect(Number(started_at_epoch_ns) / 1e6).toBeWithin(startedMs - 1, endedMs + 1);
            expect(metrics?.throughput.messages_per_second).toBeCloseTo(3000 / (windowNs / 1e9), 3);
            expect(Number(metrics?.latency?.max_ns)).toBeLessThanOrEqual(windowNs);
            // One message after another: together they take no longer than the window.
            if (test === "round-trip") expect(Number(latency?.sum_ns)).toBeLessThanOrEqual(windowNs);
          }
        }
        expect(windowsNs / 1e6).toBeLessThan(endedMs - startedMs + 1);
      }),
  );

  test.each([[], ["--blocking"]])(
    "a reply that finds no room leaves the requests behind it as they came %p",
    (...flags) =>
      inSandbox(async (sandbox) => {
        // The schedule is far ahead from the start, so both directions fill up.
        const load = ["--round-trip", "-s", "16384", "-i", "2000", "--rate", "1000000", "--buffer-size", "32768"];
        const ended = await sandbox.measure(["-m", "uds", "tcp", ...load, ...flags]);
        expectSuccess(ended);
        expect(allTests(ended.result).every(({ room_waits: waits }) => waits.client.count > 0)).toBe(true);
      }),
  );
});
