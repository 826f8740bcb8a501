import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../plan/errors.ts";

/** Which output goes where, so that no two of them write the same file. */
export class PathClaims {
  readonly #flagOfFile = new Map<string, string>();
  readonly #directories: {
    readonly flag: string;
    readonly identity: string;
    readonly endings: readonly string[];
  }[] = [];

  /** The file at `path` is written for `flag`. @throws UsageError if another output is written there */
  file(flag: string, path: string): void {
    const identity = identityOf(path);
    if (identity === "/dev/null") return;
    const other =
      this.#flagOfFile.get(identity) ??
      this.#directories.find(
        (directory) =>
          directory.identity === dirname(identity) && directory.endings.some((ending) => identity.endsWith(ending)),
      )?.flag;
    if (other !== undefined) {
      const both =
        other === flag ? `${flag} would write ${path} twice` : `${other} and ${flag} would both write ${path}`;
      throw new UsageError(both, "give each a path of its own");
    }
    this.#flagOfFile.set(identity, flag);
  }

  /** Files with these endings in the directory at `path` are written for `flag`. @throws UsageError as above */
  directory(flag: string, path: string, endings: readonly string[]): void {
    const identity = identityOf(path);
    for (const [file, other] of this.#flagOfFile) {
      if (dirname(file) === identity && endings.some((ending) => file.endsWith(ending))) {
        throw new UsageError(`${flag} and ${other} would both write ${file}`, "give each a path of its own");
      }
    }
    this.#directories.push({ flag, identity, endings });
  }
}

/** The same for every way to say a place: links are followed; pipes and terminals are known by their number. */
function identityOf(path: string): string {
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing === undefined) return join(realpathSync(dirname(resolve(path))), basename(path));
    if (existing.isFile() || existing.isDirectory()) return realpathSync(path);
    const isNull = existing.isCharacterDevice() && existing.rdev === statSync("/dev/null").rdev;
    return isNull ? "/dev/null" : `device ${existing.dev} ${existing.ino}`;
  } catch {
    // Whoever opens it says what is wrong with it.
    return resolve(path);
  }
}
