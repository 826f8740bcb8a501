/**
 * Compiles every program of c/test under sanitizers, runs it, and adds up its checks.
 *
 *   bun scripts/test-c.ts                   all of them
 *   bun scripts/test-c.ts frame inbox       those programs only
 *   bun scripts/test-c.ts --rounds 1000000  for the programs that take a number of rounds
 *   bun scripts/test-c.ts --require-sanitizers …  fail where no compiler has them, as CI does
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { shimSources } from "./shim-sources.ts";

const root = resolve(import.meta.dir, "..");
const sourceDirectory = join(root, "c");
const testDirectory = join(sourceDirectory, "test");
const outputDirectory = join(root, "dist", "c-test");

const DEADLINE_MS = 120_000;

export interface Variant {
  readonly name: string;
  readonly compiler: readonly string[];
  readonly flags: readonly string[];
}

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly durationMs: number;
  /** Why the program counts as failed, with what it wrote; null when it passed. */
  readonly failure: string | null;
}

const BASE_FLAGS = ["-std=c11", "-g", "-O2", "-Wall", "-Wextra", "-fno-omit-frame-pointer", `-I${sourceDirectory}`];
const PLATFORM_FLAGS = process.platform === "linux" ? ["-D_GNU_SOURCE"] : [];
const LIBRARIES = process.platform === "linux" ? ["-lpthread", "-lrt", "-lm"] : [];

/** A finding ends the program with this, so that none passes for a failed check or an ordinary end. */
const SANITIZER_EXIT_CODE = 99;
const SANITIZER_OPTIONS = {
  ASAN_OPTIONS: `exitcode=${SANITIZER_EXIT_CODE}:detect_leaks=1:quarantine_size_mb=8`,
  UBSAN_OPTIONS: `exitcode=${SANITIZER_EXIT_CODE}:print_stacktrace=1:halt_on_error=1`,
  TSAN_OPTIONS: `exitcode=${SANITIZER_EXIT_CODE}:second_deadlock_stack=1`,
};

async function execute(
  command: readonly string[],
  deadlineMs = DEADLINE_MS,
): Promise<{ exitCode: number; output: string; isLate: boolean }> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: {
      ...process.env,
      ...SANITIZER_OPTIONS,
      ZIG_GLOBAL_CACHE_DIR: join(root, "dist", "zig-cache"),
      ZIG_LOCAL_CACHE_DIR: join(root, "dist", "zig-cache"),
    },
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, deadlineMs);
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const exitCode = await child.exited;
  clearTimeout(timer);
  return { exitCode, output: output + errors, isLate };
}

/** Whether the compiler is there and a program under these sanitizers really starts. */
async function works(compiler: readonly string[], flags: readonly string[]): Promise<boolean> {
  mkdirSync(outputDirectory, { recursive: true });
  const source = join(outputDirectory, "probe.c");
  const program = join(outputDirectory, `probe-${process.pid}`);
  await Bun.write(source, "int main(void) { return 0; }\n");
  try {
    const compiled = await execute([...compiler, ...flags, source, "-o", program]);
    return compiled.exitCode === 0 && (await execute([program])).exitCode === 0;
  } catch {
    return false;
  } finally {
    await Bun.file(program)
      .delete()
      .catch(() => {});
  }
}

/** What the shim is shipped with. */
const ZIG = [join(root, "node_modules", ".bin", "zig"), "cc"];

const ADDRESS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];
const THREAD = ["-fsanitize=thread"];

/**
 * What can be checked here. Without a compiler that has AddressSanitizer and ThreadSanitizer the programs still run,
 * built by zig, which has UndefinedBehaviorSanitizer alone; `notice` then says so.
 */
