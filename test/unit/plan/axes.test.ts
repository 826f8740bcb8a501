import { expect, test } from "bun:test";
import { WHOLE_RUN_GROUPS } from "../../../src/cli/flag.ts";
import { FLAG_ENTRIES, FLAGS } from "../../../src/cli/flags.ts";
import { AXES, NO_AXES, settingsApart } from "../../../src/plan/axes.ts";
import { planOf } from "../result/fixture.ts";

test("every field of a plan is an axis, or is named as none", () => {
  const named = [...AXES.flatMap(({ fields }) => fields), ...NO_AXES];
  expect([...new Set(named)].toSorted()).toEqual(Object.keys(planOf()).toSorted() as typeof named);
});

test("axes have the names of flags, and no flag that may differ is left out", () => {
  const names: readonly string[] = AXES.map(({ flag }) => flag);
  const inTheName = [
    FLAGS.mechanism,
    FLAGS.messageSize,
    FLAGS.oneWay,
    FLAGS.roundTrip,
    FLAGS.noOneWay,
    FLAGS.noRoundTrip,
  ];
  const opposites = [FLAGS.async];
  const mayDiffer = FLAG_ENTRIES.map(([, flag]) => flag)
    .filter((flag) => !WHOLE_RUN_GROUPS.includes(flag.group) && flag.wholeRun === undefined)
    .filter((flag) => ![...inTheName, ...opposites].some(({ long }) => long === flag.long))
    .map(({ long }) => long[0]);
  expect([...names].toSorted()).toEqual(mayDiffer.toSorted());
});

test("only what differs tells plans apart, in the words of the flags", () => {
  const arrival = { ratePerSecond: 1000, kind: "burst", burst: 3 } as const;
  const plans = [planOf(), planOf({ arrival, spinNs: 20_000 }), planOf({ realTimePriority: 60, mode: "blocking" })];
  const settingsOf = settingsApart(plans);
  expect(plans.map(settingsOf)).toEqual([
    { blocking: "false", rate: "", arrival: "", rt: "off", spin: "50us" },
    { blocking: "false", rate: "1000", arrival: "burst=3", rt: "off", spin: "20us" },
    { blocking: "true", rate: "", arrival: "", rt: "60", spin: "50us" },
  ]);
  expect(settingsApart([planOf()])(planOf())).toEqual({});
});
