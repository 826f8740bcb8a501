/**
 * The floor plan of src/, held by `bun run lint`. A folder imports from the floors below its own. Folders that share a floor may
 * import those to their right. Nothing imports in a circle; imports of types count.
 */
export const FLOORS = [
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
export const PURE = ["stats", "plan", "text"];

/** The same for the folders of c/ and what their files include. c/test and c/reference stand apart. */
export const C_FLOORS = [
  ["abi"], //               what the shim says of itself
  ["session"], //           one side's measuring state on a connection
  ["mechanism"], //         a file for each mechanism, and their table
  ["message", "record"], // frames and ids; the ledger and its rows
  ["posix", "linux"], //    behind plat/
  ["plat"], //              headers of what a platform differs in
];
