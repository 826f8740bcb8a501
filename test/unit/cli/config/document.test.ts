import { describe, expect, test } from "bun:test";
import { readDocument } from "../../../../src/cli/config/document.ts";
import { ConfigFault } from "../../../../src/cli/config/fault.ts";

function faultOf(text: string, format: "toml" | "json"): ConfigFault {
  try {
    readDocument(text, format);
  } catch (error) {
    if (error instanceof ConfigFault) return error;
    throw error;
  }
  throw new Error("the document was accepted");
}

const lines = (text: string, format: "toml" | "json") =>
  readDocument(text, format).map(({ name, line }) => `${line} ${name}`);

describe("a TOML document", () => {
  test("gives its keys with their lines, whatever stands between them", () => {
    const text = `# a = 1
a = [ # b = 2
  "]", '''
c = 3
''', { d = 4 },
]

"e" = "\\" f = 5"
'g' = """
h = 6 \\""" """
i-j=7 # k = 8
l = "last"`;
    expect(lines(text, "toml")).toEqual(["2 a", "8 e", "9 g", "11 i-j", "12 l"]);
    expect(readDocument(text, "toml").map(({ value }) => value)).toEqual([
      ["]", "c = 3\n", { d: 4 }],
      '" f = 5',
      'h = 6 """ ',
      7,
      "last",
    ]);
  });

  test("gives a table as a key, and not what is in it", () => {
    expect(lines("a = 1\n[b]\nc = 2\n[[d]]\ne = 3\n[b.f]\n", "toml")).toEqual(["1 a", "2 b", "4 d"]);
    expect(readDocument("a.b = 1", "toml")).toEqual([{ name: "a", line: 1, value: { b: 1 } }]);
  });

  test("may have line ends of Windows, and may be empty", () => {
    expect(lines("a = 1\r\n\r\nb = [\r\n1,\r\n]\r\nc = 2\r\n", "toml")).toEqual(["1 a", "3 b", "6 c"]);
    expect(readDocument("", "toml")).toEqual([]);
    expect(readDocument("\n# nothing\n", "toml")).toEqual([]);
  });

  const broken: readonly (readonly [string, number])[] = [
    ["a = ", 1],
    ["a = 1\nb = \nc = 2", 2],
    ["a = 1\nb 2\n", 2],
    ["a = [1,\n2,\n", 1],
    ["a = 1\n\na = 2", 3],
    ['a = 1\nb = """\nc\n', 2],
    ["= 1", 1],
  ];
  for (const [text, line] of broken) {
    test(`${JSON.stringify(text)} is faulty in line ${line}`, () => {
      const fault = faultOf(text, "toml");
      expect(fault.line).toBe(line);
      expect(fault.message).toMatch(/^this is not valid TOML: [A-Z]/);
    });
  }
});

describe("a JSON document", () => {
  test("gives its keys with their lines, and none of deeper ones", () => {
    const text = `{ "a": 1,
  "b": [ { "c": "}" }, "\\"d\\": 2" ],

  "e\\u0066" :
  true, "g": {"h": null}, "__proto__": -1.5e3 }`;
    expect(lines(text, "json")).toEqual(["1 a", "2 b", "4 ef", "5 g", "5 __proto__"]);
    expect(readDocument(text, "json").map(({ value }) => value)).toEqual([
      1,
      [{ c: "}" }, '"d": 2'],
      true,
      { h: null },
      -1500,
    ]);
  });

  test("may be empty", () => {
    expect(readDocument(" {\n} ", "json")).toEqual([]);
  });

  const broken: readonly (readonly [string, number])[] = [
    ["", 1],
    ["{", 1],
    ['{\n"a": 1,\n}', 3],
    ['{\n"a": 1\n"b": 2}', 3],
    ['{\n"a":\n\n tru}', 4],
    ["{\n'a': 1}", 2],
    ['{"a": 01}', 1],
    ['{"a": "\n"}', 1],
    ['{"a": [1 2]}', 1],
    ['{"a": 1}\n\n}', 3],
    ["[".repeat(5000), 1],
  ];
  for (const [text, line] of broken) {
    test(`${JSON.stringify(text).slice(0, 40)} is faulty in line ${line}`, () => {
      const fault = faultOf(text, "json");
      expect(fault.line).toBe(line);
      expect(fault.message).toMatch(/^this is not valid JSON: [A-Z]/);
    });
  }

  test("that is no object is refused", () => {
    for (const text of ["[]", "1", "null", '"a"'])
      expect(faultOf(text, "json").message).toBe("the document is not a JSON object");
  });

  test("with a key twice is refused with both lines", () => {
    const fault = faultOf('{\n"a": 1,\n"\\u0061": 2}', "json");
    expect([fault.line, fault.message]).toEqual([3, '"a" is given twice, first in line 2']);
  });
});