export async function findVariants(): Promise<{ variants: Variant[]; notice: string | null }> {
  for (const name of [process.env.CC, "gcc", "clang"]) {
    if (!name) continue;
    const compiler = [name];
    if ((await works(compiler, ADDRESS)) && (await works(compiler, THREAD))) {
      return {
        variants: [
          { name: "address+undefined", compiler, flags: ADDRESS },
          { name: "thread", compiler, flags: THREAD },
        ],
        notice: null,
      };
    }
  }
  const variant = { name: "undefined", compiler: ZIG, flags: ["-fsanitize=undefined"] };
  return {
    variants: (await works(ZIG, variant.flags)) ? [variant] : [],
    notice:
      "no compiler with AddressSanitizer and ThreadSanitizer is here (install gcc or clang); " +
      "the C tests run under zig's UndefinedBehaviorSanitizer only",
  };
}

/** Names of the test programs: c/test/<name>_test.c. */
export function findPrograms(): string[] {
  return readdirSync(testDirectory)
    .filter((file) => file.endsWith("_test.c"))
    .map((file) => file.slice(0, -"_test.c".length))
    .sort();
}

const sourceOf = (program: string) => join(testDirectory, `${program}_test.c`);
const mentions = (program: string, text: string) => readFileSync(sourceOf(program), "utf8").includes(text);

/** Sources that look at the shim from inside need its hooks compiled in. */
function hooksOf(program: string): string[] {
  return mentions(program, '"shm_hooks.h"') ? ["-DPARK_TEST_HOOKS", "-DSHM_TEST_HOOKS"] : [];
}

async function compile(command: readonly string[]): Promise<void> {
  const { exitCode, output } = await execute(command);
  if (exitCode !== 0) throw new Error(output || `${command[0]} failed`);
}

/** Programs that count page faults look at the shim as it is shipped: sanitizers have pages of their own. */
function variantOf(program: string, variant: Variant): Variant {
  if (!mentions(program, "RUSAGE_THREAD")) return variant;
  return { name: `${variant.name}-plain`, compiler: ZIG, flags: [] };
}

const archives = new Map<string, Promise<string>>();

/** The shim as an archive: a test may include a source file to reach what is static in it, and then links its own copy. */
function archiveOf(variant: Variant, hooks: readonly string[]): Promise<string> {
  const key = [variant.name, hooks.length > 0 ? "hooks" : "plain"].join("-");
  const building = archives.get(key) ?? buildArchive(key, variant, hooks);
  archives.set(key, building);
  return building;
}

