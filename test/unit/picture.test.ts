import { expect, test } from "bun:test";
import { DOCUMENT, PICTURE, pictureOf } from "../../scripts/picture.ts";

const document = await Bun.file(DOCUMENT).text();

test("docs/summary.svg is what `bun scripts/picture.ts` draws", async () => {
  expect(await Bun.file(PICTURE).text()).toBe(pictureOf(document));
});

test("all words of the picture can be found in it", () => {
  const drawn = pictureOf(document).replaceAll(/<title[\s\S]*<\/style>/g, "");
  const lines = drawn.match(/<text .*<\/text>/g)!.map((line) => line.replaceAll(/<[^>]+>/g, ""));
  const { command_line: words } = JSON.parse(document).results[0].details;
  expect(lines[0]).toBe(`$ ipc-benchmark ${words.join(" ")}`);
  for (const word of ["uds", "shm", "tcp", "pmq"]) {
    expect(lines.filter((line) => line.startsWith(`${word} `))).toHaveLength(2);
  }
});

test("what an SVG takes for markup is escaped", () => {
  const marked = document.replaceAll('"results.json"', '"a<b>&c.json"');
  expect(pictureOf(marked)).toContain("-o a&lt;b&gt;&amp;c.json");
});
