import { existsSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { NAME_PREFIX, usedQueueNames } from "./channels.ts";
import { endPeers } from "./peer-process.ts";
import { queueExists } from "./raw-queue.ts";

const entries = (directory: string) => (existsSync(directory) ? readdirSync(directory) : []);

/** What this file's tests left in the system, in words; ends all peers first. */
export async function findLeftovers(): Promise<string[]> {
  const processes = (await endPeers()).map((pid) => `process ${pid}`);
  const files = ["/dev/shm", tmpdir()].flatMap((directory) =>
    entries(directory)
      .filter((name) => name.startsWith(NAME_PREFIX))
      .map((name) => `${directory}/${name}`),
  );
  // A test that failed may leave its own; the next run must not trip over them.
  for (const file of files) rmSync(file, { force: true });
  const queues = usedQueueNames
    .flatMap((name) => [`/${name}_req`, `/${name}_resp`])
    .filter(queueExists)
    .map((name) => `queue ${name}`);
  return [...processes, ...files, ...queues];
}
