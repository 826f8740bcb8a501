import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfigText } from "../../../../src/cli/config/read.ts";

const directory = mkdtempSync(join(tmpdir(), "config-"));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
}

test("a configuration file is read as text", () => {
  expect(readConfigText(file("good.toml", "a = 'é'\n"))).toBe("a = 'é'\n");
});

describe("a file that can't be a configuration is refused", () => {
  mkdirSync(join(directory, "folder.toml"));
  const cases: readonly (readonly [string, string])[] = [
    [join(directory, "missing.toml"), "no such file or directory"],
    [join(directory, "folder.toml"), "it is a directory"],
    ["/dev/null", "it is not a regular file"],
    [file("large.toml", "#".repeat(65_537)), "it has 65537 bytes, at most 65536 are allowed"],
    [file("latin1.toml", new Uint8Array([0x61, 0xe9])), "it is not UTF-8 text"],
    ["a\0b.toml", "can't be read"],
  ];
  for (const [path, reason] of cases) {
    test(reason, () => expect(() => readConfigText(path)).toThrow(reason));
  }
});
