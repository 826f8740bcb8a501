import { dlopen, type Library, type Pointer, toArrayBuffer } from "bun:ffi";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmdirSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import embeddedShim from "embedded-shim" with { type: "file" };
import { RunError } from "../plan/errors.ts";
import { findLayoutMismatch } from "./layout.ts";
import { SYMBOLS } from "./symbols.ts";

/** What the C side must answer to `shim_abi_version`. */
export const ABI_VERSION = 1;

export type Shim = Library<typeof SYMBOLS>["symbols"];
export type Address = Pointer;

/** An address as the shim returned it; NULL is null. All of them fit a double on the platforms built for. */
export function addressOf(returned: Pointer | bigint | null): Address | null {
  return returned === null ? null : (Number(returned) as Address);
}

/** Memory of the shim, not a copy. */
export function bytesAt(address: Address, count: number): Uint8Array {
  return new Uint8Array(toArrayBuffer(address, 0, count));
}

const REINSTALL = "the program is damaged (was it stripped or cut short?): build or copy it again";

function readEmbedded(): Uint8Array {
  try {
    const bytes = readFileSync(embeddedShim);
    if (bytes.length > 0) return bytes;
  } catch {
    // Said below, as for an empty one.
  }
  throw new RunError(`the native part is missing: ${REINSTALL}`);
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** `syscall(SYS_memfd_create)`: older C libraries have the system call but no function for it. */
function createMemoryFile(): number | null {
  const number = { x64: 319, arm64: 279 }[process.arch as string];
  if (process.platform !== "linux" || number === undefined) return null;
  const muslArch = process.arch === "x64" ? "x86_64" : "aarch64";
  for (const libc of ["libc.so.6", `libc.musl-${muslArch}.so.1`]) {
    try {
      const opened = dlopen(libc, { syscall: { args: ["i64", "ptr", "i64"], returns: "i64" } });
      const fd = Number(opened.symbols.syscall(number, Buffer.from("ipc-benchmark-shim\0"), 1));
      return fd >= 0 ? fd : null;
    } catch {
      // The other C library, then.
    }
  }
  return null;
}

/** Where this process has the library as a file without a name; null: nowhere. */
let memoryPath: string | null = null;

/** Leaves nothing behind, and works where the temporary directory is noexec. */
function loadFromMemory(bytes: Uint8Array): Library<typeof SYMBOLS> | null {
  const fd = createMemoryFile();
  if (fd === null) return null;
  const path = `/proc/self/fd/${fd}`;
  try {
    writeAll(fd, bytes);
    const library = dlopen(path, SYMBOLS);
    // Stays open: the path is the library's name for other threads.
    memoryPath = path;
    return library;
  } catch {
    closeSync(fd);
    return null;
  }
}

function loadFromPrivateFile(bytes: Uint8Array): Library<typeof SYMBOLS> {
  const directory = mkdtempSync(join(tmpdir(), "ipc-benchmark-"));
  const path = join(directory, "shim");
  try {
    const fd = openSync(path, "wx", 0o600);
    writeAll(fd, bytes);
    closeSync(fd);
    return dlopen(path, SYMBOLS);
  } finally {
    // Not recursive: that takes a descriptor, and there may be none left.
    if (existsSync(path)) unlinkSync(path);
    rmdirSync(directory);
  }
}

function open(): Library<typeof SYMBOLS> {
  if (memoryPath !== null) return dlopen(memoryPath, SYMBOLS);
  const bytes = readEmbedded();
  return loadFromMemory(bytes) ?? loadFromPrivateFile(bytes);
}

function load(): Shim {
  let library: Library<typeof SYMBOLS>;
  try {
    library = open();
  } catch (error) {
    if (error instanceof RunError) throw error;
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new RunError(`the native part can't be loaded on this system: ${reason}`);
  }
  close = () => library.close();
  const shim = library.symbols;
  const version = shim.shim_abi_version();
  if (version !== ABI_VERSION) {
    throw new RunError(`the native part has ABI version ${version}, expected ${ABI_VERSION}: ${REINSTALL}`);
  }
  const address = new BigUint64Array(1);
  const count = shim.shim_layout(address);
  const reported = new Uint32Array(toArrayBuffer(Number(address[0]) as Pointer, 0, count * 4));
  const mismatch = findLayoutMismatch(reported);
  if (mismatch !== null) throw new RunError(`the native part does not fit: ${mismatch}: ${REINSTALL}`);
  return shim;
}

let loaded: Shim | null = null;
let close: () => void = () => {};

/**
 * The shim, loaded and checked at the first call.
 * @throws RunError in one line if it is missing, can't be loaded, or has another ABI
 */
export function native(): Shim {
  loaded ??= load();
  return loaded;
}

/** For `shareLibrary` in another thread of this process. */
export function sharedLibrary(): string | null {
  native();
  return memoryPath;
}

/**
 * To be called in a thread before anything else of this module: it takes the library that the process has. With copies of their
 * own some hundred threads use up the room that the system's loader has for thread-local variables.
 */
export function shareLibrary(path: string | null): void {
  memoryPath = path;
}

/** For a thread that ends, as the runtime does not give back what it compiled for it. Nothing of the shim may be called after that. */
export function closeLibrary(): void {
  close();
}

/** Text of an error number of either sign, as C words it. */
export function errorText(error: number): string {
  return String(native().shim_error_text(error));
}
