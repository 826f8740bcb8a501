/**
 * Runs before the test files are loaded: sources under test import the host's shim, so it is built if absent or stale. After the
 * last test nothing of the whole run may be left: no process, no name in shared places, no socket, no file.
 */
import { afterAll } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { takeStock } from "./leftovers.ts";

const root = resolve(import.meta.dir, "..");
const shim = join(root, "dist", "shim", "host");

function newestChangeMs(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return Math.max(...entries.map((entry) => statSync(join(directory, entry)).mtimeMs));
}

function isStale(): boolean {
  return !existsSync(shim) || newestChangeMs(join(root, "c")) > statSync(shim).mtimeMs;
}

if (isStale()) {
  const command = [process.execPath, join(root, "scripts", "build.ts"), "--shim-only"];
  const build = Bun.spawnSync(command, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (build.exitCode !== 0) throw new Error("the C shim does not compile, so nothing that uses it can be tested");
}

if (process.platform === "linux") {
  const findLeftovers = takeStock();
  afterAll(async () => {
    const left = await findLeftovers();
    if (left.length > 0) throw new Error(`the tests left behind:\n${left.join("\n")}`);
  });
}
