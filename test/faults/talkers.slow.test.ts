/** What clients say to a server that was started by hand is anybody's: whatever it is, the server answers soundly and goes on. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import { allTests, until } from "../e2e/harness.ts";
import { Meeting } from "../e2e/standalone-pair.ts";
import { newSeed } from "./plan.ts";
import { Random } from "./random.ts";
import { dribble, dribbleLater, NOTES, NOTES_OF_LATER, notesOfSender, pingOn, talk, talkOddly } from "./talkers.ts";

const IS_LONG = process.env.IPC_BENCHMARK_LONG === "1";
setDefaultTimeout(IS_LONG ? 10 * TEST_TIMEOUT_MS : TEST_TIMEOUT_MS);
const TALKS = IS_LONG ? 20_000 : 250;
/** Terminals obey these. */
const CONTROL = /(?!\n)\p{Cc}/u;

for (const mode of ["--async", "--blocking"]) {
  const seed = newSeed();
  test(`a server goes on after clients with odd notes ${mode}, seed ${seed}`, () =>
    inSandbox(async (sandbox) => {
      const random = new Random(seed);
      const meeting = await Meeting.in(sandbox);
      const flags = meeting.flags(["uds"]);
      const server = sandbox.start(["--server", mode, "-o", "served.json", ...flags]);
      await until("the server serves", () => server.saidOnStderr().includes("serves"));
      const answers = new Set<string>();
      for (let i = 0; i < TALKS; i++) {
        for (const [said, answer] of await talkOddly(meeting.socketPath, random)) {
          if (answer === null || answer === "") continue;
          if (said.startsWith('{"part"')) continue;
          answers.add(Object.keys(JSON.parse(answer)).join());
        }
      }
      for (const kind of ["agreed", "hello", "parts"]) expect(answers).toContain(kind);
      for (const [first, last] of [
        ["99999999999999999999", "99999999999999999999"],
        ["-5", "5"],
        ["1", "2"],
      ] as const)
        expect((await talk(meeting.socketPath, notesOfSender(first, last))).at(-1)?.[1]).toBeNull();
      const later = await talk(meeting.socketPath, NOTES_OF_LATER);
      expect(later[1]?.[1]).toContain("version: the client has 99.0.0, the server ");

      const client = await sandbox.measure(["--client", "-q", "-i", "300", "-w", "10", ...flags]);
      expect([client.stderr, client.exitCode]).toEqual(["", 0]);
      for (const { counts } of allTests(client.result)) expect(counts).toMatchObject({ sent: 300, lost: 0 });
      server.signal("SIGTERM");
      const { exitCode, stderr } = await server.ended;
      expect(exitCode).toBe(143);
      expect(stderr).not.toContain("internal error");
      expect(stderr).not.toMatch(CONTROL);
      const served = sandbox.readResult("served.json");
      expect(allTests(served).some(({ counts }) => counts.received === 300)).toBe(true);
    }));
}

for (const mode of ["--async", "--blocking"]) {
  test(`a talk has its order, and nothing is said twice ${mode}`, () =>
    inSandbox(async (sandbox) => {
      const meeting = await Meeting.in(sandbox);
      const streaming = ["--streaming-output-json", "stream.json"];
      const flags = ["--server", mode, "-o", "served.json", ...streaming, ...meeting.flags(["uds"])];
      const server = sandbox.start(flags);
      await until("the server serves", () => server.saidOnStderr().includes("serves"));
      expect((await talk(meeting.socketPath, [...NOTES_OF_LATER, NOTES[1]])).at(-1)?.[1]).toBeNull();
      const [hello, terms, start, report, part] = NOTES;
      const answersTo = async (notes: readonly unknown[]) =>
        (await talk(meeting.socketPath, notes)).map(([, answer]) => answer !== null);
      expect(await answersTo([...NOTES, part])).toEqual([true, true, true, true, true, true]);
      expect(await answersTo([hello, hello])).toEqual([true, false]);
      expect(await answersTo([hello, start])).toEqual([true, false]);
      for (let i = 0; i < 20; i++) expect(await answersTo([hello, terms, terms])).toEqual([true, true, false]);
      expect(await answersTo([hello, terms, report])).toEqual([true, true, false]);
      expect(await answersTo([hello, terms, start, terms])).toEqual([true, true, true, false]);
      expect(await answersTo([hello, terms, start, start])).toEqual([true, true, true, false]);
      expect(await answersTo([...NOTES, report])).toEqual([true, true, true, true, true, false]);
      server.signal("SIGTERM");
      const { exitCode, stderr } = await server.ended;
      expect(exitCode).toBe(143);
      expect(stderr).not.toContain("internal error");
    }));
}

/** More than the greeting may take, and the silence after it. */
const GREETING_ENDS_MS = 18_000;

for (const mode of ["--async", "--blocking"]) {
  test(`nobody keeps a server by saying little, in the greeting or later ${mode}`, () =>
    inSandbox(async (sandbox) => {
      const meeting = await Meeting.in(sandbox);
      const server = sandbox.start(["--server", mode, ...meeting.flags(["uds"])]);
      await until("the server serves", () => server.saidOnStderr().includes("serves"));
      const talkers = [pingOn, dribble, dribbleLater];
      const ends = talkers.map((talker) => talker(meeting.socketPath, GREETING_ENDS_MS));
      expect(await Promise.all(ends)).toEqual(talkers.map(() => true));
      server.signal("SIGTERM");
      await server.ended;
    }));
}
