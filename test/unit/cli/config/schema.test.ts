import { expect, test } from "bun:test";
import { ConfigSchema, concernsWholeRun } from "../../../../src/cli/config/schema.ts";
import { FLAG_ENTRIES } from "../../../../src/cli/flags.ts";
import { allFlags } from "../../../../src/cli/listing.ts";

test("the schema has every flag under all its long names, but for those of the command line only", () => {
  const names = allFlags().flatMap((flag) => flag.long);
  const allowed = names.filter((name) => !["help", "version", "config"].includes(name));
  expect(Object.keys(ConfigSchema.properties).toSorted()).toEqual(allowed.toSorted());
});

test("what is written and what holds for the whole run takes no list", () => {
  for (const [, flag] of FLAG_ENTRIES) {
    if (!concernsWholeRun(flag)) continue;
    for (const name of flag.long) {
      if (ConfigSchema.properties[name] !== undefined)
        expect(JSON.stringify(ConfigSchema.properties[name])).not.toContain('"array"');
    }
  }
});
