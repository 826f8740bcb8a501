/** That README and the pages in docs/ lead where they say, and stay readable. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { FLAG_ENTRIES } from "../../src/cli/flags.ts";
import { ENVIRONMENT } from "../../src/cli/manual.ts";
import { commandsOf, examplesOf, FENCED, PAGES, type Page, readme, repository } from "../pages.ts";

const MOST_COLUMNS = 130;
const MOST_LINES_OF_README = 160;

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
    expect(PAGES.map(({ name }) => name).filter((name) => name !== readme.name && !linked.includes(name))).toEqual([]);
  });

  test("the guide has the environment variables of the manual page", () => {
    const { text } = PAGES.find(({ name }) => name === "docs/guide.md")!;
    const rows = text.slice(text.indexOf("| variable")).trimEnd().split("\n").slice(2);
    const cells = rows.map((row) => row.replaceAll("`", "").split("|"));
    expect(cells.map(([, name, effect]) => [name!.trim(), effect!.trim()])).toEqual(ENVIRONMENT.map((row) => [...row]));
  });

  test("README is short", () => {
    expect(readme.text.split("\n").length).toBeLessThanOrEqual(MOST_LINES_OF_README);
  });

  test("CI runs the command for the tests as README gives it", () => {
    const command = commandsOf(readme).find((line) => line.includes("bun test"));
    expect(readFileSync(join(repository, ".ci", "run"), "utf8")).toContain(command!);
  });
});
