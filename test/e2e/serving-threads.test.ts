/** The threads of a blocking server, seen from outside. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { inSandbox, TEST_TIMEOUT_MS } from "./expectations.ts";
import { until } from "./harness.ts";
import { Meeting } from "./standalone-pair.ts";

setDefaultTimeout(TEST_TIMEOUT_MS);

const isLinux = process.platform === "linux";
const CLIENTS = 4;

/** Inodes of the copies of the native part that a process has in memory. */
function shimsIn(pid: number): Set<string> {
  const lines = readFileSync(`/proc/${pid}/maps`, "utf8").split("\n");
  const found = lines.filter((line) => line.includes("/memfd:ipc-benchmark-shim"));
  return new Set(found.map((line) => line.split(/\s+/)[4]!));
}

function threadsOf(pid: number): number {
  return Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

// A copy for each thread is more than the loader has room for, after some hundred of them.
test.if(isLinux)("they all use one copy of the native part", () =>
  inSandbox(async (sandbox) => {
    const meeting = await Meeting.in(sandbox);
    const server = sandbox.start(["--server", "--blocking", "-q", ...meeting.flags(["uds"])]);
    const role = await until("the server runs", () => server.roles().server);
    await sandbox.run(["--client", "-q", "-i", "10", ...meeting.flags(["uds"])]);
    const before = threadsOf(role);
    const sockets = Array.from({ length: CLIENTS }, () => connect(meeting.socketPath));
    // One thread waits from the client before.
    await until("each has a thread", () => threadsOf(role) >= before + CLIENTS - 1);
    await Bun.sleep(200);
    const shims = shimsIn(role);
    for (const socket of sockets) socket.destroy();
    server.signal("SIGTERM");
    await server.ended;
    expect(shims.size).toBe(1);
  }),
);
