/** Runs the commands of a page, so that it stays true. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { examplesOf, type Page } from "../pages.ts";
import { PATIENCE_MS, program } from "./harness.ts";

export function testCommandsOf(page: Page): void {
  describe(`commands of ${page.name}`, () => {
    const directory = mkdtempSync(join(tmpdir(), "ipcb-docs-"));
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    test.each(examplesOf(page))(
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

    test("left nothing but the files they name", () => {
      expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
    });
  });
}
