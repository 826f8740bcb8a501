/** The commands that README and the pages in docs/ give are run, and their links followed, so that they stay true. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { FLAG_ENTRIES } from "../../src/cli/flags.ts";
import { PATIENCE_MS, program, repository } from "./harness.ts";

interface Page {
  /** Relative to the repository. */
  readonly name: string;
  readonly text: string;
}

const PAGES: readonly Page[] = [
  "README.md",
  "CHANGELOG.md",
  ...globSync("docs/*.md", { cwd: repository }).sort(),
].map((name) => ({ name, text: readFileSync(join(repository, name), "utf8") }));
const readme = PAGES[0]!;

const MOST_COLUMNS = 130;
const MOST_LINES_OF_README = 160;

const FENCED = /^```.*\n[\s\S]*?^```$/gm;

/** Lines of the shell blocks, in their order. */
function commandsOf({ text }: Page): string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => block!.trim().split("\n"));
}

function examplesOf(page: Page): string[] {
  return commandsOf(page).filter((line) => /^(ipc-benchmark|printf) /.test(line));
}

/** As the hosting site makes anchors of headings. */
function anchorsOf({ text }: Page): string[] {
  const headings = text.replaceAll(FENCED, "").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

interface Link {
  readonly file: string;
  /** "" where the link has none. */
  readonly anchor: string;
}

/** Links to something in the repository. */
function linksOf({ name, text }: Page): Link[] {
  const prose = text.replaceAll(FENCED, "");
  return [...prose.matchAll(/\]\(([^)]+)\)/g)].flatMap(([, target]) => {
    if (/^[a-z]+:/.test(target!)) return [];
    const [path = "", anchor = ""] = target!.split("#");
    const file = path === "" ? name : relative(repository, join(repository, dirname(name), path));
    return [{ file, anchor }];
  });
}

function isBroken({ file, anchor }: Link): boolean {
  if (!existsSync(join(repository, file))) return true;
  if (anchor === "") return false;
  const page = PAGES.find(({ name }) => name === file);
  return page === undefined || !anchorsOf(page).includes(anchor);
}

for (const [name, examples] of PAGES.map((page) => [page.name, examplesOf(page)] as const)) {
  if (examples.length === 0) continue;
  describe(`commands of ${name}`, () => {
    const directory = mkdtempSync(join(tmpdir(), "ipcb-docs-"));
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

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

    test("left nothing but the files they name", () => {
      expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
    });
  });
}

describe("README and docs/", () => {
  test("have commands where they are told to be", () => {
    const named = PAGES.filter((page) => examplesOf(page).length > 0).map(({ name }) => name);
    expect(named).toEqual(["README.md", "docs/guide.md", "docs/peers.md"]);
  });

  test("have an example for every flag", () => {
    const words = new Set(PAGES.flatMap(examplesOf).flatMap((line) => line.split(/[\s=]+/)));
    const missing = FLAG_ENTRIES.filter(([, flag]) => {
      const spellings = flag.long.map((name) => `--${name}`);
      return ![...spellings, `-${flag.short}`].some((spelling) => words.has(spelling));
    });
    expect(missing.map(([key]) => key)).toEqual([]);
  });

  test.each(PAGES)("$name has no broken link", (page) => {
    expect(linksOf(page).filter(isBroken)).toEqual([]);
  });

  test.each(PAGES)("$name has no anchor twice", (page) => {
    const anchors = anchorsOf(page);
    expect(anchors.filter((anchor, i) => anchors.indexOf(anchor) !== i)).toEqual([]);
  });

  test.each(PAGES)("$name has no long line outside of tables and code", ({ text }) => {
    const lines = text.replaceAll(FENCED, "").split("\n");
    expect(lines.filter((line) => !line.startsWith("|") && line.length > MOST_COLUMNS)).toEqual([]);
  });

  test("every page is linked from README", () => {
    const linked = linksOf(readme).map(({ file }) => file);
    expect(
      PAGES.map(({ name }) => name).filter((name) => name !== readme.name && !linked.includes(name)),
    ).toEqual([]);
  });

  test("README is short", () => {
    expect(readme.text.split("\n").length).toBeLessThanOrEqual(MOST_LINES_OF_README);
  });

  test("CI runs the command for the tests as README gives it", () => {
    const command = commandsOf(readme).find((line) => line.includes("bun test"));
    expect(readFileSync(join(repository, ".ci", "run"), "utf8")).toContain(command!);
  });
});
