/** That the obvious question to a result, as README asks it, has the right answer. */
import { expect, test } from "bun:test";
import { resultToJson } from "../../../src/report/json.ts";
import { readme } from "../../pages.ts";
import { evenly, measurementOf, outcomeOf, resultOf } from "../result/fixture.ts";

const DOCUMENT = resultToJson(
  resultOf({
    outcomes: [
      outcomeOf({ measurements: [measurementOf({ test: "one-way", latency: evenly(1, 99) }), measurementOf()] }),
    ],
  }),
);
const ANSWER = ['["uds","one-way",null]', '["uds","round-trip",19903]'];

const [, filter] = readme.text.match(/^jq -c '(.*)' results\.json$/m)!;

test("README's filter is the one that is tested here", () => {
  expect(filter).toBe(".results[].details | .ipc as $ipc | .tests[] | [$ipc, .test, .percentiles_ns.p99]");
});

/** The same in JavaScript: jq is not installed everywhere. */
test("its fields say which mechanism, which test, and p99, or null with too few samples", () => {
  const { results } = JSON.parse(DOCUMENT);
  const rows = results.flatMap(({ details }: { details: { ipc: string; tests: TestOf[] } }) =>
    details.tests.map(({ test: name, percentiles_ns: named }) => JSON.stringify([details.ipc, name, named.p99])),
  );
  expect(rows).toEqual(ANSWER);
});

interface TestOf {
  readonly test: string;
  readonly percentiles_ns: Readonly<Record<string, number | null>>;
}

test.if(Bun.which("jq") !== null)("jq gives them", () => {
  const run = Bun.spawnSync(["jq", "-c", filter!], { stdin: Buffer.from(DOCUMENT) });
  expect(run.stdout.toString().trimEnd().split("\n")).toEqual(ANSWER);
});
