import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { PathClaims } from "../../../src/output/claims.ts";

let directory: string;
let claims: PathClaims;
const at = (name: string) => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "claims-"));
  claims = new PathClaims();
});
afterEach(() => rmSync(directory, { recursive: true }));

test("two outputs with different paths are two files", () => {
  claims.file("--csv", at("a"));
  claims.file("--markdown", at("b"));
});

test("two outputs with the same path are refused, both named", () => {
  claims.file("--csv", at("a"));
  expect(() => claims.file("--markdown", at("a"))).toThrow(`--csv and --markdown would both write ${at("a")}`);
  expect(() => claims.file("--csv", at("a"))).toThrow("--csv would write");
});

test("a path said in another way is the same", () => {
  mkdirSync(at("d"));
  claims.file("--csv", at("a"));
  expect(() => claims.file("--markdown", join(directory, "d", "..", "a"))).toThrow("would both");
  expect(() => claims.file("--markdown", relative(process.cwd(), at("a")))).toThrow("would both");
});

test("links to one file or directory are one", () => {
  writeFileSync(at("file"), "");
  symlinkSync(at("file"), at("link"));
  symlinkSync(directory, at("other"));
  claims.file("--csv", at("file"));
  expect(() => claims.file("--markdown", at("link"))).toThrow("would both");
  claims.file("--csv", at("new"));
  expect(() => claims.file("--markdown", join(directory, "other", "new"))).toThrow("would both");
});

test("what swallows everything may take several", () => {
  claims.file("--csv", "/dev/null");
  claims.file("--markdown", "/dev/null");
});

test("a named pipe takes one only", () => {
  Bun.spawnSync(["mkfifo", at("pipe")]);
  claims.file("--csv", at("pipe"));
  expect(() => claims.file("--markdown", at("pipe"))).toThrow("would both");
});

test("files with the endings of a directory's output are taken, others not, in either order", () => {
  claims.directory("--output-file", directory, ["_summary.json"]);
  claims.file("--csv", at("r.csv"));
  expect(() => claims.file("--markdown", at("uds_64_summary.json"))).toThrow("--output-file and --markdown");
  claims.file("--markdown", at("x.hlog"));
  expect(() => claims.directory("--hlog", directory, [".hlog"])).toThrow("--hlog and --markdown");
});
