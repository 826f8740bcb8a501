import { RunError } from "../plan/errors.ts";
import { CPU_WORDS } from "./layout.ts";
import { bitNumbers } from "./ledger.ts";
import { errorText, native } from "./library.ts";

/** Numbers of the CPUs that this thread may use; empty where the system does not tell. */
export function allowedCpus(): number[] {
  const words = new BigUint64Array(CPU_WORDS);
  return native().process_allowed_cpus(words, CPU_WORDS) < 0 ? [] : bitNumbers(words);
}

/**
 * Keeps this thread, and what it starts, off the CPUs of a measurement, if the system pins at all and leaves others.
 * Processes that it starts can still be pinned to those CPUs.
 */
export function keepOffCpus(cpus: readonly number[]): void {
  const others = allowedCpus().filter((cpu) => !cpus.includes(cpu));
  if (cpus.length === 0 || others.length === 0) return;
  const words = new BigUint64Array(CPU_WORDS);
  for (const cpu of others) words[Math.floor(cpu / 64)]! |= 1n << BigInt(cpu % 64);
  native().process_keep_to(words, CPU_WORDS);
}

/** Pins this thread and reads the mask back. @throws RunError if it did not take */
export function pinToCpu(cpu: number): void {
  const status = native().process_pin(cpu);
  if (status < 0) throw new RunError(`can't run on CPU ${cpu}: ${errorText(status)}`);
  expectPinned(cpu);
}

/** Reads the mask back, also when messages have been measured: while a role has but one CPU it does not look which one it is on. */
export function expectPinned(cpu: number): void {
  const allowed = allowedCpus();
  if (allowed.length === 1 && allowed[0] === cpu) return;
  throw new RunError(`can't run on CPU ${cpu}: the kernel allows ${allowed.join(" ")} instead`);
}
