/** Builds the plain C baseline. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Compiles c/reference with the first compiler that can, as the shim is compiled. @throws Error if none can */
export function compileBaseline(root: string, output: string): { compiler: string } {
  const zig = join(root, "node_modules", ".bin", "zig");
  const dist = join(root, "dist");
  mkdirSync(dist, { recursive: true });
  const parts = readdirSync(join(root, "c", "reference")).filter((file) => file.endsWith(".c"));
  const rest = [
    ...["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"],
    ...parts.map((file) => join(root, "c", "reference", file)),
    ...["-lpthread", "-lrt", "-o", output],
  ];
  const complaints: string[] = [];
  for (const compiler of [[zig, "cc"], ["gcc"], ["cc"]]) {
    try {
      const { exitCode, stderr } = Bun.spawnSync([...compiler, ...rest], {
        env: {
          ...process.env,
          ZIG_GLOBAL_CACHE_DIR: join(dist, "zig-cache"),
          ZIG_LOCAL_CACHE_DIR: join(dist, "zig-cache"),
        },
      });
      if (exitCode === 0) return { compiler: compiler.length === 2 ? "zig cc" : compiler[0]! };
      complaints.push(`${compiler.join(" ")}: ${stderr}`);
    } catch {
      complaints.push(`${compiler.join(" ")}: not found`);
    }
  }
  throw new Error(`the C baseline does not compile\n${complaints.join("\n")}`);
}
