/** What the client of an orchestrator says to its server in pings; the server's pongs are empty. Both know everything else already. */

/** The peers have met. */
export const MET = JSON.stringify({ met: true });
/** The measured phase is about to begin. */
export const START = JSON.stringify({ start: true });
