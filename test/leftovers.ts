/** What a whole test run leaves behind: counted before its first test and after its last. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFiles } from "./e2e/system-state.ts";

/** Names that this project gives to what everybody on a machine can see. */
const OURS = /^(ipcb-|ipc-test-)/;
const SETTLE_MS = 2_000;

const entries = (directory: string) => (existsSync(directory) ? readdirSync(directory) : []);

/** Names in shared places that are of a run's or a test's making. */
const sharedNames = () =>
  ["/dev/shm", "/dev/mqueue"].flatMap((place) =>
    entries(place)
      .filter((name) => OURS.test(name))
      .map((name) => join(place, name)),
  );

/** Processes that this one started, or that work in its temporary directory. */
function processes(directory: string): string[] {
  return entries("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const isChild = status.includes(`\nPPid:\t${process.pid}\n`) && !/^State:\s+Z/m.test(status);
      const isThere = readlinkSync(`/proc/${pid}/cwd`).startsWith(directory);
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return isChild || isThere ? [`process ${pid}: ${words}`] : [];
    } catch {
      // It has just ended, or belongs to somebody else.
      return [];
    }
  });
}

/** Takes stock; files of the tests go to a directory of their own from now on, so that they can be told from those of others. */
export function takeStock(): () => Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "ipc-tests-"));
  // Some tests are another user's.
  chmodSync(directory, 0o755);
  process.env.TMPDIR = directory;
  const before = new Set(sharedNames());
  const left = () => {
    const open = openFiles();
    return [
      ...processes(directory),
      ...sharedNames().filter((name) => !before.has(name) && !open.has(name)),
      ...[...open].filter((path) => path.startsWith(`${directory}/`)).map((path) => `open: ${path}`),
      ...entries(directory).map((name) => `${directory}/${name}`),
    ];
  };
  return async () => {
    let found = left();
    for (const end = performance.now() + SETTLE_MS; found.length > 0 && performance.now() < end; found = left())
      await Bun.sleep(50);
    rmSync(directory, { recursive: true, force: true });
    return found;
  };
}
