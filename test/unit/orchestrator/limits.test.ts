/** What is made by way of trial before a run. */
import { expect, test } from "bun:test";
import { existsSync, watch } from "node:fs";
import { checkLimits } from "../../../src/orchestrator/limits.ts";
import { planOf } from "../result/fixture.ts";

const SHARED = "/dev/shm";

test.if(existsSync(SHARED))(
  "a trial of shared memory never has a name, which a killed process would leave",
  async () => {
    const seen: string[] = [];
    const watcher = watch(SHARED, (_, name) => seen.push(String(name)));
    try {
      for (const shmDirect of [false, true]) checkLimits(planOf({ mechanisms: ["shm"], shmDirect, concurrency: 3 }));
      await Bun.sleep(200);
    } finally {
      watcher.close();
    }
    // As random-name.ts has them; other programs make objects too.
    expect(seen.filter((name) => name.startsWith("ipcb-"))).toEqual([]);
  },
);

test("a trial still finds what there is no room for", () => {
  const plan = planOf({ mechanisms: ["shm"], bufferBytes: 64 });
  expect(() => checkLimits(plan)).toThrow("--buffer-size 64 is too small for shm");
});
