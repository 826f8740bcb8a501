/** Whether what is printed may be coloured: only on a terminal, and not if NO_COLOR is set to anything. */
export function wantsColour(
  stdoutIsTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stdoutIsTerminal && (env.NO_COLOR ?? "") === "";
}
