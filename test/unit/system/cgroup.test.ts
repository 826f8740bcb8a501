import { describe, expect, test } from "bun:test";
import { cpuLimitOf, cpusOf, memoryLimitOf, readMembership, readThrottling } from "../../../src/system/cgroup.ts";
import { KernelFiles } from "../../../src/system/kernel-files.ts";
import { CGROUP_V1_CONTAINER, CGROUP_V2, removeRootsAfterwards, rootOf, type Tree } from "./tree.ts";

removeRootsAfterwards();

function read(...trees: Tree[]) {
  const files = new KernelFiles(rootOf(...trees));
  const membership = readMembership(files);
  return {
    version: membership.version,
    path: membership.path,
    cpuLimit: cpuLimitOf(files, membership),
    memoryLimit: memoryLimitOf(files, membership),
    cpus: cpusOf(files, membership),
    throttling: readThrottling(files, membership.cpu),
  };
}

describe("control groups", () => {
  test("of v2: the least limit of the group and those above it, and the sum of their throttling", () => {
    expect(read(CGROUP_V2)).toEqual({
      version: "v2",
      path: "/system.slice/bench.service",
      cpuLimit: 1.5,
      memoryLimit: 2_147_483_648,
      cpus: [0, 1, 2, 3],
      throttling: { count: 5, totalNs: 2_200_000 },
    });
  });

  test("of v1 in a container: the mount begins at the container's own group", () => {
    expect(read(CGROUP_V1_CONTAINER)).toEqual({
      version: "v1",
      path: "/docker/4f2a",
      cpuLimit: 0.5,
      memoryLimit: "unlimited",
      cpus: [1, 3],
      throttling: { count: 7, totalNs: 123_456_789 },
    });
  });

  test("of v2 in a namespace of its own: the mount's top is the group itself", () => {
    const { path, cpuLimit } = read({
      "proc/self/cgroup": "0::/\n",
      "proc/self/mountinfo": "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
      "sys/fs/cgroup/cpu.max": "200000 100000\n",
    });
    expect({ path, cpuLimit }).toEqual({ path: "/", cpuLimit: 2 });
  });

  test("whose path lies outside what is mounted are read at the mount's top", () => {
    const { cpuLimit } = read({
      "proc/self/cgroup": "0::/../other\n",
      "proc/self/mountinfo": "30 22 0:26 /mine /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
      "sys/fs/cgroup/cpu.max": "25000 100000\n",
    });
    expect(cpuLimit).toBe(0.25);
  });

  test("of v1 and v2 at once are hybrid, each controller where it is", () => {
    const { version, cpuLimit } = read({
      "proc/self/cgroup": "1:cpu:/a\n0::/b\n",
      "proc/self/mountinfo":
        "1 0 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n2 0 0:2 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
    });
    expect({ version, cpuLimit }).toEqual({ version: "hybrid", cpuLimit: "unlimited" });
  });

  test("whose mount point holds a blank are found", () => {
    const { cpuLimit } = read({
      "proc/self/cgroup": "0::/\n",
      "proc/self/mountinfo": "30 22 0:26 / /my\\040groups rw - cgroup2 cgroup rw\n",
      "my groups/cpu.max": "300000 100000\n",
    });
    expect(cpuLimit).toBe(3);
  });

  test("that are not mounted are unknown, not unlimited", () => {
    expect(read({ "proc/self/cgroup": "0::/a\n" })).toMatchObject({
      cpuLimit: "unknown",
      memoryLimit: "unknown",
      cpus: "unknown",
      throttling: "unknown",
    });
  });

  test("with a limit that is no number are unknown", () => {
    const { cpuLimit } = read({ ...CGROUP_V2, "sys/fs/cgroup/system.slice/bench.service/cpu.max": "lots\n" });
    expect(cpuLimit).toBe("unknown");
  });

  test("without /proc are unknown", () => {
    expect(read({})).toMatchObject({ version: "unknown", path: "unknown", cpuLimit: "unknown" });
  });

  test("of a kernel built without them are none, and limit nothing", () => {
    expect(read({ "proc/self/stat": "1 (x) R" })).toMatchObject({ version: "none", cpuLimit: "unlimited" });
  });
});
