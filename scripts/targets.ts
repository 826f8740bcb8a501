/** The platforms that the program is built for, and what each needs from the C compiler and from Bun. */
export interface Target {
  /** As `--target` names it. */
  readonly name: string;
  /** zig's target triple. The glibc ones name the oldest C library that the shim runs with. */
  readonly zig: string;
  readonly bun: Bun.Build.CompileTarget;
  readonly os: "linux" | "darwin";
}

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", zig: "x86_64-linux-gnu.2.17", bun: "bun-linux-x64", os: "linux" },
  { name: "linux-arm64", zig: "aarch64-linux-gnu.2.17", bun: "bun-linux-arm64", os: "linux" },
  { name: "linux-x64-musl", zig: "x86_64-linux-musl", bun: "bun-linux-x64-musl", os: "linux" },
  { name: "linux-arm64-musl", zig: "aarch64-linux-musl", bun: "bun-linux-arm64-musl", os: "linux" },
  { name: "darwin-x64", zig: "x86_64-macos", bun: "bun-darwin-x64", os: "darwin" },
  { name: "darwin-arm64", zig: "aarch64-macos", bun: "bun-darwin-arm64", os: "darwin" },
];

/** musl is told from glibc by the loader that this very process was started with. */
function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime === undefined;
}

export function hostTarget(): Target {
  const name = `${process.platform}-${process.arch}${isMusl() ? "-musl" : ""}`;
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined)
    throw new Error(`no build for this platform (${name}); known: ${TARGETS.map((t) => t.name).join(", ")}`);
  return target;
}
