import { expect, test } from "bun:test";
import { explain } from "../../../src/orchestrator/explain.ts";

const done = (name: string) => ({ name, end: { kind: "done" } }) as const;
const failed = (name: string, cause: "own" | "peer" | "stopped") =>
  ({ name, end: { kind: "failed", reason: `${cause} reason`, cause } }) as const;
const killed = (name: string) => ({ name, end: { kind: "killed", signal: "SIGKILL" } }) as const;

test("who died tells more than who noticed", () => {
  const ends = [failed("the server", "peer"), failed("client 0", "peer"), killed("client 1"), done("client 2")];
  expect(explain(ends, "the run was aborted", null)).toBe("client 1 was killed by SIGKILL");
});

test("whoever failed by itself tells more than those who were left alone", () => {
  const ends = [failed("the server", "peer"), failed("client 1", "own")];
  expect(explain(ends, null, null)).toBe("client 1 failed: own reason");
});

test("a signal is told with who got it, before what it led to", () => {
  const stopped = "the client was stopped by SIGTERM";
  expect(explain([failed("the server", "own"), failed("the client", "stopped")], "x", stopped)).toBe(stopped);
});

test("our own reason comes before what it led to", () => {
  expect(explain([failed("client 3", "stopped")], "client 3 handled no message for 11 s", null)).toBe(
    "client 3 handled no message for 11 s",
  );
});

test("a run in which all are done needs no account", () => {
  expect(explain([done("the server"), done("the client")], null, null)).toBeNull();
});
