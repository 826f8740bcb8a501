/** README and the pages in docs/, and the commands that they give. */
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const repository = resolve(import.meta.dir, "..");

export interface Page {
  /** Relative to the repository. */
  readonly name: string;
  readonly text: string;
}

export const PAGES: readonly Page[] = [
  "README.md",
  "CHANGELOG.md",
  ...globSync("docs/*.md", { cwd: repository }).sort(),
].map((name) => ({ name, text: readFileSync(join(repository, name), "utf8") }));
export const readme = PAGES[0]!;

export const FENCED = /^```.*\n[\s\S]*?^```$/gm;

/** Lines of the shell blocks, in their order. */
export function commandsOf({ text }: Page): string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => block!.trim().split("\n"));
}

export function examplesOf(page: Page): string[] {
  return commandsOf(page).filter((line) => /^(ipc-benchmark|printf) /.test(line));
}
