/** Puts itself under --rt, as nobody if told so, and says what came of it: not for the test's own process. */
import { useRealTime } from "../../../src/native/real-time.ts";
import { UsageMeter } from "../../../src/system/usage.ts";

if (process.argv.includes("--as-nobody")) {
  process.setgroups?.([]);
  process.setgid?.(65534);
  process.setuid?.(65534);
}
new UsageMeter().readOpening();
const before = process.memoryUsage.rss();
const report = useRealTime(7);
console.log(JSON.stringify({ report, grownBytes: process.memoryUsage.rss() - before }));
