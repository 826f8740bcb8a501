import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { expectOneLine, expectSuccess, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import type { Sandbox } from "./harness.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

function withFile(name: string, text: string, body: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  return inSandbox(async (sandbox) => {
    writeFileSync(sandbox.path(name), text);
    await body(sandbox);
  });
}

const SHORT = "msg-count = 200\nwarmup-iterations = 10\nquiet = true\n";

describe("--config", () => {
  test("runs what a TOML file says, into the file that it names", () =>
    withFile("run.toml", `${SHORT}mechanisms = ["uds", "tcp"]\noutput-file = "r.json"\n`, async (sandbox) => {
      const ended = await sandbox.run(["--config", "run.toml"]);
      expect(ended).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
      const result = sandbox.readResult("r.json");
      expectSuccess({ ...ended, result });
      expect(result.results.map(({ mechanism }) => mechanism)).toEqual(["UnixDomainSocket", "TcpSocket"]);
      expect(result.results[0]!.details.command_line).toEqual(["--config", "run.toml"]);
    }));

  test("runs what a JSON file says, and flags win over it", () =>
    withFile("run.json", '{"msg-count": 100000000, "message-size": 64, "one-way": true}', async (sandbox) => {
      const ended = await sandbox.measure(["--config", "run.json", "-i", "200", "-w", "10", "-q", "--round-trip"]);
      expectSuccess(ended);
      const [only] = ended.result.results;
      expect(only!.test_config).toMatchObject({ msg_count: 200, message_size: 64, one_way_enabled: false });
    }));

  test("runs every combination of its lists into one document, whose details tell them apart", () =>
    withFile(
      "matrix.toml",
      `${SHORT}message-size = [64, 128]\nblocking = [true, false]\nsend-delay = ["0", "50us"]\none-way = true\n`,
      async (sandbox) => {
        const ended = await sandbox.measure(["--config", "matrix.toml"]);
        expectSuccess(ended);
        const { results, metadata } = ended.result;
        expect(metadata).toMatchObject({ total_tests: 8, complete: true, mechanisms_not_run: [] });
        expect(
          results.map(({ details, test_config }) => [details.mode, details.send_delay_ns, test_config.message_size]),
        ).toEqual([
          ["blocking", 0, 64],
          ["blocking", 0, 128],
          ["blocking", 50_000, 64],
          ["blocking", 50_000, 128],
          ["async", 0, 64],
          ["async", 0, 128],
          ["async", 50_000, 64],
          ["async", 50_000, 128],
        ]);
      },
    ));

  test("stops at the first combination that fails, and says what was not run", () =>
    withFile("matrix.toml", `quiet = true\nduration = "2s"\nblocking = [true, false]\n`, async (sandbox) => {
      const running = sandbox.start(["--config", "matrix.toml", "-o", "result.json"]);
      const { server } = await running.bothRoles();
      process.kill(server, "SIGKILL");
      const ended = await running.ended;
      expect(ended.exitCode).toBe(1);
      const { metadata, results } = sandbox.readResult();
      expect(metadata).toMatchObject({ complete: false, mechanisms_not_run: ["UnixDomainSocket"] });
      expect(results.map(({ details }) => details.mode)).toEqual(["blocking"]);
    }));

  const refused: readonly (readonly [string, string, string])[] = [
    [
      "a.toml",
      "# a run\nmesage-size = 64\n",
      '"a.toml" line 2: unknown key "mesage-size" (did you mean message-size?)',
    ],
    ["a.json", '{\n"blocking": "yes"\n}', '"a.json" line 2: blocking takes true or false'],
    ["a.toml", "msg-count = 10\nblocking = \n", '"a.toml" line 2: this is not valid TOML'],
    ["a.json", '{\n"blocking": true,\n}', '"a.json" line 3: this is not valid JSON'],
  ];
  for (const [name, text, reason] of refused) {
    test(`refuses ${JSON.stringify(text)}`, () =>
      withFile(name, text, async (sandbox) => {
        const ended = await sandbox.run(["--config", name]);
        expect(ended.exitCode).toBe(2);
        expect(expectOneLine(ended)).toContain(reason);
      }));
  }

  test("refuses a file that is not there", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["--config", "missing.toml"]);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain('--config "missing.toml" can\'t be read: no such file or directory');
    }));
});

describe("--dry-run", () => {
  test("prints what would be run, writes nothing and starts nothing", () =>
    withFile("matrix.toml", 'blocking = [true, false]\nduration = "1h"\n', async (sandbox) => {
      const ended = await sandbox.run([
        ...["--config", "matrix.toml", "--dry-run", "-m", "uds", "tcp", "-s", "64", "128"],
        ...["-o", "r.json", "--log-file", "run.log", "-v"],
      ]);
      expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
      expect(ended.stdout).toStartWith("16 measurements, in this order:\n");
      expect(ended.stdout.match(/^ ?\d+ +[12] +(uds|tcp) /gm)).toHaveLength(16);
      for (const part of ["r.json", "run.log.<date>", "Estimated time: 16 h", "Nothing was started."]) {
        expect(ended.stdout).toContain(part);
      }
      expect(ended.wallMs).toBeLessThan(20_000);
      expect(readdirSync(sandbox.directory)).toEqual(["matrix.toml"]);
    }));

  test("refuses what could not be run", () =>
    inSandbox(async (sandbox) => {
      const ended = await sandbox.run(["--dry-run", "--server-affinity", "8191"]);
      expect(ended.exitCode).toBe(2);
      expect(expectOneLine(ended)).toContain("--server-affinity 8191");
    }));
});
