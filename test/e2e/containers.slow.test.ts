/** The commands that docs/peers.md gives are run, so that it stays true. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { program, repository } from "./harness.ts";
import { freePort } from "./standalone-pair.ts";
import { UNSHARE } from "./system-state.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const page = readFileSync(join(repository, "docs", "peers.md"), "utf8");
const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block]) => block!.replaceAll(/^\$ /gm, ""));

/**
 * A machine of their own for names that others may have too; what runs in it ends with it. For want of an engine the program of a
 * container is run as it is.
 */
const MACHINE = [...UNSHARE, "--mount", "--ipc", "--pid", "--fork", "--kill-child"];
const SET_UP = `
  set -e
  mount -t tmpfs none /dev/shm
  mount -t tmpfs none /run
  podman() {
    local is_detached=; [ "$2" = -d ] && is_detached=1
    while [ "$1" != IMAGE ]; do shift; done
    shift
    if [ $is_detached ]; then "$@" & else "$@"; fi
  }`;

describe("docs/peers.md", () => {
  test("has its commands in two places", () => {
    expect(blocks.map((block) => block.match(/ipc-benchmark --(client|server)/g)?.length)).toEqual([2, 5]);
  });

  test.each([
    ["for an engine", blocks[0]!],
    ["by hand", blocks[1]!],
  ])("commands %s do what they say", (_, block) =>
    inSandbox(async (sandbox) => {
      // Its default may be taken on this machine.
      const commands = block.replaceAll("-m shm pmq tcp", `$& --port ${await freePort()}`);
      const { stdout, stderr, exitCode } = await sandbox.run([], {
        env: { PATH: `${dirname(program)}:${process.env.PATH}` },
        through: [...MACHINE, "bash", "-c", `${SET_UP}\n${commands}`],
      });
      const trouble = stderr
        .split("\n")
        .filter((line) => line !== "" && !/^(\[\d+\] |ipc-benchmark: process \d+ serves )/.test(line));
      expect([exitCode, trouble]).toEqual([0, []]);
      const clients = block.match(/ipc-benchmark --client/g)!;
      expect(stdout.match(/^1 KiB payload, 10000 messages per test/gm)).toHaveLength(clients.length);
      expect(stdout.includes("there is no latency: ")).toBe(block.includes("--time"));
    }),
  );
});
