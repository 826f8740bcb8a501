import { describe, expect, test } from "bun:test";
import { resultToJson } from "../../../src/report/json.ts";
import { snapshotOf } from "../../snapshot-of.ts";
import { measurementOf, outcomeOf, resultOf } from "../result/fixture.ts";

describe("the final JSON", () => {
  test("is indented by two spaces and ends with a newline", () => {
    const text = resultToJson(resultOf());
    expect(text).toStartWith('{\n  "metadata": {\n    "version": "0.1.0",\n');
    expect(text).toEndWith("\n  }\n}\n");
  });

  test("spells integers beyond 2^53 as integers, with all their digits", () => {
    const latency = snapshotOf([2n ** 64n - 1n]);
    const text = resultToJson(resultOf({ outcomes: [outcomeOf({ measurements: [measurementOf({ latency })] })] }));
    expect(text).toContain('"started_at_epoch_ns": 1767323045000000006,');
    expect(text).toContain('"max_ns": 18446744073709551615,');
    expect(text).toContain('"sum_of_squares_ns2": 340282366920938463426481119284349108225,');
    expect(text).toContain('"overflow_count": 1,');
  });

  test("refuses a figure that JSON would silently turn into null", () => {
    const result = resultOf();
    result.results[0]!.summary.average_latency_ns = Number.NaN;
    expect(() => resultToJson(result)).toThrow("average_latency_ns is NaN");
  });
});
