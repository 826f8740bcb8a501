import type { Mechanism } from "../plan/run-plan.ts";
import type { ValueParser } from "./values.ts";

/** Headings of `--help`; the flag table has their order. */
export type Group =
  | ("What is measured" | "How much" | "Load" | "CPUs and waiting")
  | ("Output and Logging" | "Standalone" | "Connection" | "Control");

/** All plans of a run must agree on flags of these groups. */
export const WHOLE_RUN_GROUPS: readonly Group[] = ["Output and Logging", "Standalone", "Control"];

interface Named {
  /** Without dashes; the first one is used in messages and in the help. */
  readonly long: readonly [string, ...string[]];
  readonly short?: string;
}

interface Described extends Named {
  readonly group: Group;
  /** One or two short sentences, without the last full stop. */
  readonly description: string;
  /** Shown by `-h` too, in these words. */
  readonly main?: string;
  /** Mechanism without which the flag would have no effect. */
  readonly needs?: Mechanism;
  /** It can't differ between the plans of one run. */
  readonly wholeRun?: true;
}

interface Valued<T> extends Described {
  readonly value: ValueParser<T>;
  readonly placeholder: string;
}

export interface SwitchFlag extends Described {
  readonly arity: "none";
}

/** A switch that says more the more often it is given: `-vv`. */
export interface CountFlag extends Described {
  readonly arity: "count";
  /** Being given more often than this says no more. */
  readonly most: number;
}

export interface OneValueFlag<T> extends Valued<T> {
  readonly arity: "one";
  /** As a user would type it. */
  readonly default?: string;
}

export interface OptionalValueFlag<T> extends Valued<T> {
  readonly arity: "optional";
  /** The value that the flag alone stands for, as a user would type it. */
  readonly bare: string;
  /** That value, where the flag alone means something else than typing it. */
  readonly bareValue?: T;
}

export interface ManyValuesFlag<T> extends Valued<T> {
  readonly arity: "many";
  /** As a user would type it, values separated by a space. */
  readonly default: string;
}

export type Flag<T = unknown> = SwitchFlag | CountFlag | OneValueFlag<T> | OptionalValueFlag<T> | ManyValuesFlag<T>;

/** What a flag of kind `F` yields when it is given. */
export type FlagValue<F> = F extends SwitchFlag
  ? true
  : F extends CountFlag
    ? number
    : F extends ManyValuesFlag<infer T>
      ? readonly T[]
      : F extends OneValueFlag<infer T> | OptionalValueFlag<infer T>
        ? T
        : never;

/** A row of the flag table before its group is known. */
type Row<F> = Omit<F, "arity" | "group">;

export const noValue = (row: Row<SwitchFlag>) => ({ arity: "none" as const, ...row });
export const counted = (row: Row<CountFlag>) => ({ arity: "count" as const, ...row });
export const oneValue = <T>(row: Row<OneValueFlag<T>>) => ({ arity: "one" as const, ...row });
export const optionalValue = <T>(row: Row<OptionalValueFlag<T>>) => ({ arity: "optional" as const, ...row });
export const manyValues = <T>(row: Row<ManyValuesFlag<T>>) => ({ arity: "many" as const, ...row });

/** The rows with their group. */
export function inGroup<R extends Readonly<Record<string, object>>>(group: Group, rows: R) {
  const entries = Object.entries(rows).map(([key, row]) => [key, { ...row, group }]);
  return Object.fromEntries(entries) as { readonly [K in keyof R]: R[K] & { readonly group: Group } };
}

/** The flag as messages name it: `--message-size`. */
export function flagName(flag: Named): string {
  return `--${flag.long[0]}`;
}

/** The value that stands where the flag was not given. */
export function defaultOf<T>(flag: OneValueFlag<T>): T {
  return parseOwn(flag, flag.default ?? "");
}

/** The values that stand where the flag was not given. */
export function defaultsOf<T>(flag: ManyValuesFlag<T>): readonly T[] {
  return flag.default.split(" ").map((text) => parseOwn(flag, text));
}

/** The value of the flag given alone. */
export function bareValueOf<T>(flag: OptionalValueFlag<T>): T {
  return flag.bareValue ?? parseOwn(flag, flag.bare);
}

function parseOwn<T>(flag: Valued<T>, text: string): T {
  const value = flag.value.parse(text);
  if (value === null) throw new Error(`the flag table gives ${flagName(flag)} a default it does not take`);
  return value;
}
