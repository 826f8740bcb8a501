/** "no such file or directory" out of "ENOENT: no such file or directory, open '…'"; of other errors their message. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[A-Z0-9]+: /, "").replace(/, \w+( '[\s\S]*)?$/, "");
}
