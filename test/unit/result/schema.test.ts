import { expect, test } from "bun:test";
import { resultSchemaText } from "../../../src/result/schema.ts";

test("docs/result.schema.json is what `bun scripts/schema.ts` writes", async () => {
  const onDisk = await Bun.file(new URL("../../../docs/result.schema.json", import.meta.url)).text();
  expect(onDisk).toBe(resultSchemaText());
});

test("every figure in the schema says what it is", () => {
  expect(undescribed(JSON.parse(resultSchemaText()), "", false)).toEqual([]);
});

/** Paths of numbers and strings without a description, neither their own nor that of the list or choice they are in. */
function undescribed(schema: unknown, path: string, describedAbove: boolean): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { type, description } = schema as { type?: unknown; description?: unknown };
  const described = describedAbove || description !== undefined;
  const isFigure = type === "integer" || type === "number" || type === "string";
  const inner = Object.entries(schema).flatMap(([key, value]) => {
    const sharesDescription = key === "anyOf" || key === "items" || Array.isArray(schema);
    return undescribed(value, `${path}/${key}`, sharesDescription && described);
  });
  return isFigure && !described ? [path, ...inner] : inner;
}
