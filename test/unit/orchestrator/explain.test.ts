import { expect, test } from "bun:test";
import { explain } from "../../../src/orchestrator/explain.ts";

const done = (name: string) => ({ name, end: { kind: "done" } }) as const;
const failed = (name: string, cause: "own" | "peer" | "stopped") =>
  ({ name, end: { kind: "failed", reason: `${cause} reason`, cause } }) as const;
const killed = (name: string) => ({ name, end: { kind: "killed", signal: "SIGKILL" } }) as const;

test("who died tells more than who noticed", () => {
  const ends = [failed("the server", "peer"), failed("client 0", "peer"), killed("client 1"), done("client 2")];
  expect(explain(ends, "the run was aborted", false)).toBe("client 1 was killed by SIGKILL");
});

test("whoever failed by itself tells more than those who were left alone", () => {
  const ends = [failed("the server", "peer"), failed("client 1", "own")];
  expect(explain(ends, null, false)).toBe("client 1 failed: own reason");
});

test("our own reason comes before what it led to", () => {
  expect(explain([failed("client 3", "stopped")], "client 3 handled no message for 11 s", false)).toBe(
    "client 3 handled no message for 11 s",
  );
});

test("a run in which all are done needs no account", () => {
  expect(explain([done("the server"), done("the client")], null, false)).toBeNull();
});
