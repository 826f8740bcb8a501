/** Results of earlier versions stay readable: their schemas stay in docs/, and so do results of theirs here. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { version } from "../../../package.json";
import { resultToJson } from "../../../src/report/json.ts";
import { resultSchemaText } from "../../../src/result/schema.ts";
import { INTERVAL_DEFINITION, SCHEMA_VERSION } from "../../../src/result/versions.ts";
import { eventsSchemaText } from "../../../src/stream/events-schema.ts";
import { resultOf } from "./fixture.ts";

const docs = join(import.meta.dir, "../../../docs");
const stored = (name: string) => readFileSync(join(import.meta.dir, "stored", name), "utf8");
const validator = (text: string) => new Ajv().compile(JSON.parse(text));
const schemaFile = (name: string) => readFileSync(join(docs, name), "utf8");

describe("a result of 0.1.0", () => {
  const first = validator(schemaFile("result.schema.1.json"));
  const present = validator(resultSchemaText());

  test.each(["plain-0.1.0.json", "scheduled-0.1.0.json"])("%s follows its schema, and not the present one", (name) => {
    const result = JSON.parse(stored(name));
    expect(result.metadata.version).toBe("0.1.0");
    expect(result.metadata).not.toHaveProperty("schema_version");
    expect(first(result)).toBe(true);
    expect(present(result)).toBe(false);
  });

  test("can be told from one of today, which says what its fields mean", () => {
    const result = JSON.parse(resultToJson(resultOf()));
    expect(result.metadata).toMatchObject({ schema_version: 2, interval_definition: 2 });
    expect(present(result)).toBe(true);
    expect(first(result)).toBe(false);
  });
});

test("events of 0.1.0 follow their schema, and their plan not the present one", () => {
  const lines = stored("events-0.1.0.ndjson")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const first = validator(schemaFile("events.schema.1.json"));
  const present = validator(eventsSchemaText());
  expect(lines[0]).toMatchObject({ type: "plan", version: "0.1.0" });
  expect(lines.filter((line) => !first(line))).toEqual([]);
  expect(present(lines[0])).toBe(false);
});

test("what changed the meaning of fields changed the version too", () => {
  expect([SCHEMA_VERSION, INTERVAL_DEFINITION]).toEqual([2, 2]);
  expect(version).toBe("0.2.0");
});