async function buildArchive(key: string, variant: Variant, hooks: readonly string[]): Promise<string> {
  const directory = join(outputDirectory, `${key}-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  const sources = shimSources(sourceDirectory, process.platform);
  const objects = sources.map((file) => join(directory, `${file.replaceAll("/", "-")}.o`));
  const flags = [...BASE_FLAGS, ...PLATFORM_FLAGS, ...variant.flags, ...hooks];
  for (const [i, file] of sources.entries()) {
    await compile([...variant.compiler, ...flags, "-c", join(sourceDirectory, file), "-o", objects[i]!]);
  }
  const archive = join(directory, "shim.a");
  const archiver = variant.compiler.length > 1 ? [variant.compiler[0]!, "ar"] : ["ar"];
  await compile([...archiver, "rcs", archive, ...objects]);
  return archive;
}

async function build(program: string, asked: Variant): Promise<string> {
  const hooks = hooksOf(program);
  const variant = variantOf(program, asked);
  const archive = await archiveOf(variant, hooks);
  const executable = join(outputDirectory, `${program}-${variant.name}-${process.pid}`);
  const flags = [...BASE_FLAGS, ...PLATFORM_FLAGS, ...variant.flags, ...hooks];
  await compile([...variant.compiler, ...flags, sourceOf(program), archive, ...LIBRARIES, "-o", executable]);
  return executable;
}

/** Compiles and runs one program; never rejects. */
async function runProgram(program: string, variant: Variant, rounds: number | null): Promise<Outcome> {
  const nothing = { passed: 0, failed: 0, durationMs: 0 };
  let executable: string;
  try {
    executable = await build(program, variant);
  } catch (error) {
    return { ...nothing, failure: error instanceof Error ? error.message : String(error) };
  }
  const start = performance.now();
  const takesRounds = rounds !== null && mentions(program, "read_rounds(");
  const run = await execute(takesRounds ? [executable, String(rounds)] : [executable]);
  const durationMs = performance.now() - start;
  const counts = /(\d+) passed, (\d+) failed/.exec(run.output);
  const passed = Number(counts?.[1] ?? 0);
  const failed = Number(counts?.[2] ?? 0);
  const said = run.output.slice(0, 8000);
  let failure: string | null = null;
  if (run.isLate) failure = `did not end within ${DEADLINE_MS / 1000} s: ${said}`;
  else if (run.exitCode !== 0) failure = `exit code ${run.exitCode}: ${said}`;
  else if (counts === null || failed > 0 || passed === 0) failure = `no checks passed: ${said}`;
  return { passed, failed, durationMs, failure };
}

interface Job {
  readonly group: string;
  readonly work: () => Promise<void>;
}

/** Runs a few at a time, those of one group one after the other. Most programs sleep more than they compute. */
class Crew {
  readonly #waiting: Job[] = [];
  readonly #busyGroups = new Set<string>();
  #free = Math.min(8, 2 * availableParallelism());

  run<T>(group: string, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ group, work: () => work().then(resolve, reject) });
    this.#startNext();
    return promise;
  }

  #startNext(): void {
    const next = this.#waiting.findIndex(({ group }) => !this.#busyGroups.has(group));
    if (this.#free === 0 || next < 0) return;
    const { group, work } = this.#waiting.splice(next, 1)[0]!;
    this.#free--;
    this.#busyGroups.add(group);
    void work().then(() => {
      this.#free++;
      this.#busyGroups.delete(group);
      this.#startNext();
    });
    this.#startNext();
  }
}

/**
 * Compiles and runs all programs under all variants; outcomes by "<program> <variant's name>".
 * @param rounds for the programs that take a number of rounds; null leaves their own
 */
export function runAll(
  programs: readonly string[],
  variants: readonly Variant[],
  rounds: number | null,
): Map<string, Promise<Outcome>> {
  const crew = new Crew();
  const outcomes = new Map<string, Promise<Outcome>>();
  for (const variant of variants) {
    for (const program of programs) {
      const key = `${program} ${variant.name}`;
      // The room for message queues is one for all of a user's processes.
      const group = mentions(program, "PMQ") || mentions(program, "pmq") ? "message queues" : key;
      outcomes.set(
        key,
        crew.run(group, () => runProgram(program, variant, rounds)),
      );
    }
  }
  return outcomes;
}

/** Removes what this process has compiled. */
export async function cleanUp(): Promise<void> {
  await Promise.all(
    readdirSync(outputDirectory)
      .filter((name) => name.endsWith(`-${process.pid}`))
      .map((name) => rm(join(outputDirectory, name), { recursive: true })),
  );
  archives.clear();
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: "string" }, "require-sanitizers": { type: "boolean", default: false } },
  });
  const { variants, notice } = await findVariants();
  if (notice !== null) console.error(notice);
  if (variants.length === 0 || (notice !== null && values["require-sanitizers"])) return 1;
  const programs = findPrograms().filter((name) => positionals.length === 0 || positionals.includes(name));
  const total = { passed: 0, failed: 0, failures: 0 };
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  try {
    for (const [name, outcome] of runAll(programs, variants, rounds)) {
      const { passed, failed, failure, durationMs } = await outcome;
      total.passed += passed;
      total.failed += failed;
      total.failures += failure === null ? 0 : 1;
      const words = failure === null ? "" : ` FAILED\n${failure}`;
      console.log(`${name}: ${passed} passed, ${failed} failed, ${(durationMs / 1000).toFixed(1)} s${words}`);
    }
  } finally {
    await cleanUp();
  }
  console.log(`${total.passed} checks passed, ${total.failed} failed, ${total.failures} programs failed`);
  return total.failures === 0 && total.passed > 0 ? 0 : 1;
}

if (import.meta.main) process.exit(await main());
