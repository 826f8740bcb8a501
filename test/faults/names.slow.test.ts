/** Names: those of somebody who lives, of somebody who died, and what another user can do about them. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, rmSync, statSync } from "node:fs";
import { native } from "../../src/native/library.ts";
import { randomName } from "../../src/system/random-name.ts";
import { queueExists } from "../conformance/raw-queue.ts";
import { expectOneLine, inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import { type Sandbox, until } from "../e2e/harness.ts";
import { send } from "./blows.ts";
import { asNobody, possible } from "./rigs.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

interface Meeting {
  readonly mechanism: "uds" | "shm" | "pmq";
  /** Flags that give it this name. */
  readonly flags: (name: string) => string[];
  /** Where it can be seen. */
  readonly path: (sandbox: Sandbox, name: string) => string;
  readonly exists: (path: string) => boolean;
  readonly number: number;
}

const MEETINGS: readonly Meeting[] = [
  {
    mechanism: "uds",
    flags: (name) => ["-m", "uds", "--socket-path", `./${name}`],
    path: (sandbox, name) => sandbox.path(name),
    exists: existsSync,
    number: 0,
  },
  {
    mechanism: "shm",
    flags: (name) => ["-m", "shm", "--shared-memory-name", name],
    path: (_, name) => `/dev/shm/${name}`,
    exists: existsSync,
    number: 2,
  },
  {
    mechanism: "pmq",
    flags: (name) => ["-m", "pmq", "--message-queue-name", name],
    path: (_, name) => `/${name}`,
    exists: (path) => queueExists(`${path}_req`),
    number: 4,
  },
];

const options = (sandbox: Sandbox) => ({ env: { TMPDIR: sandbox.temp } });
const freshName = () => `ipc-test-${crypto.randomUUID().slice(0, 8)}`;
const SHORT = ["-i", "100", "--one-way", "-q"];

/** A run that is held where its name can be seen: its server waits for a client that stands still. */
async function holdAtMeeting(sandbox: Sandbox, { flags, path, exists }: Meeting, name: string) {
  for (;;) {
    const run = sandbox.start([...flags(name), ...SHORT], options(sandbox));
    const { server, client } = await run.bothRoles();
    send(client, "SIGSTOP");
    try {
      await until("the name is there", () => exists(path(sandbox, name)), 2_000);
      return { run, server, client };
    } catch {
      // They had met already.
      send(client, "SIGCONT");
      await run.ended;
    }
  }
}

describe.each(MEETINGS)("a name for $mechanism that is in use", (meeting) => {
  test("by a run that lives is left to it", () =>
    inSandbox(async (sandbox) => {
      const name = freshName();
      const { run, client } = await holdAtMeeting(sandbox, meeting, name);
      const second = await sandbox.run([...meeting.flags(name), ...SHORT], options(sandbox));
      expect(second.exitCode).toBe(1);
      expect(expectOneLine(second)).toContain(name);
      expect(meeting.exists(meeting.path(sandbox, name))).toBe(true);
      send(client, "SIGCONT");
      expect(await run.ended).toMatchObject({ exitCode: 0, stderr: "" });
    }));

  test("by a run that died is not taken either, since somebody else may mean it", () =>
    inSandbox(async (sandbox) => {
      const name = freshName();
      const { run, server, client } = await holdAtMeeting(sandbox, meeting, name);
      for (const pid of [run.pid, server, client]) send(pid, "SIGKILL");
      await until("all are gone", () => sandbox.processes().length === 0);
      try {
        const second = await sandbox.run([...meeting.flags(name), ...SHORT], options(sandbox));
        expect(second.exitCode).toBe(1);
        expect(expectOneLine(second)).toContain(name);
      } finally {
        const endpoint = meeting.mechanism === "uds" ? sandbox.path(name) : name;
        native().endpoint_remove(meeting.number, Buffer.from(`${endpoint}\0`));
      }
    }));
});

