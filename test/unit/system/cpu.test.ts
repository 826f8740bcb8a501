import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { armPartName } from "../../../src/system/arm-parts.ts";
import { readCpu } from "../../../src/system/cpu-facts.ts";
import { parseCpuList } from "../../../src/system/cpu-list.ts";
import { farthestRelation, relationBetween } from "../../../src/system/cpu-relation.ts";
import { KernelFiles } from "../../../src/system/kernel-files.ts";
import { ARM_BOARD, removeRootsAfterwards, rootOf, X86_SERVER } from "./tree.ts";

removeRootsAfterwards();

describe("a list of CPUs", () => {
  test.each([
    ["0", [0]],
    ["0-3", [0, 1, 2, 3]],
    ["2,0-1", [0, 1, 2]],
    ["", []],
    [" 4 , 6-7\n", [4, 6, 7]],
    ["3-1", []],
  ])("%j is %j", (text, cpus) => {
    expect(parseCpuList(text)).toEqual(cpus);
  });

  test.each(["unknown", "a", "1-", "-1", "0-9999999999", "1.5"])("%j is unknown", (text) => {
    expect(parseCpuList(text)).toBe("unknown");
  });

  test("is read back from what its CPUs print as", () => {
    const cpus = fc.uniqueArray(fc.nat(500));
    fc.assert(
      fc.property(cpus, (list) => {
        expect(parseCpuList(list.join(","))).toEqual(list.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("a CPU of an x86 server", () => {
  const files = new KernelFiles(rootOf(X86_SERVER));

  test("is described with what it shares, how it clocks and how it sleeps", () => {
    expect(readCpu(files, 1)).toMatchObject({
      cpu: 1,
      model: "Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz",
      package: 0,
      core: 1,
      numa_node: 0,
      smt_siblings: [1, 5],
      package_cpus: [0, 1, 4, 5],
      governor: "performance",
      frequency_driver: "intel_pstate",
      energy_preference: "balance_performance",
      frequency_khz: 2_900_000,
      frequency_min_khz: 1_200_000,
      frequency_max_khz: 3_900_000,
      idle_states: [
        { name: "POLL", latency_us: 0, residency_us: 0, disabled: false },
        { name: "C1", latency_us: 2, residency_us: 4, disabled: false },
        { name: "C6", latency_us: 133, residency_us: 266, disabled: true },
      ],
    });
  });

  test.each([
    [0, 0, "same CPU"],
    [0, 4, "SMT siblings"],
    [0, 1, "same L3"],
    [0, 5, "same L3"],
    [0, 2, "other socket"],
    [6, 1, "other socket"],
  ])("%i and CPU %i are: %s", (a, b, relation) => {
    expect(relationBetween(readCpu(files, a), readCpu(files, b))).toBe(relation as "same CPU");
  });

  test("among others: the farthest two count", () => {
    const cpus = (numbers: number[]) => numbers.map((cpu) => readCpu(files, cpu));
    expect(farthestRelation(cpus([0, 4]))).toBe("SMT siblings");
    expect(farthestRelation(cpus([0, 4, 1]))).toBe("same L3");
    expect(farthestRelation(cpus([0, 4, 1, 3]))).toBe("other socket");
    expect(farthestRelation(cpus([2]))).toBe("same CPU");
    expect(farthestRelation([])).toBe("unknown");
  });

  test("without cache files is still placed by its socket", () => {
    const bare = (cpu: number) => ({ ...readCpu(files, cpu), caches: [] });
    expect(relationBetween(bare(0), bare(1))).toBe("same socket");
    expect(relationBetween(bare(0), bare(3))).toBe("other socket");
  });
});

describe("a CPU of an arm64 board", () => {
  const files = new KernelFiles(rootOf(ARM_BOARD));

  test("is named by its part and has no idle states where cpuidle is missing", () => {
    expect(readCpu(files, 2)).toMatchObject({
      model: "ARM Cortex-A72",
      smt_siblings: [2],
      governor: "ondemand",
      frequency_khz: "unknown",
      idle_states: "unknown",
    });
  });

  test("is close to its neighbour by the cache they share", () => {
    expect(relationBetween(readCpu(files, 0), readCpu(files, 3))).toBe("same L2");
  });

  test("of a maker without a list of parts is named by number", () => {
    expect(armPartName("0x51", "0x802")).toBe("Qualcomm part 0x802");
    expect(armPartName("0x99", "0x001")).toBe("implementer 0x99 part 0x001");
  });
});

test("a CPU whose files are missing is unknown throughout", () => {
  const files = new KernelFiles(rootOf({}));
  const { cpu, caches, ...rest } = readCpu(files, 7);
  expect(cpu).toBe(7);
  expect(caches).toEqual([]);
  expect([...new Set(Object.values(rest))]).toEqual(["unknown"]);
  expect(relationBetween(readCpu(files, 7), readCpu(files, 8))).toBe("unknown");
});

test("a socket that the firmware does not number is unknown, not minus one", () => {
  const root = rootOf({ "sys/devices/system/cpu/cpu0/topology/physical_package_id": "-1\n" });
  expect(readCpu(new KernelFiles(root), 0).package).toBe("unknown");
});
