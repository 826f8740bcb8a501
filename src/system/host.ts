import { cpus, totalmem } from "node:os";
import { type HostFacts, platformNames } from "../result/host.ts";

/** What this machine is. */
export function readHost(): HostFacts {
  return {
    ...platformNames(process.platform, process.arch),
    cpuCores: cpus().length,
    memoryBytes: totalmem(),
  };
}
