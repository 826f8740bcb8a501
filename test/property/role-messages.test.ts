/** What peers and roles tell each other beside what is measured: whatever comes, nothing throws. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readRoleMessage } from "../../src/protocol/role-message.ts";

const types = [
  "ready",
  "connected",
  "left",
  "warm",
  "server",
  "log",
  "done",
  "failed",
  "guest",
  "__proto__",
  "toString",
];
const message = fc.record(
  {
    type: fc.oneof(fc.constantFrom(...types), fc.jsonValue()),
    port: fc.jsonValue(),
    reason: fc.jsonValue(),
    cause: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const line = fc.oneof(
  fc.string(),
  fc.json(),
  message.map((said) => JSON.stringify(said)),
);

test("any line of a role is a message with its fields, or a failure that quotes it", () => {
  fc.assert(
    fc.property(line, fc.nat(), (text, length) => {
      for (const said of [text, text.slice(0, length)]) {
        const read = readRoleMessage(said);
        if (read.type === "connected") expect(read).toHaveProperty("effective");
        if (read.type !== "failed") expect(JSON.parse(said)).toEqual(read);
        else expect(read).toHaveProperty("reason");
      }
    }),
    { numRuns: 3000 },
  );
});

test("what is no message is told with its beginning", () => {
  expect(readRoleMessage("Segmentation fault")).toEqual({
    type: "failed",
    reason: "sent an invalid message: Segmentation fault",
    cause: "own",
  });
  expect(readRoleMessage("null")).toMatchObject({ type: "failed", cause: "own" });
  expect(readRoleMessage('{"type":"connected"}')).toMatchObject({ type: "failed", cause: "own" });
  expect(readRoleMessage('{"type":"constructor"}')).toMatchObject({ type: "failed", cause: "own" });
});
