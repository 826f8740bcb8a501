/**
 * That the looks and stores of the park protocol (c/plat/park.h) become instructions that can't pass each other. No x86
 * machine shows a mistake here, nor does arm64 emulated on one. So the places are compiled for arm64 and read.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../../..");
const c = join(root, "c");
const zig = join(root, "node_modules", ".bin", "zig");

/** Which loads a compiler chooses depends on the processor: from ARMv8.3 on there is LDAPR. */
const PROCESSORS = ["generic", "cortex_a72", "neoverse_n1", "neoverse_v1", "neoverse_v2", "apple_m1", "ampere1"];

interface Place {
  readonly file: string;
  /** Not static, or its address is taken, or it is called from several places: so it is a function of its own. */
  readonly name: string;
  /** Looks that come after a store of the same thread. LDAR waits for that store, LDAPR passes it. */
  readonly looks: number;
  /** Stores before such a look. */
  readonly stores: number;
}

const RING = "mechanism/ring.c";
const DIRECT = "mechanism/direct.c";
const OBJECT = "mechanism/parts/shm_object.c";

const SECOND_LOOKS: readonly Place[] = [
  { file: RING, name: "reader_ready", looks: 2, stores: 0 }, // closed, tail
  { file: RING, name: "writer_ready", looks: 2, stores: 0 }, // closed, head
  { file: DIRECT, name: "receiver_ready", looks: 1, stores: 0 }, // closed; the lock orders `full`
  { file: DIRECT, name: "sender_ready", looks: 1, stores: 0 },
  { file: OBJECT, name: "has_client", looks: 1, stores: 0 }, // attached
];

const PUBLISHERS: readonly Place[] = [
  { file: RING, name: "ring_try_send", looks: 1, stores: 1 }, // tail, then waiting
  { file: RING, name: "ring_publish", looks: 1, stores: 1 },
  { file: RING, name: "ring_try_receive", looks: 1, stores: 1 }, // head, then waiting
  { file: RING, name: "ring_close", looks: 2, stores: 0 }, // waiting at both places, after shm_object_leave
  { file: DIRECT, name: "direct_close", looks: 2, stores: 0 },
  { file: OBJECT, name: "shm_object_leave", looks: 0, stores: 1 },
  { file: OBJECT, name: "shm_object_attach", looks: 1, stores: 1 }, // attached, then waiting
];

const FUTEX_PARK: readonly Place[] = [
  { file: "linux/park.c", name: "park_sleep", looks: 2, stores: 1 }, // signals; waiting, then cancelled
  { file: "linux/park.c", name: "park_cancel", looks: 0, stores: 1 },
];
const PTHREAD_PARK: readonly Place[] = [
  { file: "posix/park.c", name: "park_sleep", looks: 1, stores: 1 }, // waiting, then cancelled
  { file: "posix/park.c", name: "park_cancel", looks: 0, stores: 1 },
];

interface Build {
  readonly target: string;
  readonly processor: string;
  readonly places: readonly Place[];
}

const shared = [...SECOND_LOOKS, ...PUBLISHERS];
const BUILDS: readonly Build[] = [
  ...PROCESSORS.map((processor) => ({
    target: "aarch64-linux-gnu.2.17",
    processor,
    places: [...shared, ...FUTEX_PARK],
  })),
  { target: "aarch64-macos", processor: "apple_m1", places: [...shared, ...PTHREAD_PARK] },
];

const scratch = mkdtempSync(join(tmpdir(), "ipcb-ordering-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Its instructions, each as mnemonic and operands. Without optimization over the whole program functions keep their names. */
function assemblyOf(file: string, { target, processor }: Build): string {
  const output = join(scratch, "out.s");
  const options = ["-std=c11", "-O2", "-fPIC", "-D_GNU_SOURCE", "-I", c, "-S", join(c, file), "-o", output];
  const cache = join(root, "dist", "zig-cache");
  const run = Bun.spawnSync([zig, "cc", "-target", target, `-mcpu=${processor}`, ...options], {
    env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
  });
  expect(run.stderr.toString()).toBe("");
  return readFileSync(output, "utf8");
}

function instructionsOf(assembly: string, name: string): string[] {
  const body = new RegExp(`^_?${name}:(.*?)^\\s*\\.cfi_endproc`, "ms").exec(assembly)?.[1];
  if (body === undefined) throw new Error(`there is no function ${name}; it may have been inlined or renamed`);
  return body
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^[a-z]/.test(line));
}

const count = (instructions: readonly string[], mnemonic: RegExp) =>
  instructions.filter((line) => mnemonic.test(line)).length;

/** A full barrier orders whatever stands around it, so it counts as either. */
const ORDERED_LOOK = /^(ldar|dmb)\b/;
const ORDERED_STORE = /^(stlr|dmb)\b/;

describe.each(BUILDS)("for $target on $processor", (build) => {
  const assemblies = new Map<string, string>();
  const read = (file: string) => {
    const assembly = assemblies.get(file) ?? assemblyOf(file, build);
    assemblies.set(file, assembly);
    return assembly;
  };

  test.each([...build.places])("$name of $file looks $looks and stores $stores times in order", (place) => {
    const instructions = instructionsOf(read(place.file), place.name);
    expect(count(instructions, ORDERED_LOOK)).toBeGreaterThanOrEqual(place.looks);
    expect(count(instructions, ORDERED_STORE)).toBeGreaterThanOrEqual(place.stores);
  });
});

test("a processor with LDAPR gets it for a plain acquire load: the test would see one", () => {
  const [, , n1] = BUILDS;
  expect(n1?.processor).toBe("neoverse_n1");
  expect(count(instructionsOf(assemblyOf(RING, n1!), "ring_try_send"), /^ldapr/)).toBeGreaterThan(0);
});
