import {
  closeSync,
  fstatSync,
  ftruncateSync,
  constants as O,
  openSync,
  readSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { RunError, UsageError } from "../plan/errors.ts";
import { destinationOf } from "../system/destination.ts";
import { isStandardOutput, STANDARD_OUTPUT } from "../system/standard-output.ts";
import { reasonOf } from "../text/reason.ts";

/** A write that gets nowhere for this long has failed: the other end of a pipe may never read again. */
const PATIENCE_MS = 10_000;
/** The same once the user wants an end. */
const LEAST_PATIENCE_MS = 1000;
const RETRY_MS = 5;
/** One write hands over at most this much, so that slow ends show that they go on. */
const PIECE_BYTES = 256 * 1024;
/** How far back `mend` looks for the end of the last whole row. */
const MEND_BYTES = 64 * 1024;

const STDOUT = 1;

interface Opened {
  readonly fd: number;
  readonly isPlainFile: boolean;
  readonly isReadable: boolean;
  /** It was not there before. */
  readonly isNew: boolean;
}

function openForWriting(path: string): Opened {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory()) throw new UsageError(`${path} is a directory`, "use the path of a file");
  if (existing !== undefined && !existing.isFile()) {
    // Not to wait for a reader that may never come: without one this fails.
    const fd = openSync(path, O.O_WRONLY | O.O_NONBLOCK | O.O_NOCTTY);
    return { fd, isPlainFile: false, isReadable: false, isNew: false };
  }
  const isNew = existing === undefined;
  const destination = destinationOf(path);
  const flags = O.O_CREAT | (isNew ? O.O_EXCL : 0);
  try {
    return { fd: openSync(destination, flags | O.O_RDWR, 0o644), isPlainFile: true, isReadable: true, isNew };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    return {
      fd: openSync(destination, flags | O.O_WRONLY, 0o644),
      isPlainFile: true,
      isReadable: false,
      isNew,
    };
  }
}

/**
 * Where rows or events go while a run is under way: a file, a device, a pipe, or standard output (`-`). It is open from before
 * the first message, keeps what it held until `begin`, and is written without blocking the event loop.
 */
export class OutputStream {
  readonly #opened: Opened;
  /** What messages call it. */
  readonly name: string;
  #patienceMs = PATIENCE_MS;
  /** Gives the write under way a new deadline. */
  #hurryWrite: (() => void) | null = null;

  /** @throws UsageError that names `flag` if it can't be written */
  constructor(
    readonly path: string,
    flag: string,
  ) {
    this.name = isStandardOutput(path) ? "standard output" : path;
    try {
      this.#opened = isStandardOutput(path)
        ? { fd: STDOUT, isPlainFile: false, isReadable: false, isNew: false }
        : openForWriting(path);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(
        `${path} can't be written: ${reasonOf(error)}`,
        `choose another path for ${flag}, or ${STANDARD_OUTPUT} for standard output`,
      );
    }
  }

  /** There will be no run: leaves everything as it was found. */
  abandon(): void {
    this.close();
    if (this.#opened.isNew) rmSync(destinationOf(this.path), { force: true });
  }

  /** Drops what a file held before. */
  begin(): void {
    if (this.#opened.isPlainFile) ftruncateSync(this.#opened.fd, 0);
  }

  /** Writes all of it, in the order of the calls only if each waits for the one before. @throws RunError */
  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    let movedMs = performance.now();
    while (at < bytes.length) {
      const written = await this.#writeSome(bytes, at);
      at += written;
      if (written > 0) movedMs = performance.now();
      else if (performance.now() - movedMs > this.#patienceMs) throw this.#stuck();
      else await Bun.sleep(RETRY_MS);
    }
  }

  /** Resolves with 0 where there is no room now. */
  #writeSome(bytes: Uint8Array, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(this.#stuck());
      let timer = setTimeout(giveUp, this.#patienceMs);
      this.#hurryWrite = () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp, this.#patienceMs);
      };
      const length = Math.min(bytes.length - at, PIECE_BYTES);
      write(this.#opened.fd, bytes, at, length, null, (error, written) => {
        clearTimeout(timer);
        this.#hurryWrite = null;
        if (error === null) resolve(written);
        else if (error.code === "EAGAIN") resolve(0);
        else reject(this.#failure(error));
      });
    });
  }

  /** From now on a write that gets nowhere is given up soon. */
  hurry(): void {
    this.#patienceMs = LEAST_PATIENCE_MS;
    this.#hurryWrite?.();
  }

  #stuck(): RunError {
    return new RunError(`${this.name} can't be written: it accepted no data for ${this.#patienceMs / 1000} s`);
  }

  #failure(error: unknown): RunError {
    return new RunError(`${this.name} can't be written: ${reasonOf(error)}`);
  }

  /**
   * After a write that failed half-way: cuts a file back to its last whole row and ends it with `closing`, as far as that is
   * possible. `wholeBytes` tells how much of the file's end, given as text, is to be kept; null gives up.
   */
  mend(wholeBytes: (end: string) => number | null, closing: string): void {
    const { fd, isPlainFile, isReadable } = this.#opened;
    if (!isPlainFile || !isReadable) return;
    try {
      const { size } = fstatSync(fd);
      const end = Buffer.alloc(Math.min(size, MEND_BYTES));
      const read = readSync(fd, end, 0, end.length, size - end.length);
      const keep = wholeBytes(end.toString("latin1", 0, read));
      if (keep === null) return;
      const cut = size - end.length + keep;
      ftruncateSync(fd, cut);
      writeSync(fd, closing, cut, "latin1");
    } catch {
      // It stays as it is: a line-based reader can read it all the same.
    }
  }

  close(): void {
    if (this.#opened.fd === STDOUT) return;
    try {
      closeSync(this.#opened.fd);
    } catch {
      // Nothing more can be done with it.
    }
  }
}
