type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a terminal obeys escape sequences; one without a name is taken for one that does not. */
export function obeysEscapes({ TERM: name = "" }: Environment): boolean {
  return name !== "" && name !== "dumb";
}

/** Whether what is printed may be coloured: only on a terminal, and not if NO_COLOR is set to anything. */
export function wantsColour(stdoutIsTerminal: boolean, env: Environment): boolean {
  return stdoutIsTerminal && obeysEscapes(env) && (env.NO_COLOR ?? "") === "";
}
