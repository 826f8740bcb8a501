/** What must be true after a fault. Each check returns what is not, in words. */
import { existsSync } from "node:fs";
import type { BenchmarkResult } from "../../src/result/schema.ts";
import { allTests, type Ended, Sandbox, type Started } from "../e2e/harness.ts";
import type { Deadline } from "./deadline.ts";

export const OUTPUT = "result.json";

export const problemsOf = (checks: readonly (readonly [isRight: boolean, problem: string])[]) =>
  checks.filter(([isRight]) => !isRight).map(([, problem]) => problem);

/** Runs `body` in a sandbox; what is left afterwards is among the problems. */
export async function inSandbox(body: (sandbox: Sandbox) => Promise<string[]>): Promise<string[]> {
  const sandbox = new Sandbox();
  try {
    const problems = await body(sandbox);
    return [...problems, ...(await sandbox.leftovers()).slice(0, 5).map((what) => `left behind: ${what}`)];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    sandbox.remove();
  }
}

/** One line on stderr, of the program itself, that matches. */
export function lineProblems({ stderr }: Ended, wanted: RegExp): string[] {
  const lines = stderr.split("\n").filter(Boolean);
  const isClear = lines.length === 1 && lines[0]!.startsWith("ipc-benchmark: ") && wanted.test(lines[0]!);
  return problemsOf([[isClear && !stderr.includes("internal error"), `stderr is not one line ${wanted}: ${stderr}`]]);
}

/** The result file as it lies there: null if there is none, text if it is no result. */
function resultIn(sandbox: Sandbox): BenchmarkResult | string | null {
  if (!existsSync(sandbox.path(OUTPUT))) return null;
  try {
    return sandbox.readResult(OUTPUT);
  } catch (error) {
    return String(error);
  }
}

/** What was measured before is there, and marked as no whole result. */
export function partialResultProblems(sandbox: Sandbox): string[] {
  const result = resultIn(sandbox);
  if (result === null) return ["no partial result was written"];
  if (typeof result === "string") return [result];
  const isMarked =
    !result.metadata.complete && allTests(result).every(({ complete, failure }) => !complete && failure !== null);
  return problemsOf([[isMarked, "the partial result is not marked as incomplete"]]);
}

/** There is a result; whether it is whole depends on which came first, its last message or the end. */
export function keptResultProblems(sandbox: Sandbox): string[] {
  const result = resultIn(sandbox);
  if (result === null || typeof result === "string") return [result ?? "no result was written"];
  const isTrue = result.metadata.complete === allTests(result).every(({ complete }) => complete);
  return problemsOf([[isTrue, "the result does not say whether it is whole"]]);
}

export function wholeResultProblems(sandbox: Sandbox, { stderr }: Ended): string[] {
  const result = resultIn(sandbox);
  if (result === null || typeof result === "string") return [result ?? "no result was written"];
  const isWhole = result.metadata.complete && allTests(result).every(({ counts }) => counts.lost === 0);
  return problemsOf([[isWhole && stderr === "", `the run is not complete: ${stderr}`]]);
}

/** For a writer that was killed: no file, an older one or a newer one, but none that is half written. */
export function tornResultProblems(sandbox: Sandbox): string[] {
  const result = resultIn(sandbox);
  return typeof result === "string" ? [`the result is torn: ${result}`] : [];
}

/** Waits for the run to end, and checks how and when. */
export async function awaitEnd(
  run: Started,
  exitCodes: readonly (number | string)[],
  deadline: Deadline,
): Promise<{ ended: Ended; problems: string[] }> {
  const ended = await run.ended;
  deadline.reached();
  const code = ended.exitCode ?? ended.signal ?? "unknown";
  const wrongCode = `ended with ${code} instead of ${exitCodes.join(" or ")}: ${ended.stderr}`;
  return {
    ended,
    problems: [...deadline.problems(), ...problemsOf([[exitCodes.includes(code), wrongCode]])],
  };
}
