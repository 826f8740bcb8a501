import { type TObject, type TSchema, Type } from "@sinclair/typebox";
import { ValueErrorType } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";
import { quote, quoteValue } from "../../text/quote.ts";
import { type Flag, WHOLE_RUN_GROUPS } from "../flag.ts";
import { FLAG_ENTRIES, type FlagKey } from "../flags.ts";
import { suggestFlag } from "../suggest.ts";
import type { Setting } from "./document.ts";
import { ConfigFault } from "./fault.ts";

/** Flags that mean nothing in a file. */
const COMMAND_LINE_ONLY: ReadonlySet<FlagKey> = new Set<FlagKey>(["help", "version", "config"]);

interface Field {
  readonly key: FlagKey;
  readonly flag: Flag;
}

const FIELDS: ReadonlyMap<string, Field> = new Map(
  FLAG_ENTRIES.flatMap(([key, flag]) =>
    COMMAND_LINE_ONLY.has(key) ? [] : flag.long.map((name) => [name, { key, flag }] as const),
  ),
);

/** What a configuration file may hold: every flag under each of its long names. */
export const ConfigSchema: TObject = Type.Object(
  Object.fromEntries([...FIELDS].map(([name, { flag }]) => [name, Type.Optional(fieldSchema(flag))])),
  { additionalProperties: false, title: "Configuration of ipc-benchmark (--config)" },
);

/** Whether all plans of a run must agree on the flag, so that a list of values makes no matrix. */
export function concernsWholeRun(flag: Flag): boolean {
  return flag.wholeRun === true || WHOLE_RUN_GROUPS.includes(flag.group);
}

function fieldSchema(flag: Flag): TSchema {
  const one = oneSchema(flag);
  const isSingle = concernsWholeRun(flag) && flag.arity !== "many";
  const options = { description: flag.description };
  return isSingle ? Type.Unsafe({ ...one, ...options }) : Type.Union([one, Type.Array(one, { minItems: 1 })], options);
}

function takesPaths(flag: Flag): boolean {
  return "value" in flag && flag.value.completes === "files";
}

function oneSchema(flag: Flag): TSchema {
  switch (flag.arity) {
    case "none":
      return Type.Boolean();
    case "count":
      return Type.Union([Type.Boolean(), Type.Integer({ minimum: 0, maximum: flag.most })]);
    case "optional":
      return Type.Union([Type.String(), Type.Boolean(), ...(takesPaths(flag) ? [] : [Type.Number()])]);
    default:
      return Type.Union([Type.String(), Type.Number()]);
  }
}

/** The flag of each setting; a flag has one setting at most. @throws ConfigFault for what the schema does not allow */
export function fieldsOf(settings: readonly Setting[]): (Setting & Field)[] {
  const seen = new Map<FlagKey, Setting>();
  const document = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
  const wrong = [...Value.Errors(ConfigSchema, document)];
  return settings.map((setting) => {
    const { name, line, value } = setting;
    const field = FIELDS.get(name);
    if (isSection(value)) {
      throw new ConfigFault(line, `${quote(name)}: sections are not allowed`, "keys are long flags without dashes");
    }
    if (field === undefined) throw unknownKey(setting);
    const earlier = seen.get(field.key);
    if (earlier !== undefined)
      throw new ConfigFault(line, `${name} and ${earlier.name} are the same flag`, "keep one of them");
    seen.set(field.key, setting);
    const isWrong = wrong.some(
      ({ path, type }) => type !== ValueErrorType.ObjectAdditionalProperties && path.split("/")[1] === name,
    );
    if (isWrong) throw new ConfigFault(line, `${name} takes ${wanted(field.flag)}, not ${quoteValue(value)}`);
    return { ...setting, ...field };
  });
}

/** A table, or several under one name. */
function isSection(value: unknown): boolean {
  const one = Array.isArray(value) ? value[0] : value;
  return typeof one === "object" && one !== null && !Array.isArray(one) && !(one instanceof Date);
}

function unknownKey({ name, line }: Setting): ConfigFault {
  const onlyThere = FLAG_ENTRIES.find(([key, flag]) => COMMAND_LINE_ONLY.has(key) && flag.long.includes(name));
  if (onlyThere !== undefined) return new ConfigFault(line, `${name} is for the command line only`, "leave it out");
  const suggestion = suggestFlag(name)?.replace(/^--/, "") ?? null;
  const hint =
    suggestion !== null && FIELDS.has(suggestion)
      ? `did you mean ${suggestion}?`
      : "keys are long flags without dashes";
  return new ConfigFault(line, `unknown key ${quote(name)}`, hint);
}

function wanted(flag: Flag): string {
  const single = {
    none: "true or false",
    count: flag.arity === "count" ? `true, false, or a number from 0 to ${flag.most}` : "",
    one: "text or a number",
    optional: `text, ${takesPaths(flag) ? "" : "a number, "}true or false`,
    many: "text or a number",
  }[flag.arity];
  const isSingle = concernsWholeRun(flag) && flag.arity !== "many";
  return `${single}${isSingle ? " (one for the whole run)" : ", or a non-empty list of these"}`;
}
