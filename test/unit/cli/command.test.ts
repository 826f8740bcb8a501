import { describe, expect, test } from "bun:test";
import packageJson from "../../../package.json" with { type: "json" };
import { interpret } from "../../../src/cli/command.ts";
import { FLAG_ENTRIES } from "../../../src/cli/flags.ts";
import { EXAMPLES } from "../../../src/cli/help.ts";
import { UsageError } from "../../../src/plan/errors.ts";
import { wantsColour } from "../../../src/system/colour.ts";
import { helpColumns } from "../../../src/system/terminal.ts";

async function textOf(argv: readonly string[], colour = false, columns = 80): Promise<string> {
  const command = await interpret(argv, "linux", colour, undefined, columns);
  if (!("text" in command)) throw new Error("nothing that is printed");
  return command.text;
}

test("a plain command line is a run", async () => {
  expect(await interpret(["-m", "shm", "--shm-direct"], "linux")).toMatchObject({
    kind: "run",
    plans: [{ mechanisms: ["shm"] }],
    dryRun: false,
    notices: [expect.stringContaining("--blocking")],
  });
});

test("several sizes are one plan", async () => {
  const command = await interpret(["-s", "64", "128", "--dry-run"], "linux");
  expect(command).toMatchObject({ kind: "run", dryRun: true, plans: [{ messageSizes: [64, 128] }] });
});

describe("subcommands", () => {
  test("self-test stands alone", async () => {
    expect(await interpret(["self-test"], "linux")).toMatchObject({
      kind: "self-test",
      plan: { mechanisms: ["uds"], mode: "blocking", messageSizes: [64] },
    });
  });

  test("man and completions give text", async () => {
    expect(await textOf(["man"])).toStartWith(".TH IPC-BENCHMARK 1");
    for (const shell of ["bash", "zsh", "fish"]) {
      expect(await interpret(["completions", shell], "linux")).toMatchObject({ kind: "completions" });
    }
  });

  const refused: readonly (readonly [readonly string[], string])[] = [
    [["self-test", "-q"], 'unexpected argument "-q" after self-test'],
    [["man", "ls"], 'unexpected argument "ls" after man'],
    [["completions"], "completions takes one of bash, zsh, fish, but none is given"],
    [["completions", "tcsh"], 'completions takes one of bash, zsh, fish, not "tcsh"'],
    [["completions", "bash", "zsh"], 'unexpected argument "zsh" after completions'],
  ];
  for (const [argv, message] of refused) {
    test(`${argv.join(" ")} is refused`, () => {
      expect(interpret(argv, "linux")).rejects.toThrow(message);
    });
  }
});

test("a bad command line is rejected with a usage error", () => {
  expect(interpret(["--nope"], "linux")).rejects.toBeInstanceOf(UsageError);
});

describe("the version names the program and the version of the package", () => {
  for (const flag of ["-V", "--version"]) {
    test(flag, async () => {
      expect(await interpret([flag], "linux")).toEqual({
        kind: "version",
        text: `ipc-benchmark ${packageJson.version}`,
      });
    });
  }
});

describe("help and version win over everything else", () => {
  const cases: readonly (readonly [readonly string[], "help" | "version"])[] = [
    [["-h", "--nope"], "help"],
    [["-s", "-h"], "help"],
    [["-i", "0", "--help"], "help"],
    [["-qh"], "help"],
    [["--rate", "--version"], "version"],
    [["-V", "-h"], "version"],
    [["man", "--help"], "help"],
    [["--config", "/does/not/exist.toml", "--help"], "help"],
    [["-h", "-V"], "help"],
  ];
  for (const [argv, kind] of cases) {
    test(argv.join(" "), async () => expect((await interpret(argv, "linux")).kind).toBe(kind));
  }

  test("but not after --, where nothing is a flag", () => {
    expect(interpret(["--", "-h"], "linux")).rejects.toBeInstanceOf(UsageError);
  });
});

