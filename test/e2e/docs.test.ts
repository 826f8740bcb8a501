/** The commands that README gives are run, so that it stays true. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FLAG_ENTRIES } from "../../src/cli/flags.ts";
import { PATIENCE_MS, program, repository } from "./harness.ts";

const readme = readFileSync(join(repository, "README.md"), "utf8");
const directory = mkdtempSync(join(tmpdir(), "ipcb-readme-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Lines of the shell blocks, in their order. */
const commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
  block!.trim().split("\n"),
);
const examples = commands.filter((line) => /^(ipc-benchmark|printf) /.test(line));

describe("README", () => {
  test.each(examples)(
    "%s",
    (line) => {
      const run = Bun.spawnSync(["bash", "-c", line], {
        cwd: directory,
        env: { PATH: `${dirname(program)}:${process.env.PATH}` },
        stdout: "pipe",
        stderr: "pipe",
      });
      expect(run.stderr.toString()).not.toContain("internal error");
      expect(run.exitCode).toBe(0);
    },
    PATIENCE_MS,
  );

  test("has an example for every flag", () => {
    const words = new Set(examples.flatMap((line) => line.split(/[\s=]+/)));
    const missing = FLAG_ENTRIES.filter(([, flag]) => {
      const spellings = flag.long.map((name) => `--${name}`);
      return ![...spellings, `-${flag.short}`].some((spelling) => words.has(spelling));
    });
    expect(missing.map(([key]) => key)).toEqual([]);
  });

  test("the examples left nothing but the files they name", () => {
    expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("CI runs the command for the tests as README gives it", () => {
    const command = commands.find((line) => line.includes("bun test"));
    expect(readFileSync(join(repository, ".ci", "run"), "utf8")).toContain(command!);
  });
});
