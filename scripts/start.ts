/** Builds the executable if its sources are newer, then runs it: `bun start -- FLAGS`. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const program = join(root, "dist", "ipc-benchmark");

function newestChangeMs(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((entry) => newestChangeMs(join(path, entry))));
}

const sources = ["src", "c", "scripts", "package.json", "bun.lock"].map((path) => join(root, path));
const isStale = !existsSync(program) || Math.max(...sources.map(newestChangeMs)) > statSync(program).mtimeMs;
if (isStale) {
  const build = Bun.spawnSync([process.execPath, join(root, "scripts", "build.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (build.exitCode !== 0) process.exit(build.exitCode ?? 1);
}

const flags = process.argv.slice(2);
const run = Bun.spawn([program, ...(flags[0] === "--" ? flags.slice(1) : flags)], {
  stdio: ["inherit", "inherit", "inherit"],
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => run.kill(signal));
process.exit(await run.exited);
