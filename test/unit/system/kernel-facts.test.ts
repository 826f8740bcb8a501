import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  commandLineCpus,
  readLibc,
  readLimits,
  readPreemption,
  readSecurityModules,
  readSysctls,
} from "../../../src/system/kernel-facts.ts";
import { KernelFiles } from "../../../src/system/kernel-files.ts";
import { ARM_BOARD, removeRootsAfterwards, rootOf, type Tree, X86_SERVER } from "./tree.ts";

removeRootsAfterwards();

const files = (...trees: Tree[]) => new KernelFiles(rootOf(...trees));

describe("the preemption model", () => {
  const version = (words: string): Tree => ({
    "proc/version": `Linux version 6.1.0 (x) #1 SMP ${words} Tue\n`,
  });

  test.each<[string, Tree]>([
    ["full", X86_SERVER],
    ["real-time", ARM_BOARD],
    ["real-time", { "sys/kernel/realtime": "1\n" }],
    ["real-time", version("PREEMPT RT")],
    ["lazy", { ...version("PREEMPT_DYNAMIC"), "sys/kernel/debug/sched/preempt": "none voluntary full (lazy)\n" }],
    ["dynamic", version("PREEMPT_DYNAMIC")],
    ["full", version("PREEMPT")],
    ["none or voluntary", version("")],
    ["unknown", {}],
  ])("is %s", (model, tree) => {
    expect(readPreemption(files(tree))).toBe(model);
  });
});

describe("resource limits", () => {
  test("are numbers, unlimited or unknown, by the kernel's names", () => {
    const limits = [
      "Limit                     Soft Limit           Hard Limit           Units     ",
      "Max cpu time              unlimited            unlimited            seconds   ",
      "Max locked memory         8388608              unlimited            bytes     ",
      "Max msgqueue size         819200               819200               bytes     ",
      "Max nice priority         0                    odd                  ",
    ].join("\n");
    expect(readLimits(files({ "proc/self/limits": limits }))).toEqual({
      cpu_time: { soft: "unlimited", hard: "unlimited" },
      locked_memory: { soft: 8_388_608, hard: "unlimited" },
      msgqueue_size: { soft: 819_200, hard: 819_200 },
      nice_priority: { soft: 0, hard: "unknown" },
    });
  });

  test("without /proc are none", () => {
    expect(readLimits(files({}))).toEqual({});
  });
});

test("sysctls are all there, unknown where the kernel lacks them, with one blank between figures", () => {
  const sysctls = readSysctls(files({ "proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t6291456\n" }));
  expect(sysctls["net.ipv4.tcp_rmem"]).toBe("4096 131072 6291456");
  expect(sysctls["fs.mqueue.msg_max"]).toBe("unknown");
});

test("security modules are a list, unknown where securityfs is not mounted", () => {
  expect(readSecurityModules(files(X86_SERVER))).toEqual(["lockdown", "capability", "apparmor"]);
  expect(readSecurityModules(files({}))).toBe("unknown");
});

describe("the C library", () => {
  const maps = (path: string): Tree => ({ "proc/self/maps": `7f00-7f01 r-xp 00000000 08:01 12   ${path}\n` });
  const glibc = "\0\x7fGNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.\nCopyright\0";

  test("is glibc with the version that it carries", () => {
    const path = "lib/x86_64-linux-gnu/libc.so.6";
    expect(readLibc(files(maps(`/${path}`), { [path]: glibc }))).toBe("glibc 2.36");
  });

  test("of an old name is glibc, too, without a version if it can't be read", () => {
    expect(readLibc(files(maps("/lib64/libc-2.17.so")))).toBe("glibc");
  });

  test("is musl if musl's loader is mapped", () => {
    expect(readLibc(files(maps("/lib/ld-musl-aarch64.so.1")))).toBe("musl");
  });

  test("is unknown where neither is mapped", () => {
    expect(readLibc(files(maps("/usr/bin/static")))).toBe("unknown");
    expect(readLibc(files({}))).toBe("unknown");
  });
});

test("isolated CPUs on the command line come after flags", () => {
  expect(commandLineCpus("quiet isolcpus=domain,managed_irq,2-3,5", "isolcpus")).toBe("2-3,5");
  expect(commandLineCpus("quiet", "nohz_full")).toBe("");
  expect(commandLineCpus("unknown", "nohz_full")).toBe("unknown");
});

describe("a file of the kernel", () => {
  test("that is a directory reads as unknown", () => {
    const root = rootOf({});
    mkdirSync(join(root, "proc/version"), { recursive: true });
    const odd = new KernelFiles(root);
    expect(odd.text("proc/version")).toBe("unknown");
    expect(odd.number("proc/version")).toBe("unknown");
    expect(odd.bytes("proc/version")).toBe("unknown");
    expect(odd.lines("proc/version")).toEqual([]);
  });

  test("with a number and more is no number", () => {
    expect(files({ a: "12 apples\n" }).number("a")).toBe("unknown");
    expect(files({ a: "\n" }).number("a")).toBe("unknown");
    expect(files({ a: "-1\n" }).number("a")).toBe(-1);
  });
});
