/** Message queues without the shim, for peers that speak nonsense and for looking what is left. */
import { dlopen, FFIType } from "bun:ffi";

const SYMBOLS = {
  mq_open: { args: [FFIType.cstring, FFIType.i32], returns: FFIType.i32 },
  mq_send: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.u32], returns: FFIType.i32 },
  mq_close: { args: [FFIType.i32], returns: FFIType.i32 },
} as const;

const O_RDONLY = 0;
const O_WRONLY = 1;

/** They moved from librt into libc with glibc 2.34. */
function load() {
  const libraries = ["libc.so.6", "librt.so.1", `libc.musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`];
  for (const library of libraries) {
    try {
      return dlopen(library, SYMBOLS).symbols;
    } catch {
      // The next one, then.
    }
  }
  throw new Error("no C library with message queues");
}

const libc = load();
const cString = (text: string) => Buffer.from(`${text}\0`);

export function queueExists(name: string): boolean {
  const queue = libc.mq_open(cString(name), O_RDONLY);
  if (queue >= 0) libc.mq_close(queue);
  return queue >= 0;
}

/** Puts one message, of any bytes, into a queue that must be there. */
export function sendRaw(name: string, bytes: Uint8Array): void {
  const queue = libc.mq_open(cString(name), O_WRONLY);
  if (queue < 0) throw new Error(`no queue ${name}`);
  // An empty array has no address.
  const sent = libc.mq_send(queue, bytes.length === 0 ? Buffer.alloc(1) : bytes, bytes.length, 0);
  libc.mq_close(queue);
  if (sent !== 0) throw new Error(`can't send ${bytes.length} bytes to ${name}`);
}
