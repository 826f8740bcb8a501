import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { errorText, native } from "../native/library.ts";
import { isKnown, KernelFiles, type Known, UNKNOWN } from "./kernel-files.ts";

/** Something that was asked of the kernel, and what it made of it. */
export interface Effective<T> {
  readonly requested: T;
  /** As read back; null: nothing of the kind is in force. */
  readonly effective: Known<T> | null;
  /** Why the two differ and what would help, one line; null when there is nothing to say. */
  readonly note: string | null;
  /** Whether a missing privilege is the reason. */
  readonly isDenied: boolean;
}

/** Which pages stay in memory: those there at the time of the call, or also those that come later. */
export type MemoryLock = "present" | "present and future";

/** What `--rt` put in force in one role. */
export interface RealTimeReport {
  /** Of the main thread, which runs the loop; 1 to 99, higher goes first. */
  readonly fifoPriority: Effective<number>;
  readonly memoryLock: Effective<MemoryLock>;
  /** VmLck after it: address space that is locked, not memory in use. */
  readonly lockedBytes: Known<number>;
  readonly prefaultedStackBytes: Effective<number>;
  readonly timerSlackNs: Effective<number>;
}

/** Below the kernel's own threads for interrupts (50 with PREEMPT_RT), on which sockets depend. */
export const DEFAULT_FIFO_PRIORITY = 49;
const PREFAULT_STACK_BYTES = 512 * 1024;
const TIMER_SLACK_NS = 1;
/** c/plat/rt.h, RT_LOCKED_FUTURE. */
const LOCKED_FUTURE = 2;

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
    return refused(
      requested,
      status,
      "CAP_IPC_LOCK or ulimit -l unlimited",
      denied(status, [ENOMEM, EAGAIN]),
    );
  }
  if ((status & LOCKED_FUTURE) !== 0) return granted(requested, requested);
  const note = "memory that comes later is not locked; that needs CAP_IPC_LOCK or ulimit -l unlimited";
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
export function useRealTime(priority = DEFAULT_FIFO_PRIORITY): RealTimeReport {
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

/** A demand on the wake-up latency of all CPUs, in force until it is released or this process is gone. */
export interface CpuDmaLatencyHold {
  /** us. What is in force may be less than asked: the least that any program demands. */
  readonly report: Effective<number>;
  release(): void;
}

const CPU_DMA_LATENCY = "/dev/cpu_dma_latency";

/**
 * Demands that every CPU wake within `latencyUs` (0: do not sleep at all) by holding /dev/cpu_dma_latency open
 * (Documentation/power/pm_qos_interface.rst). It is machine-wide: one holder, the orchestrator, serves every role.
 */
export function holdCpuDmaLatency(latencyUs: number, path = CPU_DMA_LATENCY): CpuDmaLatencyHold {
  let fd: number | null = null;
  const release = () => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  try {
    fd = openSync(path, "r+");
    const value = Buffer.alloc(4);
    value.writeInt32LE(latencyUs);
    writeSync(fd, value, 0, 4);
    const readBack = readInt32(fd);
    const differs = isKnown(readBack) && readBack < latencyUs;
    const note = differs ? "another program demands less" : null;
    return { report: { requested: latencyUs, effective: readBack, note, isDenied: false }, release };
  } catch (error) {
    release();
    return { report: notHeld(latencyUs, path, error), release };
  }
}

function readInt32(fd: number): Known<number> {
  try {
    const value = Buffer.alloc(4);
    return readSync(fd, value, 0, 4, 0) === 4 ? value.readInt32LE() : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

function notHeld(latencyUs: number, path: string, error: unknown): Effective<number> {
  const code = (error as NodeJS.ErrnoException).code;
  const isDenied = code === "EACCES" || code === "EPERM";
  const reasons: Record<string, string> = {
    ENOENT: `${path} does not exist here`,
    EACCES: `no permission to write ${path}; needs root, or a rule of udev that grants it`,
    EPERM: `no permission to write ${path}; needs root, or a rule of udev that grants it`,
  };
  const note = reasons[code ?? ""] ?? `${path}: ${error instanceof Error ? error.message : String(error)}`;
  return { requested: latencyUs, effective: null, note, isDenied };
}
