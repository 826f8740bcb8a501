import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunError, UsageError } from "../../../src/plan/errors.ts";
import { OutputStream } from "../../../src/stream/output-stream.ts";
import { CSV_FILE, JSON_FILE } from "../../../src/stream/rows.ts";

const directory = mkdtempSync(join(tmpdir(), "output-stream-"));
afterAll(() => rmSync(directory, { recursive: true }));
const path = (name: string) => join(directory, name);
const bytes = (text: string) => new TextEncoder().encode(text);

describe("a file", () => {
  test("keeps what it holds until the run begins", async () => {
    writeFileSync(path("old"), "old and long");
    const output = new OutputStream(path("old"), "--events");
    expect(readFileSync(path("old"), "utf8")).toBe("old and long");
    output.begin();
    await output.write(bytes("new"));
    output.close();
    expect(readFileSync(path("old"), "utf8")).toBe("new");
  });

  test("is left as it was when there is no run", () => {
    writeFileSync(path("kept"), "kept");
    new OutputStream(path("kept"), "--events").abandon();
    expect(readFileSync(path("kept"), "utf8")).toBe("kept");
    new OutputStream(path("fresh"), "--events").abandon();
    expect(existsSync(path("fresh"))).toBe(false);
  });

  test("takes more than one write hands over", async () => {
    const output = new OutputStream(path("large"), "--events");
    const large = new Uint8Array(3_000_001).fill(65);
    await output.write(large);
    await output.write(bytes("end"));
    output.close();
    expect(readFileSync(path("large"), "latin1")).toBe(`${"A".repeat(large.length)}end`);
  });

  test("that can't be written is said at once, with its flag", () => {
    mkdirSync(path("directory"));
    for (const name of ["missing/file", "directory", "old/below"]) {
      expect(() => new OutputStream(path(name), "--events")).toThrow(UsageError);
    }
    expect(() => new OutputStream(path("missing/file"), "--events")).toThrow(/no such file or directory$/);
  });
});

describe("what goes wrong while the run goes on", () => {
  test("is told in one line", async () => {
    const output = new OutputStream("/dev/full", "--events");
    const failure = await output.write(bytes("x")).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RunError);
    expect(String(failure)).toContain("/dev/full can't be written: no space left on device");
    output.close();
  });

  test("a reader that stops reading is given up, soon once the user wants an end", async () => {
    Bun.spawnSync(["mkfifo", path("pipe")]);
    const reader = openSync(path("pipe"), "r+");
    const output = new OutputStream(path("pipe"), "--events");
    const started = performance.now();
    setTimeout(() => output.hurry(), 100);
    const failure = await output.write(new Uint8Array(1_000_000)).catch((error: unknown) => error);
    expect(String(failure)).toContain("it accepted no data for 1 s");
    expect(performance.now() - started).toBeLessThan(5000);
    output.close();
    closeSync(reader);
  });

  test("a pipe without a reader is refused at the start", () => {
    Bun.spawnSync(["mkfifo", path("alone")]);
    expect(() => new OutputStream(path("alone"), "--events")).toThrow(UsageError);
  });
});

describe("mending", () => {
  async function mended(text: string, layout: typeof JSON_FILE): Promise<string> {
    const output = new OutputStream(path("mended"), "--events");
    output.begin();
    await output.write(bytes(text));
    output.mend((end) => layout.wholeBytes(end), layout.footer(true));
    output.close();
    return readFileSync(path("mended"), "utf8");
  }

  test("cuts back to whole rows and completes the file", async () => {
    const cut = '{\n  "data": [\n    [1,2],\n    [3,4],\n    [5,';
    expect(await mended(cut, JSON_FILE)).toBe('{\n  "data": [\n    [1,2],\n    [3,4]\n  ]\n}\n');
    expect(await mended("a,b\n1,2\n3,", CSV_FILE)).toBe("a,b\n1,2\n");
  });

  test("finds the end of a long file", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `    [${i},"some more text"]`).join(",\n");
    const text = await mended(`{\n  "data": [\n${rows},\n    [50`, JSON_FILE);
    expect(JSON.parse(text).data).toHaveLength(5000);
  });

  test("leaves a file alone in which there is no whole row", async () => {
    expect(await mended('{\n  "da', JSON_FILE)).toBe('{\n  "da');
  });
});
