/** What tests of the compiled program expect again and again. */
import { expect } from "bun:test";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import { allTests, type Ended, PATIENCE_MS, Sandbox } from "./harness.ts";

/** For `setDefaultTimeout` of each file: the harness itself gives up first, and cleans up. */
export const TEST_TIMEOUT_MS = 2 * PATIENCE_MS;

/** Runs `body` in a sandbox; afterwards nothing may be left of it in the system. */
export async function inSandbox(body: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = new Sandbox();
  try {
    await body(sandbox);
    expect(await sandbox.leftovers()).toEqual([]);
  } finally {
    sandbox.remove();
  }
}

/** Expects a run that went well: nothing on stderr but `notices`, everything asked for present, nothing lost. */
export function expectSuccess(ended: Ended & { result: BenchmarkResult }, notices: readonly string[] = []): void {
  expect(ended.stderr.split("\n").filter(Boolean)).toEqual([...notices]);
  expect(ended.exitCode).toBe(0);
  expect(ended.result.metadata.complete).toBe(true);
  for (const { counts, failure, complete, latency } of allTests(ended.result)) {
    expect(failure).toBeNull();
    expect(complete).toBe(true);
    expect(counts.received).toBe(counts.sent);
    expect(counts).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, corrupt: 0 });
    expect(Number(latency?.count)).toBe(counts.received);
  }
}

/** Expects one line on stderr, from the program itself, and no stack trace. */
export function expectOneLine({ stderr }: Ended): string {
  const lines = stderr.split("\n").filter(Boolean);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toStartWith("ipc-benchmark: ");
  expect(stderr).not.toContain("internal error");
  return lines[0]!;
}
