/** The CSV library, behind one function: another one is a change of this file alone. */

import { stringify } from "csv-stringify/sync";

/** A field: text, an exact number, or nothing. */
export type CsvValue = string | number | bigint | boolean | null;

/**
 * RFC 4180 with "\n" at line ends: fields are quoted where they must be, numbers keep all their digits, nothing is an
 * empty field.
 */
export function csvText(header: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return stringify([header, ...rows], { cast: { bigint: String, boolean: String, number: String } });
}
