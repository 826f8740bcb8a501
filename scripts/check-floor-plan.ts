/**
 * Holds src/ and c/ against their floor plan (floor-plan.ts): `bun scripts/check-floor-plan.ts`, part of `bun run lint`. Imports are
 * dependency-cruiser's affair; includes of C are read here. The exit code is 0 if all of them run downwards.
 */
import { globSync, readFileSync } from "node:fs";
import { Visitor } from "@swc/core/Visitor.js";
import type { IForbiddenRuleType, IRegularForbiddenRuleType } from "dependency-cruiser";
import { C_FLOORS, FLOORS, PURE } from "./floor-plan.ts";

const names = FLOORS.flat();
const pathOf = (folders: readonly string[]) => `^src/(${folders.join("|").replace(".", "\\.")})(/|$)`;
type Place = NonNullable<IRegularForbiddenRuleType["from"]>;
const rule = (name: string, comment: string, from: Place, to: IRegularForbiddenRuleType["to"]): IForbiddenRuleType => ({
  name,
  comment,
  severity: "error",
  from,
  to,
});

const RULES: IForbiddenRuleType[] = [
  ...names
    .slice(1)
    .map((folder, index) =>
      rule(
        `${folder} imports downwards`,
        "see FLOORS in scripts/floor-plan.ts",
        { path: pathOf([folder]) },
        { path: pathOf(names.slice(0, index + 1)) },
      ),
    ),
  rule(
    "pure folders import only each other",
    "see PURE in scripts/floor-plan.ts",
    { path: pathOf(PURE) },
    { path: pathOf(names.filter((name) => !PURE.includes(name))) },
  ),
  rule("no circles", "imports of types count", {}, { circular: true }),
  rule("every folder has its floor", "add it to FLOORS", { path: "^src/", pathNot: pathOf(names) }, {}),
  rule("only native/ opens the door to C", "", { pathNot: "^src/native/" }, { path: "^bun:ffi$" }),
  rule("everything is found", "", {}, { couldNotResolve: true, pathNot: ["^bun:", "^bun$", "^embedded-shim$"] }),
];

// dependency-cruiser takes a module's default export for the whole module, as Node has it; Bun hands over the class itself.
Object.assign(Visitor, { Visitor });
const { cruise } = await import("dependency-cruiser");

const { output, exitCode } = await cruise(
  ["src"],
  {
    ruleSet: { forbidden: RULES },
    validate: true,
    outputType: "err",
    // TypeScript 7 has no parser for other programs; swc's sees type imports too.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  },
  { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
);
/** Includes of C that run upwards, a line each. */
function upwardIncludes(): string[] {
  const order = C_FLOORS.flat();
  const files = globSync("c/**/*.[ch]").filter((file) => !/^c\/(test|reference)\//.test(file));
  return files.flatMap((file) => {
    const floor = order.indexOf(/^c\/(\w+)/.exec(file)![1]!);
    const includes = [...readFileSync(file, "utf8").matchAll(/^#include "(\w+)[^"]*"/gm)];
    const upward = includes.filter(([, folder]) => floor < 0 || order.indexOf(folder!) < floor);
    return upward.map(([include]) => `${file}: ${include} does not run downwards, see C_FLOORS`);
  });
}

const includes = upwardIncludes();
console.log([String(output).trim(), ...includes].join("\n"));
process.exit(exitCode || Math.min(includes.length, 1));
