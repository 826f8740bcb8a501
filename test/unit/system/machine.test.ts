import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { binarySha256, fileSha256 } from "../../../src/system/binary-hash.ts";
import { readMachine } from "../../../src/system/machine.ts";
import { MachineFactsSchema } from "../../../src/system/machine-schema.ts";
import { ARM_BOARD, CGROUP_V1_CONTAINER, CGROUP_V2, removeRootsAfterwards, rootOf, X86_SERVER } from "./tree.ts";

removeRootsAfterwards();

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(MachineFactsSchema);

const ROOTS: Record<string, string> = {
  "an x86 server under v2": rootOf(X86_SERVER, CGROUP_V2),
  "an arm64 board in a v1 container": rootOf(ARM_BOARD, CGROUP_V1_CONTAINER),
  "a root with neither /proc nor /sys": rootOf({}),
  "a root with /proc alone": rootOf(
    Object.fromEntries(Object.entries(X86_SERVER).filter(([path]) => path.startsWith("proc/"))),
  ),
  "this machine": "/",
};

describe("the facts of", () => {
  test.each(Object.entries(ROOTS))("%s fit their schema", (_, root) => {
    validate(readMachine([0, 1, 0], root));
    expect(validate.errors).toBeNull();
  });

  test("an x86 server are read", () => {
    const { cpus, ...facts } = readMachine([0, 3], ROOTS["an x86 server under v2"]!);
    expect(cpus.map(({ cpu }) => cpu)).toEqual([0, 3]);
    expect(facts).toMatchObject({
      kernel_release: "6.1.0-18-amd64",
      kernel_preemption: "full",
      cpu_model: "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz",
      board_model: "unknown",
      cpus_online: [0, 1, 2, 3, 4, 5, 6, 7],
      cpus_isolated: [2, 3],
      cpus_nohz_full: [2, 3],
      smt: "on",
      cpu_relation: "other socket",
      boost: true,
      idle_driver: "intel_idle",
      idle_governor: "menu",
      cpu_dma_latency_us: 2_000_000_000,
      clock_source: "tsc",
      clock_sources_available: ["tsc", "hpet", "acpi_pm"],
      mitigations: { meltdown: "Not affected", spectre_v2: "Mitigation: Enhanced IBRS" },
      transparent_huge_pages: "madvise",
      cgroup_version: "v2",
      cgroup_cpu_limit: 1.5,
      container: "none",
      hypervisor: "none",
      product_name: "PowerEdge R640",
      system_vendor: "Dell Inc.",
      security_modules: ["lockdown", "capability", "apparmor"],
      memory_bytes: 16_316_412 * 1024,
    });
  });

  test("an arm64 board are read, isolated CPUs from the command line", () => {
    expect(readMachine([2, 3], ROOTS["an arm64 board in a v1 container"]!)).toMatchObject({
      kernel_preemption: "real-time",
      cpu_model: "ARM Cortex-A72",
      board_model: "Raspberry Pi 4 Model B Rev 1.4",
      cpus_isolated: [3],
      cpus_nohz_full: [],
      smt: "unknown",
      cpu_relation: "same L2",
      boost: false,
      clock_source: "arch_sys_counter",
      mitigations: {},
      cgroup_version: "v1",
      container: "docker",
      hypervisor: "unknown",
      security_modules: "unknown",
    });
  });

  test("a root without /proc and /sys are unknown, none of them a default", () => {
    const { cpus, mitigations, limits, sysctls, ...facts } = readMachine(
      [0],
      ROOTS["a root with neither /proc nor /sys"]!,
    );
    expect({ mitigations, limits }).toEqual({ mitigations: {}, limits: {} });
    expect([...new Set(Object.values(sysctls))]).toEqual(["unknown"]);
    const { cpu_relation: relation, ...rest } = facts;
    expect(relation).toBe("same CPU");
    expect([...new Set(Object.values(rest))]).toEqual(["unknown"]);
    expect(cpus).toHaveLength(1);
  });

  test("a large machine hold the first sixteen CPUs", () => {
    const cpus = Array.from({ length: 200 }, (_, cpu) => cpu);
    expect(readMachine(cpus, ROOTS["a root with neither /proc nor /sys"]!).cpus).toHaveLength(16);
  });
});

describe("the hash of the executable", () => {
  test("is SHA-256 of the file", async () => {
    const path = join(rootOf({}), "program");
    const contents = Buffer.alloc(3_000_000, "ab");
    writeFileSync(path, contents);
    expect(await fileSha256(path)).toBe(createHash("sha256").update(contents).digest("hex"));
  });

  test("of a file that is gone is unknown", async () => {
    expect(await fileSha256("/nowhere/program")).toBe("unknown");
  });

  test("is unknown when run from source", async () => {
    expect(await binarySha256()).toBe("unknown");
  });
});
