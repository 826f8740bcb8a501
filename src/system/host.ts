import { cpus, totalmem } from "node:os";

/** Facts about the machine that a result carries. Whoever gathers them, this is the shape. */
export interface HostFacts {
  /** As the reference names them: linux, macos, windows (`platformNames`). */
  readonly os: string;
  /** As the reference names them: x86_64, aarch64 (`platformNames`). */
  readonly architecture: string;
  /** Logical CPUs online. */
  readonly cpuCores: number;
  /** Physical memory, bytes. */
  readonly memoryBytes: number;
}

const OS_NAMES: Readonly<Record<string, string>> = { darwin: "macos", win32: "windows" };
const ARCHITECTURE_NAMES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64", ia32: "x86" };

/** `process.platform` and `process.arch` under the names that the reference (Rust) gives them. */
export function platformNames(platform: string, arch: string): { os: string; architecture: string } {
  return { os: OS_NAMES[platform] ?? platform, architecture: ARCHITECTURE_NAMES[arch] ?? arch };
}

/** What this machine is. */
export function readHost(): HostFacts {
  return {
    ...platformNames(process.platform, process.arch),
    cpuCores: cpus().length,
    memoryBytes: totalmem(),
  };
}
