/** The shim's own unit tests, programs in C under sanitizers, so that their checks are among those of `bun test`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { cleanUp, findPrograms, findVariants, type Outcome, runAll } from "../../scripts/test-c.ts";

/** Building and running all of them; each has a deadline of its own. */
const TIMEOUT_MS = 400_000;
/** Of the tests that look for races; their long form is `bun scripts/test-c.ts --rounds 1000000`. */
const ROUNDS = 10_000;

const programs = findPrograms();
const { variants, notice } = await findVariants();
if (notice !== null) console.warn(notice);

const leftovers = () =>
  ["/dev/shm", "/dev/mqueue", tmpdir()]
    .filter(existsSync)
    .flatMap((directory) => readdirSync(directory).map((name) => `${directory}/${name}`))
    .filter((path) => path.includes("/ipc-test-"));

let checks = 0;
const before = new Set(leftovers());
let outcomes = new Map<string, Promise<Outcome>>();
beforeAll(() => {
  outcomes = runAll(programs, variants, ROUNDS);
});
afterAll(async () => {
  await cleanUp();
  console.log(`${checks} checks in C passed`);
  expect(leftovers().filter((path) => !before.has(path))).toEqual([]);
});

test("there are programs, and a compiler for them", () => {
  expect(programs).not.toBeEmpty();
  expect(variants).not.toBeEmpty();
});

describe.each(variants)("under the sanitizers $name", (variant) => {
  test.each(programs)(
    "%s",
    async (program) => {
      const { failure, passed, failed } = await outcomes.get(`${program} ${variant.name}`)!;
      expect(failure).toBeNull();
      expect(failed).toBe(0);
      expect(passed).toBeGreaterThan(0);
      checks += passed;
    },
    TIMEOUT_MS,
  );
});
