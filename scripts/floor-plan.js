/**
 * The floor plan of src/, held by `bun run lint`. A folder imports from the floors below its own. Folders that share a floor may
 * import those to their right. Nothing imports in a circle; imports of types count.
 */
const FLOORS = [
  ["main.ts"], //                             chooses what to do
  ["cli"], //                                 command line and configuration file → plans
  ["experiment", "self-test"], //             runs that plan other runs; the tool measures itself
  ["orchestrator"], //                        the command that the user ran, while it measures
  ["roles"], //                               the measuring processes
  ["protocol"], //                            what processes say to each other
  ["stream", "output", "progress", "log"], // where things go while a run lasts
  ["compare"], //                             two results → verdicts
  ["report"], //                              a result as text
  ["result", "verdict"], //                   the document, and whether its figures may be quoted
  ["measure", "channel", "native"], //        loops, connections, the only door to C
  ["stats"], //                               figures: histograms, intervals
  ["system"], //                              what the machine is and allows
  ["plan", "text"], //                        what is to be measured; units, durations, quoting, wrapping
];

/** These compute and nothing else: they import only each other. */
const PURE = ["stats", "plan", "text"];

const names = FLOORS.flat();
const pathOf = (folders) => `^src/(${folders.join("|").replace(".", "\\.")})(/|$)`;
const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    ...names
      .slice(1)
      .map((folder, index) =>
        rule(
          `${folder} imports downwards`,
          "see FLOORS in scripts/floor-plan.js",
          { path: pathOf([folder]) },
          { path: pathOf(names.slice(0, index + 1)) },
        ),
      ),
    rule(
      "pure folders import only each other",
      "see PURE in scripts/floor-plan.js",
      { path: pathOf(PURE) },
      { path: pathOf(names.filter((name) => !PURE.includes(name))) },
    ),
    rule("no circles", "imports of types count", {}, { circular: true }),
    rule("every folder has its floor", "add it to FLOORS", { path: "^src/", pathNot: pathOf(names) }, {}),
    rule("only native/ opens the door to C", "", { pathNot: "^src/native/" }, { path: "^bun:ffi$" }),
    rule(
      "everything is found",
      "",
      {},
      { couldNotResolve: true, pathNot: ["^bun:", "^bun$", "^embedded-shim$"] },
    ),
  ],
  options: {
    // TypeScript 7 has no parser for other programs; swc's sees type imports too.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
