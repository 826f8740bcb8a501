/** Peers of another tool, byte by byte, over everything that both sides have: what goes over the wire is built in frames.ts alone. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { inSandbox, TEST_TIMEOUT_MS } from "../e2e/expectations.ts";
import { allTests, type Sandbox, until } from "../e2e/harness.ts";
import { Meeting } from "../e2e/standalone-pair.ts";
import { TYPE, UNRECORDED } from "./frames.ts";
import { runReferenceClient, type ServedMessages, serveAsReference } from "./peers.ts";
import { dial, listenAt, makeQueues, openQueues, type Wire } from "./wire.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const MECHANISMS = ["uds", "tcp", "pmq"] as const;
type Carrier = (typeof MECHANISMS)[number];

/** Our server's other end. */
function reach(mechanism: Carrier, meeting: Meeting): Promise<Wire> {
  if (mechanism === "pmq") return openQueues(`/${meeting.name}`);
  return dial(mechanism === "uds" ? meeting.socketPath : meeting.port);
}

/** Serves as the reference does while `body` runs; what came over each connection. */
async function withReferenceServer(
  mechanism: Carrier,
  meeting: Meeting,
  body: () => Promise<void>,
): Promise<ServedMessages[]> {
  const served: Promise<ServedMessages>[] = [];
  if (mechanism === "pmq") {
    const { wire, remove } = makeQueues(`/${meeting.name}`);
    served.push(serveAsReference(wire));
    await body().finally(remove);
    return Promise.all(served);
  }
  const where = mechanism === "uds" ? meeting.socketPath : meeting.port;
  const server = await listenAt(where, async (wire) => void served.push(serveAsReference(wire)));
  await body().finally(() => server.close());
  return Promise.all(served);
}

const ids = (count: number) => Array.from({ length: count }, (_, id) => BigInt(id));

async function serverOf(sandbox: Sandbox, flags: readonly string[]) {
  const server = sandbox.start(["--server", "--once", "--idle-timeout", "20s", "-o", "server.json", ...flags]);
  await until("the server serves", () => server.saidOnStderr().includes("serves"));
  return server;
}

describe("the reference's client", () => {
  for (const mechanism of MECHANISMS) {
    for (const mode of ["--async", "--blocking"]) {
      test(`${mechanism} ${mode}: is served, its one-way messages measured, nothing of it checked`, () =>
        inSandbox(async (sandbox) => {
          const meeting = await Meeting.in(sandbox);
          const server = await serverOf(sandbox, [mode, ...meeting.flags([mechanism])]);
          const options = { messageBytes: 200, warmup: 20, oneWay: 150, roundTrips: 120 };
          const replies = await runReferenceClient(await reach(mechanism, meeting), options);
          expect(replies.map(({ type }) => type)).toEqual(replies.map(() => TYPE.response));
          expect(replies.every(({ payload }) => payload.length === 0)).toBe(true);
          const expected = [...Array<bigint>(20).fill(UNRECORDED), UNRECORDED, ...ids(120)];
          expect(replies.map(({ id }) => id)).toEqual(expected);
          const { exitCode } = await server.ended;
          expect(exitCode).toBe(0);
          const result = sandbox.readResult("server.json");
          expect(result.results[0]?.test_config.message_size).toBe(200);
          const [oneWay, roundTrip] = allTests(result);
          expect(oneWay).toMatchObject({ test: "one-way", foreign_peer: true, failure: null });
          expect(oneWay?.counts.received).toBe(150);
          expect(Number(oneWay?.latency?.count)).toBe(150);
          expect(roundTrip).toMatchObject({ test: "round-trip", foreign_peer: true, latency: null });
          expect(roundTrip?.counts.received).toBe(120);
          expect(oneWay?.verdict.warnings.map(({ id }) => id)).toContain("foreign-peer");
        }));
    }
  }
});

describe("the reference's server", () => {
  for (const mechanism of MECHANISMS) {
    for (const mode of ["--async", "--blocking"]) {
      test(`${mechanism} ${mode}: round trips are measured, of one-way messages the throughput`, () =>
        inSandbox(async (sandbox) => {
          const meeting = await Meeting.in(sandbox);
          // Its queues serve one client, and so one test, before it makes new ones.
          const tests = mechanism === "pmq" ? [["--one-way"], ["--round-trip"]] : [[]];
          const served: ServedMessages[] = [];
          const seen = new Map<string, ReturnType<typeof allTests>[number]>();
          for (const flags of tests) {
            served.push(
              ...(await withReferenceServer(mechanism, meeting, async () => {
                const { stderr, exitCode } = await sandbox.run([
                  ...["--client", "-q", mode, "-i", "150", "-w", "10", "-o", "client.json"],
                  ...[...meeting.flags([mechanism]), ...flags],
                ]);
                expect([stderr, exitCode]).toEqual(["", 0]);
              })),
            );
            for (const one of allTests(sandbox.readResult("client.json"))) seen.set(one.test, one);
          }
          expect(served.every(({ hasShutDown }) => hasShutDown)).toBe(true);
          expect(served.flatMap(({ oneWay }) => oneWay)).toEqual(ids(150));
          expect(served.flatMap(({ requests }) => requests)).toEqual(ids(150));
          const [oneWay, roundTrip] = [seen.get("one-way"), seen.get("round-trip")];
          expect(oneWay).toMatchObject({ failure: null, foreign_peer: true, latency: null });
          expect(oneWay?.latency_absent).toContain("another tool");
          expect(Number(oneWay?.window_ns)).toBeGreaterThan(0);
          expect(oneWay?.counts).toMatchObject({ sent: 150, received: 150 });
          expect(roundTrip).toMatchObject({ failure: null, foreign_peer: true });
          expect(Number(roundTrip?.latency?.count)).toBe(150);
        }));
    }
  }
});
