/** The table of descriptors of a role's measuring thread: in one that other threads share the kernel counts each use. */
import { dlopen, FFIType } from "bun:ffi";
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const { i32, i64 } = FFIType;
const KCMP = { x64: 312, arm64: 272 }[process.arch as string] ?? 0;
const KCMP_FILES = 2;

function loadKcmp(): ((one: number, other: number) => number) | null {
  if (process.platform !== "linux") return null;
  const { syscall } = dlopen("libc.so.6", {
    syscall: { args: [i64, i32, i32, i32, i64, i64], returns: i64 },
  }).symbols;
  const compare = (one: number, other: number) => Number(syscall(KCMP, one, other, KCMP_FILES, 0, 0));
  return compare(process.pid, process.pid) === 0 ? compare : null;
}
const compareTables = loadKcmp();

test.if(compareTables !== null).each(["--round-trip", "--one-way"])(
  "is its own while a blocking loop runs, %s",
  (kind) =>
    inSandbox(async (sandbox) => {
      // Without this there is no thread to share it with.
      const env = { BUN_JSC_useConcurrentJIT: "1" };
      const run = sandbox.start(["-m", "uds", "--blocking", "-d", "2s", "-q", kind], { env });
      const roles = Object.values(await run.bothRoles());
      await Bun.sleep(1_000);
      const sharing = roles.flatMap((pid) => {
        const others = readdirSync(`/proc/${pid}/task`)
          .map(Number)
          .filter((thread) => thread !== pid);
        expect(others).not.toBeEmpty();
        return others.filter((thread) => compareTables!(pid, thread) === 0);
      });
      expect(sharing).toEqual([]);
      expect((await run.ended).exitCode).toBe(0);
    }),
);
