/** Building blocks of the result's schema. */

import { type TObject, type TProperties, type TSchema, type TUnsafe, Type } from "@sinclair/typebox";

/** An object that has these fields, all of them, and no others. */
export function closed<T extends TProperties>(properties: T, description?: string): TObject<T> {
  return Type.Object(properties, { additionalProperties: false, ...(description && { description }) });
}

/** Present always, null when there is nothing to say: the reference never omits a field. */
export function nullable<T extends TSchema>(schema: T, description?: string) {
  return Type.Union([schema, Type.Null()], description ? { description } : {});
}

/** A non-negative integer that may exceed 2^53: a bigint in memory then, digits in the file, never rounded. */
export function exactInteger(description: string): TUnsafe<number | bigint> {
  return Type.Unsafe<number | bigint>(Type.Integer({ minimum: 0, description }));
}

/** A non-negative integer. */
export function count(description: string) {
  return Type.Integer({ minimum: 0, description });
}

/** A non-negative number with a fraction. */
export function quantity(description: string) {
  return Type.Number({ minimum: 0, description });
}

/** One of several strings. */
export function oneOf<const T extends readonly string[]>(values: T, description: string): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: "string", enum: [...values], description });
}

/** A moment, RFC 3339, UTC. */
export function moment(description: string) {
  return Type.String({
    pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$",
    description: `${description}; RFC 3339, UTC`,
  });
}

/** A length of time as the reference writes it. */
export function duration(description: string) {
  return closed(
    {
      secs: count("Whole seconds"),
      nanos: Type.Integer({ minimum: 0, maximum: 999_999_999, description: "The rest, ns" }),
    },
    description,
  );
}
