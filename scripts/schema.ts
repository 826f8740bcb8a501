/** Writes docs/result.schema.json from the types in src/result/schema.ts. */

import { resultSchemaText } from "../src/result/schema.ts";

await Bun.write(new URL("../docs/result.schema.json", import.meta.url), resultSchemaText());
