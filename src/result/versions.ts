/** What the fields of results and events mean. A document without these is of 0.1.0: both are 1 there. */

/** Of docs/result.schema.json and docs/events.schema.json; the schemas of earlier ones stay beside them. */
export const SCHEMA_VERSION = 2;

/** 2: the receive stamp is taken when a message is handed to the receiving loop. 1: when the read that brought it returned. */
export const INTERVAL_DEFINITION = 2;