/** Evaluates an expression as another user; what it prints, or the code of what it throws. */
function asStranger(expression: string): string {
  const program = `
    const fs = require("fs"), { dlopen } = require("bun:ffi");
    const mqOpen = (name, flags) => dlopen("libc.so.6", { mq_open: { args: ["cstring", "i32", "u32", "ptr"], returns: "i32" } })
      .symbols.mq_open(Buffer.from(name + "\\0"), flags, 0o666, null);
    const connect = (path) => new Promise((done) =>
      require("net").connect(path).on("error", (e) => done(e.code)).on("connect", () => done("connected")));
    try { console.log(await (${expression})) } catch (e) { console.log(e.code ?? e.message) }
    process.exit()`;
  const run = Bun.spawnSync([...asNobody, process.execPath, "-e", program], { timeout: 10_000, cwd: "/" });
  return (run.stdout.toString() + run.stderr.toString()).trim();
}

const O_CREAT_EXCL = 0o300;

/** How a stranger that knows the name tries to take part, what it gets, and how it takes the name before anybody else. */
const ATTEMPTS = {
  uds: { opens: "connect", refusal: "EACCES", creates: (path: string) => `fs.writeFileSync("${path}", "")` },
  shm: {
    opens: "fs.openSync",
    refusal: "EACCES",
    creates: (path: string) => `fs.writeFileSync("${path}", "")`,
  },
  pmq: {
    opens: "mqOpen",
    refusal: "-1",
    creates: (path: string) => `mqOpen("${path}_req", ${O_CREAT_EXCL})`,
  },
};

describe.each(possible([{ name: "another user", through: [...asNobody, process.execPath, "--version"] }]))(
  "$name",
  () => {
    test.each(MEETINGS)("can't open what a run over $mechanism meets at, even by its name", (meeting) =>
      inSandbox(async (sandbox) => {
        chmodSync(sandbox.base, 0o755);
        chmodSync(sandbox.directory, 0o1777);
        const name = freshName();
        const { run, client } = await holdAtMeeting(sandbox, meeting, name);
        const path = meeting.path(sandbox, name);
        const { opens, refusal } = ATTEMPTS[meeting.mechanism];
        const seen = meeting.mechanism === "pmq" ? `${path}_req` : path;
        expect(asStranger(`${opens}(${JSON.stringify(seen)}, 0)`)).toBe(refusal);
        if (meeting.mechanism !== "pmq") {
          expect(statSync(path).mode & 0o777).toBe(0o600);
          expect(asStranger(`fs.unlinkSync(${JSON.stringify(path)})`)).toMatch(/EPERM|EACCES/);
        }
        send(client, "SIGCONT");
        expect(await run.ended).toMatchObject({ exitCode: 0, stderr: "" });
      }),
    );

    test.each(MEETINGS)("who takes a given name for $mechanism first only keeps the run from starting", (meeting) =>
      inSandbox(async (sandbox) => {
        chmodSync(sandbox.base, 0o755);
        chmodSync(sandbox.directory, 0o777);
        const name = freshName();
        const path = meeting.path(sandbox, name);
        asStranger(ATTEMPTS[meeting.mechanism].creates(path));
        expect(meeting.exists(path)).toBe(true);
        try {
          const ended = await sandbox.run([...meeting.flags(name), ...SHORT], options(sandbox));
          expect(ended.exitCode).toBe(1);
          expect(expectOneLine(ended)).toContain(name);
          expect(meeting.exists(path)).toBe(true);
        } finally {
          rmSync(path, { force: true });
          native().endpoint_remove(meeting.number, Buffer.from(`${name}\0`));
        }
      }),
    );
  },
);

test("the names that a run chooses by itself can't be known beforehand", () => {
  const names = Array.from({ length: 1000 }, randomName);
  expect(new Set(names).size).toBe(1000);
  for (const name of names) expect(name).toMatch(/^ipcb-[0-9a-f]{16}$/);
});
