/** What is wrong in a configuration file, and where; the reader of the file says which file it is. */
export class ConfigFault extends Error {
  override readonly name = "ConfigFault";
  constructor(
    /** From 1. */
    readonly line: number,
    reason: string,
    readonly hint: string | null = null,
  ) {
    super(reason);
  }
}
