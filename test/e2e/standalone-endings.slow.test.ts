/** How a server and a client started by hand refuse, give up, and end. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Mechanism } from "../../src/plan/run-plan.ts";
import { expectOneLine, inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { allTests, type Sandbox, type Started, until } from "./harness.ts";
import { Meeting, runBoth } from "./standalone-pair.ts";
import { UNSHARE } from "./system-state.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const MECHANISMS = ["uds", "tcp", "shm", "pmq"] as const;

/** Starts a server and waits until it says that it serves. */
async function serving(sandbox: Sandbox, args: readonly string[]): Promise<Started> {
  const server = sandbox.start(["--server", "--idle-timeout", "30s", ...args]);
  await until("the server serves", () => {
    if (server.hasEnded) throw new Error("the server ended");
    return server.saidOnStderr().includes("serves");
  });
  return server;
}

async function endOf(server: Started) {
  server.signal("SIGTERM");
  return server.ended;
}

describe("settings that differ", () => {
  test("are named with both values by both sides, and the next client is served", () =>
    inSandbox(async (sandbox) => {
      const meeting = await Meeting.in(sandbox);
      const server = await serving(sandbox, [...meeting.flags(["uds"]), "-s", "64", "--reply", "ack"]);
      const client = ["--client", "-q", ...meeting.flags(["uds"]), "-i", "100"];
      const refused = await sandbox.run(client);
      expect(refused.exitCode).toBe(1);
      const sizes = "message size: the client has 1024 bytes, the server 64 bytes";
      const replies = "reply: the client has echo, the server ack";
      expect(expectOneLine(refused)).toContain(`${sizes}; ${replies}`);
      const served = await sandbox.run([...client, "-s", "64", "--reply", "ack"]);
      expect([served.stderr, served.exitCode]).toEqual(["", 0]);
      const { stderr } = await endOf(server);
      expect(stderr).toContain(`was refused: ${sizes}; ${replies}`);
    }));

  for (const mechanism of ["shm", "pmq"] as const) {
    test(`${mechanism}: messages for which the server made no room`, () =>
      inSandbox(async (sandbox) => {
        const meeting = await Meeting.in(sandbox);
        const server = await serving(sandbox, [...meeting.flags([mechanism]), "-s", "1000"]);
        const size = mechanism === "shm" ? "2000000" : "8000";
        const refused = await sandbox.run(["--client", "-q", ...meeting.flags([mechanism]), "-s", size]);
        expect(refused.exitCode).toBe(1);
        const words = `message size: the client has ${size} bytes, the server 1000 bytes`;
        expect(expectOneLine(refused)).toContain(words);
        expect((await endOf(server)).stderr).toContain(words);
      }));
  }
});

describe("a name belongs to one server", () => {
  for (const mechanism of MECHANISMS) {
    test(`${mechanism}: the second one refuses and names the first; a dead one's name is taken over`, () =>
      inSandbox(async (sandbox) => {
        const flags = (await Meeting.in(sandbox)).flags([mechanism]);
        const first = await serving(sandbox, flags);
        const second = await sandbox.run(["--server", "-q", ...flags]);
        expect(second.exitCode).toBe(1);
        expect(expectOneLine(second)).toContain(`in use by process ${first.pid}`);
        const role = first.roles().server!;
        first.signal("SIGKILL");
        process.kill(role, "SIGKILL");
        await first.ended;
        const third = await serving(sandbox, flags);
        const client = await sandbox.run(["--client", "-q", "-i", "100", ...flags]);
        expect([client.stderr, client.exitCode]).toEqual(["", 0]);
        await endOf(third);
      }));
  }

  test("a host without an address is named once, with that cause", () =>
    inSandbox(async (sandbox) => {
      const flags = ["-q", "-m", "tcp", "--async", "--host", "nosuchhost.invalid"];
      for (const [side, where] of [
        ["--server", " on this machine"],
        ["--client", ""],
      ] as const) {
        const only = side === "--client" ? ["--connect-timeout", "300ms"] : [];
        const ended = await sandbox.run([side, ...flags, ...only]);
        expect(ended.exitCode).toBe(1);
        expect(expectOneLine(ended)).toContain(`host "nosuchhost.invalid" has no address${where} (check --host)`);
      }
    }));

  test("what is no socket is left alone", () =>
    inSandbox(async (sandbox) => {
      const path = sandbox.path("file.sock");
      writeFileSync(path, "mine");
      const ended = await sandbox.run(["--server", "-q", "-m", "uds", "--socket-path", path]);
      expect(ended.exitCode).toBe(1);
      expect(expectOneLine(ended)).toContain("the path already exists (remove it, or choose another --socket-path)");
      expect(await Bun.file(path).text()).toBe("mine");
    }));

  test("a socket can be used by its owner alone", () =>
    inSandbox(async (sandbox) => {
      for (const mode of ["--async", "--blocking"]) {
        const meeting = await Meeting.in(sandbox);
        const server = await serving(sandbox, [...meeting.flags(["uds"]), mode]);
        expect(statSync(meeting.socketPath).mode & 0o777).toBe(0o600);
        await endOf(server);
        expect(existsSync(meeting.socketPath)).toBe(false);
      }
    }));
});

