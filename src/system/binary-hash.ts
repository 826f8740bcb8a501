import { closeSync, openSync, readSync } from "node:fs";
import { type Known, UNKNOWN } from "./kernel-files.ts";

/** Bun's name for the files inside a compiled executable. */
const COMPILED_PREFIX = "/$bunfs/";

const PIECE_BYTES = 4 * 1024 * 1024;

/** Without the runtime's threads, which there may be none left of; between pieces the event loop gets its turn. */
async function hash(path: string): Promise<Known<string>> {
  try {
    const fd = openSync(path, "r");
    try {
      const hasher = new Bun.CryptoHasher("sha256");
      const piece = Buffer.alloc(PIECE_BYTES);
      for (let bytes = readSync(fd, piece); bytes > 0; bytes = readSync(fd, piece)) {
        hasher.update(piece.subarray(0, bytes));
        await Bun.sleep(0);
      }
      return hasher.digest("hex");
    } finally {
      closeSync(fd);
    }
  } catch {
    return UNKNOWN;
  }
}

let ofThisBinary: Promise<Known<string>> | null = null;

/**
 * SHA-256 of the running executable, hex; unknown when it runs from source. Reads 110 MB and takes a CPU for 0.1 to 0.5 s at
 * the first call: after the last measured phase, never before one.
 */
export function binarySha256(): Promise<Known<string>> {
  ofThisBinary ??= Bun.main.startsWith(COMPILED_PREFIX) ? hash(process.execPath) : Promise.resolve(UNKNOWN);
  return ofThisBinary;
}

/** The same of any file. */
export const fileSha256 = hash;
