/** --seed: whose random arrivals are whose. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import type { Sandbox } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const MESSAGES = 20;

/** Gaps between the scheduled moments, for each schedule of the streamed rows, by test, launch and client. */
function schedulesIn(path: string): Map<string, string> {
  const rows = parse(readFileSync(path), { columns: true }) as Record<string, string>[];
  const moments = new Map<string, bigint[]>();
  for (const { test: name, launch, worker, message_id: id, scheduled_ns: due } of rows) {
    const key = `${name} ${launch ?? 1} ${worker}`;
    moments.set(key, moments.get(key) ?? []);
    moments.get(key)![Number(id)] = BigInt(due!);
  }
  return new Map(
    [...moments].map(([key, due]) => [key, String(due.slice(1).map((moment, index) => moment - due[index]!))]),
  );
}

async function schedulesOf(sandbox: Sandbox, seed: number, ...flags: string[]): Promise<Map<string, string>> {
  const arrivals = ["--rate", "4000", "--arrival", "poisson", "--seed", String(seed)];
  const rows = ["--streaming-output-csv", `${seed}.csv`];
  expectSuccess(await sandbox.measure(["-m", "uds", "--blocking", ...arrivals, ...rows, ...flags]));
  return schedulesIn(sandbox.path(`${seed}.csv`));
}

test("neighbouring seeds, launches and clients share no schedule, and both sides agree on each", () =>
  inSandbox(async (sandbox) => {
    const flags = ["-c", "2", "--launches", "2", "-i", String(2 * MESSAGES)];
    const schedules = [await schedulesOf(sandbox, 7, ...flags), await schedulesOf(sandbox, 8, ...flags)];
    // The server tells the moments of one-way messages, the client those of round trips.
    const of = (name: string) =>
      schedules.flatMap((run) => ["1 0", "1 1", "2 0", "2 1"].map((place) => run.get(`${name} ${place}`) ?? "missing"));
    expect(of("one-way")).toEqual(of("round-trip"));
    expect(new Set(of("one-way")).size).toBe(8);
  }));
