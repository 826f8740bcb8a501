/**
 * A server that was started by hand outlives whoever comes. In the short form a second or two for each server; with
 * IPC_BENCHMARK_LONG=1 two hundred strangers for 30 s, and 100,000 frames of nonsense.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import { allTests, PATIENCE_MS, type Sandbox, type Started, until } from "../e2e/harness.ts";
import { Meeting } from "../e2e/standalone-pair.ts";
import { newSeed } from "./plan.ts";
import { Random } from "./random.ts";
import { below, type Footprint, footprintOf, nonsense, sendNonsense, visit } from "./strangers.ts";

const IS_LONG = process.env.IPC_BENCHMARK_LONG === "1";
/** 100,000 connections to a server whose threads take turns go on for minutes on a small machine. */
const SERVER_PATIENCE_MS = IS_LONG ? 10 * PATIENCE_MS : PATIENCE_MS;
setDefaultTimeout(IS_LONG ? 10 * TEST_TIMEOUT_MS : TEST_TIMEOUT_MS);

const STRANGERS = IS_LONG ? 200 : 20;
const STORM_MS = IS_LONG ? 30_000 : 800;
const FRAMES = IS_LONG ? 100_000 : 600;
const AT_ONCE = 8;

async function serving(sandbox: Sandbox, flags: readonly string[]): Promise<Started> {
  const command = ["--server", "--idle-timeout", "120s", ...flags];
  const server = sandbox.start(command, { patienceMs: SERVER_PATIENCE_MS });
  await until("the server serves", () => server.saidOnStderr().includes("serves"));
  return server;
}

/** A normal client has a normal run. */
async function expectService(sandbox: Sandbox, flags: readonly string[]): Promise<void> {
  const { stderr, exitCode, result } = await sandbox.measure(["--client", "-q", "-i", "500", "-w", "50", ...flags]);
  expect([stderr, exitCode]).toEqual(["", 0]);
  for (const { counts, latency } of allTests(result)) {
    expect(counts).toMatchObject({ sent: 500, received: 500, lost: 0, corrupt: 0 });
    expect(Number(latency?.count)).toBe(500);
  }
}

/** Those of the few threads that wait for the next clients of a blocking server. */
const DESCRIPTORS_OF_IDLE_THREADS = 20;

/** Waits until connections that were given up are gone, and compares with `before`. */
async function expectFootprint(role: number, before: Footprint): Promise<void> {
  const most = before.descriptors + DESCRIPTORS_OF_IDLE_THREADS;
  await until("descriptors are back", () => footprintOf(role).descriptors <= most, 20_000);
  // The few threads that wait take some of it. What was freed goes back to the system when the runtime next looks after its memory.
  const limitMb = before.residentMb + 100;
  await until("memory is back", () => footprintOf(role).residentMb < limitMb, 20_000);
  // Whoever waits minutes for the long form wants to know how far from the limits it ended.
  if (IS_LONG) console.info(`${inWords(before)} before, ${inWords(footprintOf(role))} after`);
}

const inWords = ({ descriptors, residentMb, threads }: Footprint) =>
  `${residentMb.toFixed(0)} MB, ${descriptors} descriptors, ${threads} threads`;

async function endOf(server: Started): Promise<void> {
  server.signal("SIGTERM");
  const { exitCode, stderr } = await server.ended;
  expect(exitCode).toBe(143);
  expect(stderr).not.toContain("internal error");
}

describe.each(["uds", "tcp"] as const)("a server of %s", (mechanism) => {
  for (const mode of ["--async", "--blocking"]) {
    const seed = newSeed();

    test(`${mode} outlives strangers and clients that die at random, seed ${seed}`, () =>
      inSandbox(async (sandbox) => {
        const random = new Random(seed);
        const meeting = await Meeting.in(sandbox);
        const flags = meeting.flags([mechanism]);
        const where = mechanism === "uds" ? meeting.socketPath : meeting.port;
        const server = await serving(sandbox, [mode, ...flags]);
        await expectService(sandbox, flags);
        const role = server.roles().server!;
        const before = footprintOf(role);
        const endMs = performance.now() + STORM_MS;
        const stranger = async () => {
          while (performance.now() < endMs) await visit(where, random);
        };
        const dying = async () => {
          while (performance.now() < endMs) {
            const client = sandbox.start(["--client", "-q", "-d", "60s", ...flags]);
            await Bun.sleep(below(random, 700));
            const { client: victim } = client.roles();
            client.signal("SIGKILL");
            if (victim !== undefined && random.next() < 0.5) process.kill(victim, "SIGKILL");
            await client.ended;
          }
        };
        await Promise.all([...Array.from({ length: STRANGERS }, stranger), dying(), dying()]);
        await expectService(sandbox, flags);
        await expectFootprint(role, before);
        await endOf(server);
      }));

    test(`${mode} answers no nonsense, seed ${seed}`, () =>
      inSandbox(async (sandbox) => {
        const random = new Random(seed);
        const meeting = await Meeting.in(sandbox);
        const flags = meeting.flags([mechanism]);
        const where = mechanism === "uds" ? meeting.socketPath : meeting.port;
        const server = await serving(sandbox, [mode, ...flags]);
        await expectService(sandbox, flags);
        const role = server.roles().server!;
        const before = footprintOf(role);
        let left = FRAMES;
        const fuzz = async () => {
          while (left-- > 0) {
            const frame = nonsense(random);
            const answer = await sendNonsense(where, frame);
            if (answer.length > 0) throw new Error(`${frame.toString("hex")} was answered: ${answer.toString("hex")}`);
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, fuzz));
        await expectService(sandbox, flags);
        await expectFootprint(role, before);
        await endOf(server);
      }));
  }
});
