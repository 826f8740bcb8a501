import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../plan/errors.ts";
import type { Mechanism, RunPlan } from "../plan/run-plan.ts";
import { randomName } from "../system/random-name.ts";
import { quote } from "../text/quote.ts";

/** Room for a socket's path in sockaddr_un, the NUL included; the smallest of the platforms built for. */
const SOCKET_PATH_BYTES = 104;

/** Directory for socket files: IPC_BENCHMARK_TEMP_DIR, else the system's. @throws UsageError */
export function socketDirectory(): string {
  const asked = process.env.IPC_BENCHMARK_TEMP_DIR;
  const [variable, path] = asked ? ["IPC_BENCHMARK_TEMP_DIR", asked] : ["TMPDIR", tmpdir()];
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new UsageError(`${variable} is not a directory: ${quote(path, 200)}`, "create it, or unset the variable");
}

/** Whether the user left the choice of the name to us. */
export function isOwnName(mechanism: Mechanism, plan: RunPlan): boolean {
  const given = {
    uds: plan.socketPath,
    shm: plan.sharedMemoryName,
    pmq: plan.messageQueueName,
    tcp: plan.host,
  };
  return given[mechanism] === null;
}

/**
 * Where peers meet that were started by hand and told nothing about it: the same for both, without a word between them. The
 * reference has the same names, so that its peers are found as well.
 */
const STANDALONE_NAMES = {
  uds: "ipc_benchmark.sock",
  shm: "/ipc_benchmark_shm",
  pmq: "/ipc_benchmark_pmq",
  port: 8080,
} as const;

/** The port of the tcp test; 0: the kernel chooses one. */
export function portFor(plan: RunPlan): number {
  return plan.port ?? (plan.standalone === null ? 0 : STANDALONE_NAMES.port);
}

/** Where the peers of one cell meet: what the user asked for, else a fresh name, or the one that all agree on. @throws UsageError */
export function endpointFor(mechanism: Mechanism, plan: RunPlan): string {
  const isStandalone = plan.standalone !== null;
  switch (mechanism) {
    case "tcp":
      return plan.host;
    case "shm":
      return plan.sharedMemoryName ?? (isStandalone ? STANDALONE_NAMES.shm : randomName());
    case "pmq":
      return plan.messageQueueName ?? (isStandalone ? STANDALONE_NAMES.pmq : randomName());
    case "uds": {
      const name = isStandalone ? STANDALONE_NAMES.uds : `${randomName()}.sock`;
      const path = plan.socketPath ?? join(socketDirectory(), name);
      if (Buffer.byteLength(path) < SOCKET_PATH_BYTES) return path;
      throw new UsageError(
        `the socket path ${path} has ${Buffer.byteLength(path)} bytes, at most ${SOCKET_PATH_BYTES - 1} are allowed`,
        "use a shorter one with --socket-path, or a shorter directory in IPC_BENCHMARK_TEMP_DIR",
      );
    }
  }
}
