/** Threads of a role beside the one that measures: they take CPU time from it where there is none to spare. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const threadsOf = (pid: number) => readdirSync(`/proc/${pid}/task`).map(Number);

test.if(process.platform === "linux").each(["--round-trip", "--one-way", "--one-way --rate 1000"])(
  "a blocking role has none, %s",
  (kind) =>
    inSandbox(async (sandbox) => {
      const run = sandbox.start(["-m", "shm", "--blocking", "-d", "2s", "-q", ...kind.split(" ")]);
      const roles = Object.values(await run.bothRoles());
      await Bun.sleep(1_000);
      expect(roles.map(threadsOf)).toEqual(roles.map((pid) => [pid]));
      expect((await run.ended).exitCode).toBe(0);
    }),
);

test.if(process.platform === "linux")("the environment can ask for them", () =>
  inSandbox(async (sandbox) => {
    const env = { BUN_JSC_useConcurrentJIT: "1" };
    const run = sandbox.start(["-m", "shm", "--blocking", "-d", "2s", "-q", "--one-way"], { env });
    const roles = Object.values(await run.bothRoles());
    await Bun.sleep(1_000);
    for (const pid of roles) expect(threadsOf(pid).length).toBeGreaterThan(1);
    expect((await run.ended).exitCode).toBe(0);
  }),
);
