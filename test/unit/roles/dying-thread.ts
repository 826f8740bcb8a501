/** In place of a serving thread: ends as soon as it is to serve somebody, in the way that the test asks for. */
import type { ServingOrder } from "../../../src/roles/thread.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<ServingOrder>) => {
  if (data.settings.worker === 0) throw new Error("no more");
  process.exit(0);
};
