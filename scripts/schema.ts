/** Writes docs/result.schema.json and docs/events.schema.json from the types in src. */

import { resultSchemaText } from "../src/result/schema.ts";
import { eventsSchemaText } from "../src/stream/events-schema.ts";

const docs = new URL("../docs/", import.meta.url);
await Bun.write(new URL("result.schema.json", docs), resultSchemaText());
await Bun.write(new URL("events.schema.json", docs), eventsSchemaText());
