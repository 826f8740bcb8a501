/** That the check of `bun run lint` finds what it is there for: on a tree of two files that import each other in a given way. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

/** What the check says of these files, given by path and text. */
function lint(files: Readonly<Record<string, string>>): { exitCode: number; output: string } {
  const directory = mkdtempSync(join(tmpdir(), "ipcb-plan-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const check = join(root, "scripts", "check-floor-plan.ts");
    const run = Bun.spawnSync([process.execPath, check], { cwd: directory });
    return { exitCode: run.exitCode, output: `${run.stdout}${run.stderr}` };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const TAKES_TYPE = (path: string) => `import type { A } from "${path}";\nexport type B = A;\n`;

test("an import downwards is allowed", () => {
  const files = { "src/cli/a.ts": TAKES_TYPE("../plan/b.ts"), "src/plan/b.ts": "export type A = 1;\n" };
  expect(lint(files)).toMatchObject({ exitCode: 0 });
});

test.each([
  ["plan imports downwards", "plan", "cli"],
  ["native imports downwards", "native", "channel"],
  ["system imports downwards", "system", "stats"],
  ["log imports downwards", "log", "progress"],
  ["pure folders import only each other", "stats", "system"],
])("%s: %s from %s is refused, a type too", (rule, from, to) => {
  const files = {
    [`src/${from}/a.ts`]: TAKES_TYPE(`../${to}/b.ts`),
    [`src/${to}/b.ts`]: "export type A = 1;\n",
  };
  const { exitCode, output } = lint(files);
  expect(exitCode).not.toBe(0);
  expect(output).toContain(rule);
});

test("a circle within a folder is refused, also one that is closed by a dynamic import", () => {
  const files = {
    "src/plan/a.ts": 'export type A = 1;\nexport const load = () => import("./b.ts");\n',
    "src/plan/b.ts": TAKES_TYPE("./a.ts"),
  };
  const { exitCode, output } = lint(files);
  expect(exitCode).not.toBe(0);
  expect(output).toContain("no circles");
});

test("a folder without a floor is refused, and so is a door to C elsewhere than in native/", () => {
  const { exitCode, output } = lint({ "src/attic/a.ts": 'import { ptr } from "bun:ffi";\nptr;\n' });
  expect(exitCode).not.toBe(0);
  expect(output).toContain("every folder has its floor");
  expect(output).toContain("only native/ opens the door to C");
});

test("an include of C that runs upwards is refused, and so is a folder without a floor", () => {
  const files = { "src/plan/a.ts": "export type A = 1;\n", "c/plat/a.h": "", "c/record/b.h": "" };
  expect(lint({ ...files, "c/record/a.c": '#include "plat/a.h"\n' })).toMatchObject({ exitCode: 0 });
  for (const [path, include] of [
    ["c/plat/b.h", '#include "record/b.h"'],
    ["c/attic/a.c", '#include "plat/a.h"'],
  ]) {
    const { exitCode, output } = lint({ ...files, [path!]: `${include}\n` });
    expect(exitCode).toBe(1);
    expect(output).toContain(`${path}: ${include} does not run downwards`);
  }
});
