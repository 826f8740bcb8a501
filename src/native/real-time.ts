/** What `--rt` asks of the kernel, for the calling process. */

import { constants } from "node:os";
import { KernelFiles, type Known, UNKNOWN } from "../system/kernel-files.ts";
import type { Effective, MemoryLock, RealTimeReport } from "../system/privileges.ts";
import { errorText, native } from "./library.ts";
import { RT_LOCKED_FUTURE } from "./numbers.ts";

const PREFAULT_STACK_BYTES = 512 * 1024;
const TIMER_SLACK_NS = 1;

const PERMISSION_ERRORS: readonly number[] = [constants.errno.EPERM, constants.errno.EACCES];

function denied(status: number, alsoDenying: readonly number[] = []): boolean {
  return PERMISSION_ERRORS.includes(-status) || alsoDenying.includes(-status);
}

function refused<T>(requested: T, status: number, needed: string, isDenied = denied(status)): Effective<T> {
  const note = isDenied ? `${errorText(status)}; needs ${needed}` : errorText(status);
  return { requested, effective: null, note, isDenied };
}

const granted = <T>(requested: T, effective: T, note: string | null = null): Effective<T> => ({
  requested,
  effective,
  note,
  isDenied: false,
});

function useFifo(priority: number): Effective<number> {
  const status = native().rt_use_fifo(priority);
  if (status > 0) return granted(priority, status);
  if (status === 0)
    return { requested: priority, effective: null, note: "another policy is in force", isDenied: false };
  return refused(
    priority,
    status,
    "CAP_SYS_NICE or a sufficient RLIMIT_RTPRIO (ulimit -r), and under cgroup v1 a cpu.rt_runtime_us above 0",
  );
}

function lockMemory(): Effective<MemoryLock> {
  const requested = "present and future";
  const status = native().rt_lock_memory();
  // Too small a limit is ENOMEM or EAGAIN, not EPERM; EINVAL is a kernel before 4.4.
  const { ENOMEM, EAGAIN } = constants.errno;
  if (status < 0) {
    return refused(requested, status, "CAP_IPC_LOCK or ulimit -l unlimited", denied(status, [ENOMEM, EAGAIN]));
  }
  if ((status & RT_LOCKED_FUTURE) !== 0) return granted(requested, requested);
  const note = "memory allocated later is not locked; needs CAP_IPC_LOCK or ulimit -l unlimited";
  return { requested, effective: "present", note, isDenied: true };
}

function prefaultStack(): Effective<number> {
  const status = native().rt_prefault_stack(PREFAULT_STACK_BYTES);
  if (status < 0) return refused(PREFAULT_STACK_BYTES, status, "nothing", false);
  const note = status < PREFAULT_STACK_BYTES ? "a quarter of the stack's limit (ulimit -s)" : null;
  return granted(PREFAULT_STACK_BYTES, status, note);
}

function useTimerSlack(): Effective<number> {
  const status = native().rt_use_timer_slack(TIMER_SLACK_NS);
  if (status < 0) return refused(TIMER_SLACK_NS, status, "nothing", false);
  return granted(TIMER_SLACK_NS, status, status === 0 ? "SCHED_FIFO has none" : null);
}

/** Address space locked, bytes (/proc/self/status, VmLck). */
function lockedBytes(files: KernelFiles): Known<number> {
  const kib = /^VmLck:\s+(\d+) kB$/m.exec(files.text("proc/self/status"))?.[1];
  return kib === undefined ? UNKNOWN : Number(kib) * 1024;
}

/**
 * Everything that `--rt` asks for, in this process and its calling (main) thread; reads each back. Takes some milliseconds, so
 * call it before the warm-up. Never throws for a privilege that is missing.
 * @param priority 1 to 99
 */
export function useRealTime(priority: number): RealTimeReport {
  const prefaultedStackBytes = prefaultStack();
  const memoryLock = lockMemory();
  const fifoPriority = useFifo(priority);
  return {
    fifoPriority,
    memoryLock,
    lockedBytes: lockedBytes(new KernelFiles()),
    prefaultedStackBytes,
    timerSlackNs: useTimerSlack(),
  };
}
