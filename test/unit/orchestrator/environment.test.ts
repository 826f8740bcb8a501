import { afterEach, expect, test } from "bun:test";
import { roleEnvironment } from "../../../src/orchestrator/child.ts";

const HELPER_THREADS = ["BUN_JSC_useConcurrentJIT", "BUN_JSC_useWarmUpMarkedBlocks", "MIMALLOC_SCAVENGER"];

afterEach(() => {
  for (const name of [...HELPER_THREADS, "BUN_JSC_useFTLJIT"]) delete process.env[name];
});

const quietedIn = (environment: Record<string, string | undefined>) =>
  HELPER_THREADS.filter((name) => environment[name] === "0");

test("a blocking role runs without the runtime's helper threads, an async one needs them", () => {
  expect(quietedIn(roleEnvironment({ mode: "blocking", standalone: null }))).toEqual(HELPER_THREADS);
  expect(quietedIn(roleEnvironment({ mode: "async", standalone: null }))).toEqual([]);
});

test("a standalone server lives long and keeps them, its clients do not", () => {
  expect(quietedIn(roleEnvironment({ mode: "blocking", standalone: { side: "server" } }))).toEqual([]);
  expect(quietedIn(roleEnvironment({ mode: "blocking", standalone: { side: "client" } }))).toEqual(HELPER_THREADS);
});

test("what the user set wins", () => {
  for (const name of [...HELPER_THREADS, "BUN_JSC_useFTLJIT"]) process.env[name] = "1";
  expect(quietedIn(roleEnvironment({ mode: "blocking", standalone: null }))).toEqual([]);
  expect(roleEnvironment({ mode: "async", standalone: null }).BUN_JSC_useFTLJIT).toBe("1");
});