describe("a server ends", () => {
  test("after a while without clients", () =>
    inSandbox(async (sandbox) => {
      const flags = (await Meeting.in(sandbox)).flags(["shm", "uds"]);
      const ended = await sandbox.run(["--server", "--idle-timeout", "300ms", ...flags]);
      expect(ended.exitCode).toBe(0);
      expect(ended.stderr).toContain("the server ends: no client for 0.3 s");
    }));

  for (const mode of ["--async", "--blocking"]) {
    test(`on SIGTERM, ${mode}, with its report and without its client`, () =>
      inSandbox(async (sandbox) => {
        const flags = (await Meeting.in(sandbox)).flags(["uds"]);
        const server = await serving(sandbox, [...flags, mode, "-o", "server.json"]);
        const client = sandbox.start(["--client", "-q", ...flags, "-d", "30s", "--one-way", "-o", "client.json"]);
        await Bun.sleep(800);
        const ended = await endOf(server);
        expect(ended.exitCode).toBe(143);
        const { exitCode, stderr } = await client.ended;
        expect(exitCode).toBe(1);
        expect(stderr).toContain("the peer closed the connection");
        const [test] = allTests(sandbox.readResult("server.json"));
        expect(test?.complete).toBe(false);
        expect(test?.counts.received).toBeGreaterThan(0);
      }));
  }
});

describe("a server writes", () => {
  test("what one client measured while others go on", () =>
    inSandbox(async (sandbox) => {
      const flags = (await Meeting.in(sandbox)).flags(["uds"]);
      const server = await serving(sandbox, [...flags, "-o", "server.json"]);
      const client = ["--client", "-q", ...flags, "--one-way"];
      // No moment without a client.
      const long = sandbox.start([...client, "-d", "60s", "--rate", "100"]);
      await Bun.sleep(700);
      const short = await sandbox.run([...client, "-i", "100"]);
      expect([short.stderr, short.exitCode]).toEqual(["", 0]);
      await until("the result is written", () => existsSync(sandbox.path("server.json")), 10_000);
      expect(long.hasEnded).toBe(false);
      const [test] = allTests(sandbox.readResult("server.json"));
      expect(test).toMatchObject({ complete: true, counts: { received: 100 } });
      long.signal("SIGINT");
      await long.ended;
      await endOf(server);
    }));

  test("or ends in an orderly way where it can't", () =>
    inSandbox(async (sandbox) => {
      const flags = (await Meeting.in(sandbox)).flags(["uds"]);
      mkdirSync(sandbox.path("results"));
      const server = await serving(sandbox, [...flags, "-o", "results/server.json"]);
      rmSync(sandbox.path("results"), { recursive: true });
      await sandbox.run(["--client", "-q", ...flags, "-i", "100"]);
      const { exitCode, stderr, wallMs } = await server.ended;
      expect(exitCode).toBe(1);
      // Not only when nobody comes any more.
      expect(wallMs).toBeLessThan(15_000);
      expect(stderr).toContain("results/server.json");
      expect(stderr).not.toContain("internal error");
    }));
});

