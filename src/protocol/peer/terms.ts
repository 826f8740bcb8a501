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

function among<T>(
  name: string,
  flag: string,
  client: T,
  allowed: readonly T[] | undefined,
  words: (value: T) => string = String,
): Compared[] {
  if (allowed === undefined) return [];
  const server = allowed.map((value) => words(value)).join(" or ");
  return [{ name, client: words(client), server, agrees: allowed.includes(client), use: `${flag}${allowed[0]}` }];
}

function same<T>(
  name: string,
  flag: string,
  client: T | null,
  demanded: T | undefined,
  words: (value: T) => string = String,
): Compared[] {
  if (demanded === undefined) return [];
  const given = client === null ? "none" : words(client);
  return [
    {
      name,
      client: given,
      server: words(demanded),
      agrees: client === demanded,
      use: demanded === true ? flag : `${flag} ${words(demanded)}`,
    },
  ];
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
    ...among("message size", "-s ", terms.messageBytes, demands.messageSizes, bytes),
    ...among("test", "--", terms.test, demands.tests),
    ...same("message count", "-i", terms.whole.messageCount, demands.messageCount),
    ...same("duration", "-d", terms.durationNs, demands.durationNs, formatDurationNs),
    ...same("send delay", "--send-delay", terms.sendDelayNs, demands.sendDelayNs, formatDurationNs),
    ...same("rate", "--rate", terms.whole.ratePerSecond, demands.ratePerSecond),
    ...same("arrival", "--arrival", arrivalInWords(terms.arrival), demands.arrival),
    ...same("seed", "--seed", terms.whole.seed, demands.seed),
    ...same("warm-up", "-w", terms.warmupCount, demands.warmupCount),
    ...same(
      "first message included",
      "--include-first-message",
      terms.includeFirstMessage,
      demands.includeFirstMessage,
      yesOrNo,
    ),
    ...same("reply", "--reply", terms.reply, demands.reply),
    ...same("clients", "-c", terms.concurrency, demands.concurrency),
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
