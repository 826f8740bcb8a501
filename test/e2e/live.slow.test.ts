/** What a run tells while it goes on: events, and progress on stderr. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import schema from "../../docs/events.schema.json";
import type { RunEvent } from "../../src/stream/events-schema.ts";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

describe("--events", () => {
  const validate = new Ajv({ allErrors: true }).compile(schema);

  function readEvents(text: string): RunEvent[] {
    expect(text).toEndWith("\n");
    return text
      .trimEnd()
      .split("\n")
      .map((line) => {
        const event = JSON.parse(line) as RunEvent;
        if (!validate(event)) throw new Error(`${line}: ${JSON.stringify(validate.errors)}`);
        return event;
      });
  }

  test("tells plan, start, intervals, results and end", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.measure(["-m", "uds", "-d", "2500ms", "--events", "-"]);
      expect(ended.exitCode).toBe(0);
      const events = readEvents(ended.stdout);
      const order = events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
      const cell = ["start", "interval", "result"];
      expect(order).toEqual(["plan", ...cell, ...cell, "end"] as RunEvent["type"][]);
      const intervals = events.filter((event) => event.type === "interval");
      expect(intervals.length).toBeWithin(4, 9);
      expect(intervals.every(({ latency }) => latency === null || Number(latency.count) > 0)).toBe(true);
      const results = events.filter((event) => event.type === "result");
      expect(results.map(({ received }) => received)).toEqual(
        allTests(ended.result).map(({ counts }) => counts.received),
      );
      expect(events.at(-1)).toMatchObject({ type: "end", complete: true, exit_code: 0 });
    }));

  test("ends with why a run failed", () =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["-d", "1h", "--round-trip", "--events", "e.ndjson"]);
      const { client } = await run.bothRoles();
      await Bun.sleep(300);
      process.kill(client, "SIGKILL");
      expect((await run.ended).exitCode).toBe(1);
      const events = readEvents(readFileSync(sandbox.path("e.ndjson"), "utf8"));
      expect(events.at(-2)).toMatchObject({
        type: "result",
        complete: false,
        failure: "the client was killed by SIGKILL",
      });
      expect(events.at(-1)).toMatchObject({ type: "end", complete: false, exit_code: 1 });
    }));
});

/** CPUs on which a process may run. */
function readCpus(pid: number | "self"): number[] {
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return list!.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

describe("progress", () => {
  test("is one line per cell where stderr is no terminal", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["-m", "uds", "shm", "-i", "200"]);
      expect(ended.progress).toHaveLength(4);
      expect(ended.progress[3]).toMatch(
        /^\[4\/4\] shm async round-trip 1 KiB: 200 messages, [\d.]+k?\/s, p50 .*, p99 /,
      );
    }));

  test("is one line that is redrawn at most four times a second, and goes away, on a terminal", () =>
    inSandbox(async (sandbox) => {
      const script = 'TERM=xterm exec script -qec "stty cols 120; $1 -m uds --blocking --round-trip -d 2s" /dev/null';
      const ended = await sandbox.run([], { through: ["bash", "-c", script, "bash"] });
      const draws = ended.stdout.split("\r\u001b[K");
      expect(draws.length).toBeWithin(6, 16);
      expect(
        draws.some((line) => /^\[1\/1\] uds blocking round-trip 1 KiB {2}\d+ % .*\/s {2}p50 .* left$/.test(line)),
      ).toBe(true);
      // Cleared at last: the summary follows.
      expect(draws.at(-1)).not.toContain("[1/1]");
    }));

  test.each(["TERM=dumb", "TERM="])("is one line per cell on a terminal that can't redraw, %s", (name) =>
    inSandbox(async (sandbox) => {
      const script = `exec script -qec "${name} $1 -m uds --one-way -i 200" /dev/null`;
      const { stdout } = await sandbox.run([], { through: ["bash", "-c", script, "bash"] });
      expect(stdout).toStartWith("[1/1] uds async one-way 1 KiB: 200 messages, ");
      expect(stdout).not.toContain("\u001b");
    }),
  );

  test("and summary keep within a narrow terminal, and use no more of it than they may", () =>
    inSandbox(async (sandbox) => {
      const onTerminal = async (environment: string, columns: number) => {
        const run = `${environment} "$1" -m uds shm -i 2000 -o r.json --blocking --percentiles 50 90 95 99`;
        const script = `exec script -qec "stty cols ${columns}; ${run.replaceAll('"', "")}" /dev/null`;
        const { stdout } = await sandbox.run([], { through: ["bash", "-c", script, "bash"] });
        return stdout.replaceAll("\r\n", "\n");
      };
      const seen = await onTerminal("TERM=xterm LC_ALL=C.UTF-8", 50);
      const lines = Bun.stripANSI(seen.replaceAll("\r", "\n")).split("\n");
      const tooLong = lines.filter((line) => line.length > 50);
      expect(tooLong).toEqual([]);
      expect(lines.some((line) => line.startsWith("[2/4] uds blocking"))).toBe(true);
      expect(seen).toContain("\u001b[1mround-trip");
      expect(seen).toContain("µs");

      const plain = await onTerminal("TERM=xterm NO_COLOR=1 LC_ALL=C", 140);
      expect(plain.replaceAll("\r\u001b[K", "")).not.toContain("\u001b");
      expect(plain).toMatch(
        /^ipc +samples +min +mean +p50 +p90 +p95 +p99 +max +msg\/s +MB\/s +in flight +vs best +shape$/m,
      );
      expect(Buffer.from(plain).every((byte) => byte < 128)).toBe(true);
    }));

  test("is drawn from CPUs that are not measured, if there are any", () =>
    inSandbox(async (sandbox) => {
      const allowed = readCpus("self");
      const pin = String(allowed[0]);
      const args = ["-d", "1s", "--one-way", "--server-affinity", pin, "--client-affinity", pin];
      const run = sandbox.start(args);
      await run.bothRoles();
      expect(readCpus(run.pid)).toEqual(allowed.length > 1 ? allowed.slice(1) : allowed);
      expect((await run.ended).exitCode).toBe(0);
    }));
});