describe("long help", () => {
  test("shows every flag once", async () => {
    const rows = (await textOf(["--help"])).split("\n").filter((line) => /^ {2}( {4}|-\w, )--/.test(line));
    const shown = rows.map((line) => /--([a-z-]+)/.exec(line)?.[1]);
    const all = FLAG_ENTRIES.map(([, flag]) => flag.long[0]);
    expect(shown.toSorted()).toEqual(all.toSorted());
  });

  test("shows the groups in their order", async () => {
    const text = await textOf(["--help"]);
    const places = [
      "What is measured",
      "How much",
      "Load",
      "CPUs and waiting",
      "Output and Logging",
      "Standalone",
      "Connection",
      "Control",
      "Commands",
      "Exit codes",
      "Examples",
    ].map((name) => text.indexOf(`\n${name}\n`));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("says that a duration wins over a count", async () => {
    expect(await textOf(["--help"])).toMatch(/wins over\s+--msg-count/);
  });
});

test("long help has five examples, short help the first two", async () => {
  expect(EXAMPLES).toHaveLength(5);
  for (const [command] of EXAMPLES) expect(await textOf(["--help"])).toContain(`\n  ${command}\n`);
  for (const [command] of EXAMPLES.slice(0, 2)) expect(await textOf(["-h"])).toContain(`\n  ${command}\n`);
});

test("short help shows less than long help", async () => {
  const [short, long] = [await textOf(["-h"]), await textOf(["--help"])];
  expect(short.split("\n").length).toBeLessThan(long.split("\n").length - 20);
  expect(short).toContain("ipc-benchmark --help");
});

test("short help and the prompt after it fit on 24 lines of 80 columns", async () => {
  expect((await textOf(["-h"])).split("\n").length).toBeLessThanOrEqual(23);
});

describe("help keeps within the width, without trailing blanks", () => {
  const widths = [40, 47, 60, 65, 66, 80, 100, 120];
  for (const [flag, columns] of ["-h", "--help"].flatMap((one) => widths.map((width) => [one, width] as const))) {
    test(`${flag} in ${columns} columns`, async () => {
      const text = await textOf([flag], false, columns);
      for (const line of text.split("\n")) {
        expect(line.length).toBeLessThanOrEqual(columns);
        expect(line).toBe(line.trimEnd());
        expect(line).not.toContain("\u00a0");
      }
    });
  }

  test("also in colour, and an example that is too long goes on behind a backslash", async () => {
    const lines = (await textOf(["--help"], true, 50)).split("\n");
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(50);
    const at = lines.findIndex((line) => line.endsWith(" \\"));
    expect(lines[at]).toStartWith("  ipc-benchmark ");
    expect(lines[at + 1]).toStartWith("    ");
  });

  test("a default is not torn from its flag's description", async () => {
    for (let columns = 40; columns <= 120; columns++) {
      const text = await textOf(["--help"], false, columns);
      for (const line of text.split("\n")) expect(line).not.toMatch(/\(Default:[^)]*$/);
    }
  });
});

describe("the width of the help", () => {
  const cases: readonly (readonly [COLUMNS: string | undefined, terminal: number | undefined, width: number])[] = [
    [undefined, undefined, 80],
    [undefined, 100, 100],
    ["90", 100, 90],
    ["90", undefined, 90],
    ["", 100, 100],
    ["0", 100, 100],
    ["wide", 100, 100],
    ["-5", 100, 100],
    ["1e3", undefined, 80],
    ["200", 100, 120],
    ["10", 100, 40],
    [undefined, 250, 120],
    [undefined, 20, 40],
    [undefined, 0, 80],
  ];
  for (const [COLUMNS, terminal, width] of cases) {
    test(`COLUMNS=${COLUMNS} on ${terminal} columns: ${width}`, () =>
      expect(helpColumns({ COLUMNS }, terminal)).toBe(width));
  }
});

describe("every example of the help is a command that runs", () => {
  for (const [command] of EXAMPLES) {
    test(command, async () => {
      const [program, ...argv] = command.split(" ");
      expect(program).toBe("ipc-benchmark");
      expect((await interpret(argv, "linux")).kind).toBe("run");
    });
  }
});

describe("colour", () => {
  test("help holds colours only if asked for, and the same text", async () => {
    const plain = await textOf(["--help"]);
    const coloured = await textOf(["--help"], true);
    expect(plain).not.toContain("\u001b");
    expect(coloured).toContain("\u001b[");
    expect(Bun.stripANSI(coloured).replace(/ +$/gm, "")).toBe(plain);
  });

  test("is wanted on a terminal that obeys only, and never with NO_COLOR", () => {
    const env = { TERM: "xterm" };
    expect(wantsColour(true, env)).toBe(true);
    expect(wantsColour(true, { ...env, NO_COLOR: "" })).toBe(true);
    expect(wantsColour(true, { ...env, NO_COLOR: "0" })).toBe(false);
    expect(wantsColour(false, env)).toBe(false);
    for (const name of ["dumb", "", undefined]) expect(wantsColour(true, { TERM: name })).toBe(false);
  });
});
