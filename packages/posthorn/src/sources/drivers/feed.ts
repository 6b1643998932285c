import {
  type Cursor,
  type PolledDriver,
  type Polled,
  SourceFailure,
  type SourceEvent,
  type SourceHost,
} from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import type { FEED } from "../kinds/feed.ts";
import type { Feed, FeedEntry } from "../parse/feed.ts";
import { get, SeenIds, shortHash, validatorsIn, validatorsOf } from "./request.ts";

type Config = ConfigOf<(typeof FEED)["fields"]>;

const ACCEPT =
  "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, application/json;q=0.9, */*;q=0.5";

/** The cursor has the validators of the last response, the hash of its body, and the IDs of the entries that were seen. */
export const FEED_DRIVER: PolledDriver = { family: "poll", poll };

async function poll(host: SourceHost, cursor: Cursor | null): Promise<Polled> {
  const config = host.config as Config;
  const response = await get(host, config, { accept: ACCEPT, validators: validatorsOf(cursor) });
  const hash = shortHash(response.body);
  if (cursor !== null && (response.status === 304 || hash === cursor["hash"])) {
    return { events: [], cursor, next: { kind: "interval" } };
  }
  const parsed = await host.parse({ kind: "feed", body: response.body });
  if (parsed.kind === "unreadable") {
    throw new SourceFailure("unreadable", `The response is not a feed: ${parsed.detail}`, {
      hint: "Enter the URL of the RSS, Atom or JSON feed, not of the page.",
    });
  }
  return {
    ...readFeed(config, cursor, parsed.value as Feed, { ...validatorsIn(response), hash }),
    next: { kind: "interval" },
  };
}

/** New entries of a feed, from the oldest to the newest. */
export function readFeed(
  { start, eventType }: Pick<Config, "start" | "eventType">,
  cursor: Cursor | null,
  feed: Feed,
  facts: Readonly<Record<string, unknown>>,
): Omit<Polled, "next"> {
  const seen = new SeenIds(cursor);
  const entries = feed.entries.filter(({ identity }) => identity !== null);
  const isBaseline = cursor === null && start === "baseline";
  const fresh = isBaseline ? [] : entries.filter(({ identity }) => !seen.has(identity!));
  seen.add(entries.map(({ identity }) => identity!).toReversed());
  const unique = [...new Map(fresh.map((entry) => [entry.identity, entry])).values()];
  return {
    // Feeds list the newest entry first.
    events: unique.toReversed().map((entry) => eventOf(eventType, feed, entry)),
    cursor: { ...facts, seen: seen.toCursor(entries.length) },
  };
}

function eventOf(
  type: string,
  { title, link, hub, self }: Feed,
  { identity, publishedAt, json }: FeedEntry,
): SourceEvent {
  const feed = JSON.stringify({ title, link, hub, self });
  return {
    id: `feed/${identity}`,
    type,
    body: Buffer.from(`{"feed":${feed},"entry":${json}}`),
    contentType: "application/json",
    occurredAt: publishedAt,
    headers: ["content-type", "application/json"],
  };
}
