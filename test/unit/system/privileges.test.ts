import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { holdCpuDmaLatency, type RealTimeReport } from "../../../src/system/privileges.ts";
import {
  CpuDmaLatencySchema,
  cpuDmaLatencyDetails,
  RealTimeSchema,
  realTimeDetails,
} from "../../../src/system/privileges-schema.ts";
import { removeRootsAfterwards, rootOf } from "./tree.ts";

removeRootsAfterwards();

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === "linux";

async function realTimeInChild(...options: string[]): Promise<{ report: RealTimeReport; grownBytes: number }> {
  const script = join(import.meta.dir, "real-time.ts");
  const child = Bun.spawn([process.execPath, script, ...options], { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await child.stdout.text());
}

const validate = new Ajv({ allErrors: true, allowUnionTypes: true });

describe.if(isLinux)("--rt", () => {
  test("reports each part either as in force or with the reason why not, and never throws", async () => {
    const { report } = await realTimeInChild();
    const { lockedBytes, ...parts } = report;
    for (const { requested, effective, note } of Object.values(parts)) {
      if (effective !== requested) expect(note).toBeString();
    }
    expect(lockedBytes).not.toBe("unknown");
    const isValid = validate.compile(RealTimeSchema);
    isValid(realTimeDetails(report));
    expect(isValid.errors).toBeNull();
  });

  test("locks pages as they come and does not fetch the engine's reservations of 6 GB", async () => {
    const { report, grownBytes } = await realTimeInChild();
    if (report.memoryLock.effective !== null) expect(report.lockedBytes).toBeGreaterThan(50e6);
    expect(grownBytes).toBeLessThan(50e6);
  });

  test.if(isRoot)("without privileges says which one is missing", async () => {
    const { report } = await realTimeInChild("--as-nobody");
    expect(report.fifoPriority).toMatchObject({ requested: 7, effective: null, isDenied: true });
    expect(report.fifoPriority.note).toContain("CAP_SYS_NICE");
    expect(report.prefaultedStackBytes).toMatchObject({ requested: 524_288, isDenied: false });
    expect(report.timerSlackNs).toEqual({ requested: 1, effective: 1, note: null, isDenied: false });
  });
});

describe("--cpu-dma-latency", () => {
  test("writes 32 bits, reads them back and lets go when told to", () => {
    const path = join(rootOf({ "dev/latency": new Uint8Array([9, 9, 9, 9]) }), "dev/latency");
    const hold = holdCpuDmaLatency(70_000, path);
    expect(hold.report).toEqual({ requested: 70_000, effective: 70_000, note: null, isDenied: false });
    expect(readFileSync(path).readInt32LE()).toBe(70_000);
    hold.release();
    hold.release();
    expect(validate.validate(CpuDmaLatencySchema, cpuDmaLatencyDetails(hold.report))).toBe(true);
  });

  test("of a device that is not there is not in force, and says so", () => {
    const { report, release } = holdCpuDmaLatency(0, "/nowhere/latency");
    expect(report).toEqual({
      requested: 0,
      effective: null,
      note: "/nowhere/latency can't be opened: no such file or directory",
      isDenied: false,
    });
    release();
  });

  test("of a path that is a directory is not in force", () => {
    const { report } = holdCpuDmaLatency(0, rootOf({}));
    expect(report.effective).toBeNull();
    expect(report.note).toBeString();
  });
});
