import { createReadStream } from "node:fs";
import { type Known, UNKNOWN } from "./kernel-files.ts";

/** Bun's name for the files inside a compiled executable. */
const COMPILED_PREFIX = "/$bunfs/";

async function hash(path: string): Promise<Known<string>> {
  try {
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      hasher.update(chunk as Buffer);
    }
    return hasher.digest("hex");
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
