import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { EXAMPLES } from "../../src/cli/help.ts";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { program } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

/** The example with small counts: those it has are made small, others are added. */
function shortened(command: string): string[] {
  const [name, ...words] = command.split(" ");
  expect(name).toBe("ipc-benchmark");
  const isCount = (index: number) => ["-i", "--msg-count"].includes(words[index - 1] ?? "");
  const isTime = (index: number) => ["-d", "--duration"].includes(words[index - 1] ?? "");
  const small = words.map((word, index) => (isCount(index) ? "150" : isTime(index) ? "100ms" : word));
  const hasExtent = words.some((_, index) => isCount(index) || isTime(index));
  return [...small, ...(hasExtent ? [] : ["-i", "150"]), ...(words.includes("-w") ? [] : ["-w", "10"])];
}

describe("every example of the help works", () => {
  for (const [command] of EXAMPLES) {
    test(command, () =>
      inSandbox(async (sandbox) => {
        const ended = await sandbox.run(shortened(command));
        expect(ended.exitCode).toBe(0);
        expect(ended.stdout).not.toContain("not run");
      }),
    );
  }
});

describe("what the program prints about itself", () => {
  const texts: readonly (readonly [readonly string[], string])[] = [
    [["-h"], "Examples"],
    [["--help"], "Output and Logging"],
    [["man"], ".TH IPC-BENCHMARK 1"],
    [["completions", "bash"], "complete -F _ipc_benchmark ipc-benchmark"],
    [["completions", "zsh"], "#compdef ipc-benchmark"],
    [["completions", "fish"], "complete -c ipc-benchmark"],
  ];
  for (const [args, part] of texts) {
    test(args.join(" "), () =>
      inSandbox(async (sandbox) => {
        const ended = await sandbox.run(args);
        expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
        expect(ended.stdout).toContain(part);
      }),
    );
  }
});

describe("help in a pipe", () => {
  const widest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));
  test("is at most 80 columns wide", () =>
    inSandbox(async (sandbox) => {
      expect(widest((await sandbox.run(["--help"])).stdout)).toBeWithin(70, 81);
      const short = (await sandbox.run(["-h"])).stdout;
      expect(widest(short)).toBeWithin(70, 81);
      expect(short.trimEnd().split("\n").length).toBeLessThanOrEqual(23);
    }));

  test("is as wide as COLUMNS says", () =>
    inSandbox(async (sandbox) => {
      const { stdout } = await sandbox.run(["--help"], { env: { COLUMNS: "60" } });
      expect(widest(stdout)).toBeWithin(50, 61);
    }));
});

test("bash completes by the script that the program prints", () =>
  inSandbox(async (sandbox) => {
    const script = `source <("$1" completions bash)
COMP_WORDS=(ipc-benchmark -m uds --wait h); COMP_CWORD=4; _ipc_benchmark; echo "\${COMPREPLY[@]}"
COMP_WORDS=(ipc-benchmark comp); COMP_CWORD=1; _ipc_benchmark; echo "\${COMPREPLY[@]}"`;
    const run = Bun.spawnSync(["bash", "--norc", "-c", script, "bash", program], {
      cwd: sandbox.directory,
    });
    expect(run.stderr.toString()).toBe("");
    expect(run.stdout.toString()).toBe("hybrid\ncompletions\n");
  }));