describe("a client", () => {
  for (const mechanism of MECHANISMS) {
    test(`${mechanism}: says in one line that there is no server`, () =>
      inSandbox(async (sandbox) => {
        const flags = (await Meeting.in(sandbox)).flags([mechanism]);
        const ended = await sandbox.run(["--client", "-q", "--connect-timeout", "300ms", ...flags]);
        expect(ended.exitCode).toBe(1);
        expect(expectOneLine(ended)).toMatch(
          new RegExp(`no ${mechanism} server at .* after 0.3 s \\(start one: ipc-benchmark --server -m ${mechanism} `),
        );
      }));
  }
});

describe("across namespaces", () => {
  test.each(["uds", "tcp", "shm", "pmq"] as const)("%s: mounts and process ids of its own", (mechanism: Mechanism) =>
    inSandbox(async (sandbox) => {
      const meeting = await Meeting.in(sandbox);
      const inside = ["sh", "-c", `mount --bind "${sandbox.directory}" /mnt && exec "$0" "$@"`];
      const flags = meeting.flags([mechanism]).map((flag) => flag.replace(sandbox.directory, "/mnt"));
      const server = await serving(sandbox, [...meeting.flags([mechanism]), "-o", "server.json"]);
      const client = sandbox.start(["--client", "-q", "-i", "300", "-o", "client.json", ...flags], {
        through: [...UNSHARE, "--mount", "--pid", "--fork", "--kill-child", ...inside],
      });
      const { stderr, exitCode } = await client.ended;
      expect([stderr, exitCode]).toEqual(["", 0]);
      await endOf(server);
      for (const result of [sandbox.readResult("client.json"), sandbox.readResult("server.json")]) {
        expect(allTests(result).map(({ counts }) => counts.received)).toEqual([300, 300]);
      }
      const latencies = allTests(sandbox.readResult("client.json")).map(({ latency }) => latency?.count);
      expect(latencies).toEqual([300, 300]);
    }),
  );

  test("another clock: no one-way latency, and why, but round trips", () =>
    inSandbox(async (sandbox) => {
      const { client, server, clientResult, serverResult } = await runBoth(sandbox, {
        mechanisms: ["uds"],
        client: { through: [...UNSHARE, "--time", "--monotonic", "1000", "--fork", "--kill-child"] },
      });
      expect([client.stderr, client.exitCode, server.exitCode]).toEqual(["", 0, 0]);
      const [oneWay, roundTrip] = allTests(clientResult);
      expect(oneWay?.latency).toBeNull();
      expect(oneWay?.latency_absent).toContain("time namespaces");
      expect(oneWay?.counts).toMatchObject({ sent: 300, received: 300 });
      expect(Number(oneWay?.window_ns)).toBeLessThan(30e9);
      expect(oneWay?.verdict.warnings.map(({ id }) => id)).toContain("latency-absent");
      expect(Number(roundTrip?.latency?.count)).toBe(300);
      expect(allTests(serverResult)[0]).toMatchObject({ latency: null, failure: null });
    }));

  test.each([[["--shm-direct", "--async"], []] as const, [[], ["--shm-direct", "--async"]] as const])(
    "a ring and --shm-direct don't fit, and the client says so: server %p, client %p",
    (ofServer, ofClient) =>
      inSandbox(async (sandbox) => {
        const meeting = await Meeting.in(sandbox);
        const server = sandbox.start(["--server", ...ofServer, ...meeting.flags(["shm"])]);
        await until("the server serves", () => server.saidOnStderr().includes("serves"));
        const { exitCode, stderr } = await sandbox.run(["--client", "-q", ...ofClient, ...meeting.flags(["shm"])]);
        expect(exitCode).toBe(1);
        const sides = ofServer.length > 0 ? ["server", "client"] : ["client", "server"];
        expect(stderr).toContain(`the ${sides[0]} has --shm-direct, the ${sides[1]} does not`);
        server.signal("SIGTERM");
        await server.ended;
      }),
  );
});
