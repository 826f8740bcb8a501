/** Compares what a client wants to measure with what a server that was started by hand insists on. Pure. */

import type { Demands, Mechanism } from "../../plan/run-plan.ts";
import { arrivalInWords } from "../../plan/run-plan.ts";
import { counted } from "../../text/counted.ts";
import { formatDurationNs } from "../../text/duration.ts";
import type { Terms } from "./note-schema.ts";

/** A setting, as both sides have it; a set of values means any of them. */
interface Compared {
  readonly name: string;
  readonly client: string;
  readonly server: string;
  readonly agrees: boolean;
  /** What the client must give. */
  readonly use: string;
}

/** @param demanded by the server: one value, or any of several; undefined: whatever the client has */
function compare<T>(
  name: string,
  flag: string,
  client: T | null,
  demanded: T | readonly T[] | undefined,
  words: (value: T) => string = String,
): Compared[] {
  if (demanded === undefined) return [];
  const allowed = (Array.isArray(demanded) ? demanded : [demanded]) as T[];
  const servers = allowed.map((value) => words(value));
  const value = flag === "--" ? servers[0] : ` ${servers[0]!.replace(/ bytes?$/, "")}`;
  const use = demanded === true ? flag : flag + value;
  const given = client === null ? "none" : words(client);
  return [{ name, client: given, server: servers.join(" or "), agrees: allowed.includes(client as T), use }];
}

const yesOrNo = (value: boolean) => (value ? "yes" : "no");
const bytes = (value: number) => counted(value, "byte");

/** Mechanisms whose server makes room for messages before it knows the client. */
const HAS_FIXED_ROOM: Readonly<Record<Mechanism, boolean>> = { uds: false, tcp: false, shm: true, pmq: true };

/** Why there is no such test, whoever serves it; empty if there is one. No client of this program asks for that. */
function impossibilities({ messageCount, durationNs, worker, concurrency, launch, launches }: Terms): string[] {
  const found: string[] = [];
  if (messageCount === null && durationNs === null) found.push("the client has neither a message count nor a duration");
  if (messageCount === 0 && durationNs === null) found.push("message count: the client has 0, at least 1 is needed");
  if (worker >= concurrency) found.push(`client ${worker} of ${concurrency}: clients are numbered from 0`);
  if (launch > launches) found.push(`launch ${launch} of ${launches}: launches are numbered from 1`);
  return found;
}

/**
 * Why the server can't take this test, a phrase for each setting that names both values; empty if it can.
 * @param roomBytes the longest message that the server's object was made for
 */
export function differences(terms: Terms, demands: Demands, mechanism: Mechanism, roomBytes: number): string[] {
  const compared = [
    ...compare("message size", "-s", terms.messageBytes, demands.messageSizes, bytes),
    ...compare("test", "--", terms.test, demands.tests),
    ...compare("message count", "-i", terms.whole.messageCount, demands.messageCount),
    ...compare("duration", "-d", terms.durationNs, demands.durationNs, formatDurationNs),
    ...compare("send delay", "--send-delay", terms.sendDelayNs, demands.sendDelayNs, formatDurationNs),
    ...compare("rate", "--rate", terms.whole.ratePerSecond, demands.ratePerSecond),
    ...compare("arrival", "--arrival", arrivalInWords(terms.arrival), demands.arrival),
    ...compare("seed", "--seed", terms.whole.seed, demands.seed),
    ...compare("warm-up", "-w", terms.warmupCount, demands.warmupCount),
    ...compare(
      "first message included",
      "--include-first-message",
      terms.includeFirstMessage,
      demands.includeFirstMessage,
      yesOrNo,
    ),
    ...compare("reply", "--reply", terms.reply, demands.reply),
    ...compare("clients", "-c", terms.concurrency, demands.concurrency),
  ];
  const disagreed = compared.filter(({ agrees }) => !agrees);
  const use = disagreed.map((one) => one.use).join(" ");
  const differing = disagreed.map(
    ({ name, client, server }, i) =>
      `${name}: the client has ${client}, the server ${server}${i === disagreed.length - 1 ? ` (at the client, use ${use})` : ""}`,
  );
  const isTooLong = HAS_FIXED_ROOM[mechanism] && terms.messageBytes > roomBytes;
  const reasons = [...impossibilities(terms), ...differing];
  if (!isTooLong || demands.messageSizes !== undefined) return reasons;
  return [
    ...reasons,
    `message size: the client has ${bytes(terms.messageBytes)}, the server's ${mechanism} takes up to ${roomBytes} (use -s ${roomBytes} or less, or start the server with -s ${terms.messageBytes})`,
  ];
}
