/**
 * Compiles the C shim with zig from npm, embeds it, and makes one executable of it.
 *
 *   bun run build                          this machine's, as dist/ipc-benchmark
 *   bun run build --target linux-arm64 …   others, as dist/ipc-benchmark-<target>; `all` for every one
 *   bun run build --shim-only …            stop before the executable
 */
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { shimSources } from "./shim-sources.ts";
import { hostTarget, TARGETS, type Target } from "./targets.ts";

const root = resolve(import.meta.dir, "..");
const dist = join(root, "dist");
const zig = join(root, "node_modules", ".bin", "zig");

/** npm has no zig for macOS on arm64: there the system's own compiler builds the host's shim. */
function compiler(target: Target): string[] {
  if (existsSync(zig) && zigRuns()) return [zig, "cc", "-target", target.zig];
  if (target.name === hostTarget().name) return ["cc"];
  throw new Error(`no zig for this host, so only ${hostTarget().name} can be built here`);
}

let zigWorks: boolean | null = null;
function zigRuns(): boolean {
  zigWorks ??= Bun.spawnSync([zig, "version"], { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
  return zigWorks;
}

function compileShim(target: Target): string {
  const output = join(dist, "shim", target.name);
  mkdirSync(join(dist, "shim"), { recursive: true });
  const flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=default"];
  // Optimized as a whole: a message goes through half a dozen files, and what lies between them costs some percent.
  const whole = ["-flto", "-fno-semantic-interposition"];
  // Where it was built must not be in it: a library of macOS holds its own path, and those of its objects.
  const nameless = ["-Wl,-install_name,@rpath/ipc-benchmark-shim", "-Wl,-S"];
  const platform = target.os === "linux" ? ["-D_GNU_SOURCE", "-lpthread", "-lrt", "-Wl,-s", ...whole] : nameless;
  const c = join(root, "c");
  const sources = shimSources(c, target.os).map((file) => join(c, file));
  const command = [...compiler(target), ...flags, "-I", c, ...sources, ...platform, "-o", output];
  const run = Bun.spawnSync(command, {
    stdout: "inherit",
    stderr: "inherit",
    env: {
      ...process.env,
      ZIG_GLOBAL_CACHE_DIR: join(dist, "zig-cache"),
      ZIG_LOCAL_CACHE_DIR: join(dist, "zig-cache"),
    },
  });
  if (run.exitCode !== 0) throw new Error(`the C shim for ${target.name} does not compile`);
  if (target.name === hostTarget().name) copyFileSync(output, join(dist, "shim", "host"));
  return output;
}

async function compileProgram(target: Target, shim: string): Promise<string> {
  const isHost = target.name === hostTarget().name;
  const outfile = join(dist, isHost ? "ipc-benchmark" : `ipc-benchmark-${target.name}`);
  const result = await Bun.build({
    // The second one is what the threads of a blocking server run.
    entrypoints: ["main.ts", "roles/thread.ts"].map((file) => join(root, "src", file)),
    minify: { syntax: true, whitespace: true },
    // A role loads no more than it needs: what starts in half the time starts measuring in half the time.
    splitting: true,
    plugins: [
      {
        name: "embedded-shim",
        setup(build) {
          build.onResolve({ filter: /^embedded-shim$/ }, () => ({ path: shim }));
        },
      },
    ],
    compile: {
      // Without a target Bun embeds itself, which needs no download.
      ...(isHost ? {} : { target: target.bun }),
      outfile,
      // A stray .env or bunfig.toml where the program runs must not change what it does.
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  });
  if (!result.success) throw new AggregateError(result.logs, `the program for ${target.name} does not build`);
  return outfile;
}

function chosenTargets(names: readonly string[]): Target[] {
  if (names.includes("all")) return [...TARGETS];
  if (names.length === 0) return [hostTarget()];
  return names.map((name) => {
    const target = TARGETS.find((candidate) => candidate.name === name);
    if (target === undefined)
      throw new Error(`--target "${name}" is unknown; known: ${TARGETS.map((t) => t.name).join(", ")}, all`);
    return target;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true, default: [] },
      "shim-only": { type: "boolean", default: false },
    },
  });
  for (const target of chosenTargets(values.target)) {
    const shim = compileShim(target);
    console.log(values["shim-only"] ? shim : await compileProgram(target, shim));
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof AggregateError ? [error.message, ...error.errors].join("\n") : String(error));
    process.exit(1);
  }
}
