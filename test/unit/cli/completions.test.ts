import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completionScript } from "../../../src/cli/completions.ts";
import { allFlags, spellingsOf } from "../../../src/cli/listing.ts";
import { SHELLS, SUBCOMMANDS } from "../../../src/cli/subcommands.ts";

const SCRIPTS = Object.fromEntries(SHELLS.map((shell) => [shell, completionScript(shell)])) as Record<
  (typeof SHELLS)[number],
  string
>;

/** The words that bash offers for the last of `words`, which may be begun. */
function offered(words: readonly string[], directory = "/"): string[] {
  const run = Bun.spawnSync(
    [
      "bash",
      "--norc",
      "-c",
      `${SCRIPTS.bash}
complete -p ipc-benchmark >/dev/null || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_ipc_benchmark
printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      "ipc-benchmark",
      ...words,
    ],
    { cwd: directory, stderr: "pipe" },
  );
  expect(run.stderr.toString()).toBe("");
  expect(run.exitCode).toBe(0);
  return run.stdout.toString().split("\n").filter(Boolean);
}

describe("bash offers", () => {
  test("every flag, and the subcommands, at the beginning", () => {
    const names = [...allFlags().flatMap(spellingsOf), ...SUBCOMMANDS.map(({ name }) => name)];
    expect(offered([""]).toSorted()).toEqual(names.toSorted());
  });

  test("the flags that go on like what is typed", () => {
    expect(offered(["--m"])).toEqual([
      "--mechanism",
      "--mechanisms",
      "--message-size",
      "--msg-count",
      "--markdown",
      "--message-queue-name",
    ]);
    expect(offered(["-q", "--no-"])).toEqual(["--no-one-way", "--no-round-trip"]);
  });

  test("no subcommand after a flag", () => {
    expect(offered(["-q", "self"])).toEqual([]);
  });

  test("the words that a flag takes", () => {
    expect(offered(["--wait", ""])).toEqual(["block", "spin", "hybrid"]);
    expect(offered(["--wait", "s"])).toEqual(["spin"]);
    expect(offered(["--wait", "=", "h"])).toEqual(["hybrid"]);
    expect(offered(["--wait", "="])).toEqual(["block", "spin", "hybrid"]);
    expect(offered(["completions", ""])).toEqual([...SHELLS]);
  });

  test("another value where a flag takes several, and only then", () => {
    expect(offered(["-m", "uds", "t"])).toEqual(["tcp"]);
    expect(offered(["--wait", "spin", "h"])).toEqual([]);
    expect(offered(["--reply", "ack", "--bl"])).toEqual(["--blocking"]);
  });

  test("nothing where a number is wanted", () => {
    expect(offered(["--port", ""])).toEqual([]);
    expect(offered(["completions", "bash", ""])).toEqual([]);
  });

  test("files where a path is wanted, also with blanks in their names", () => {
    const directory = mkdtempSync(join(tmpdir(), "completions-"));
    try {
      writeFileSync(join(directory, "my run.toml"), "");
      writeFileSync(join(directory, "other.toml"), "");
      expect(offered(["--config", ""], directory).toSorted()).toEqual(["my run.toml", "other.toml"]);
      expect(offered(["-o", "oth"], directory)).toEqual(["other.toml"]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("every flag, word and subcommand is in the completions", () => {
  for (const shell of SHELLS) {
    test(shell, () => {
      const script = SCRIPTS[shell];
      for (const flag of allFlags()) {
        for (const name of flag.long) expect(script).toMatch(nameIn(shell, name));
        if (flag.short !== undefined) expect(script).toMatch(shortIn(shell, flag.short));
        const words = "value" in flag && Array.isArray(flag.value.completes) ? flag.value.completes : [];
        for (const word of words) expect(script.replaceAll("\\", "")).toContain(word);
      }
      for (const { name } of SUBCOMMANDS) expect(script).toContain(name);
      expect(script).not.toContain("undefined");
      expect(script).not.toContain("[object");
    });
  }
});

describe("the script is one that its shell can read", () => {
  const checks = { bash: ["bash", "-n"], zsh: ["zsh", "-n"], fish: ["fish", "--no-execute"] } as const;
  for (const shell of SHELLS) {
    const program = Bun.which(shell);
    const name = program === null ? `${shell} is not here: only that quotes are closed` : shell;
    test(name, () => {
      if (program === null) {
        const bare = SCRIPTS[shell].replaceAll("'\\''", "").replace(/\\'/g, "");
        for (const line of bare.split("\n").filter((text) => !text.startsWith("#"))) {
          expect(line.split("'").length % 2).toBe(1);
        }
        return;
      }
      const directory = mkdtempSync(join(tmpdir(), "completions-"));
      try {
        const path = join(directory, "script");
        writeFileSync(path, SCRIPTS[shell]);
        const run = Bun.spawnSync([...checks[shell], path], { env: { ...process.env, HOME: directory } });
        expect(run.stderr.toString()).toBe("");
        expect(run.exitCode).toBe(0);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});

function nameIn(shell: string, name: string): RegExp {
  return shell === "fish" ? new RegExp(` -l ${name}( |$)`, "m") : new RegExp(`--${name}[ |)[\\]"=]`);
}

function shortIn(shell: string, short: string): RegExp {
  return shell === "fish" ? new RegExp(` -s ${short} `) : new RegExp(`[ |")'*]-${short}[ |[)+]`);
}
