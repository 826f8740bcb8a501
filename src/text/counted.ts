/** "0 messages", "1 message", "3 messages"; `many` where no "s" makes the plural: `counted(2, "launch", "launches")`. */
export function counted(count: number | bigint | string, one: string, many = `${one}s`): string {
  return `${count} ${String(count) === "1" ? one : many}`;
}
