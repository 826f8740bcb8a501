/** What can happen to one of the three processes of a run. */

export const TARGETS = ["orchestrator", "server", "client"] as const;
export type Target = (typeof TARGETS)[number];
export type Pids = Readonly<Record<Target, number | undefined>>;

/** Signals that ask to end; a shell reports the orchestrator's exit by these numbers. */
export const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndingSignal = keyof typeof EXIT_CODES;

export const BLOWS = [
  "SIGKILL",
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGPIPE",
  "SIGSTOP for 3 s",
  "SIGSTOP for ever",
] as const;
export type Blow = (typeof BLOWS)[number];

export const STOPPED_MS = 3_000;

/** Whether a run gets over it, and must end as if nothing had been. */
export const isSurvivable = (blow: Blow): boolean => blow === "SIGPIPE" || blow === "SIGSTOP for 3 s";

export const isStop = (blow: Blow): boolean => blow.startsWith("SIGSTOP");

/** A process that has ended meanwhile is none of these faults' business. */
export function send(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Strikes; `then` comes right after the signal. Resolves once the blow is over, which one for ever never is. */
export async function strike(pid: number | undefined, blow: Blow, then: () => void): Promise<void> {
  send(pid, isStop(blow) ? "SIGSTOP" : (blow as NodeJS.Signals));
  then();
  if (blow !== "SIGSTOP for 3 s") return;
  await Bun.sleep(STOPPED_MS);
  send(pid, "SIGCONT");
}
