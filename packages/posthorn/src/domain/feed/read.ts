/** Reads a feed from a position that the caller keeps. Reading changes nothing, and does not affect deliveries. */
import type { OutsideCall, OutsideContext } from "../context.ts";
import { checkRetained, earliest, type FeedFilter, type FeedPage, readPage, withPayloads } from "./page.ts";
import { compare, type Feed, laterOf, type Position, positionAtTime } from "./position.ts";

/** Where to begin without a cursor. */
export type Start = "earliest" | "latest" | { readonly after: number };

export interface ReadFeed {
  readonly feed: Feed;
  readonly from: Position;
  readonly limit: number;
  readonly filter: FeedFilter;
}

/** Resolves a starting position. */
export async function startOf({ services }: OutsideContext, feed: Feed, start: Start): Promise<Position> {
  const { store, feeds } = services;
  const first = await earliest(store.db, feed);
  if (start === "earliest") return first;
  // The horizon of a new database is 0, which is older than what retention has deleted.
  return laterOf(first, start === "latest" ? { key: await feeds.horizon(), late: 0 } : positionAtTime(start.after));
}

/** Reads one page with its payloads. */
export async function readFeed({ ctx, input }: OutsideCall<ReadFeed>): Promise<FeedPage> {
  const { store } = ctx.services;
  const { feed, from } = input;
  await checkRetained(store.db, feed, from);
  const page = await newestPage(ctx, feed, input);
  return { ...page, messages: await withPayloads(store.db, page.messages) };
}

/**
 * Reads up to the cached horizon, which costs no look-up for readers that lag behind, and otherwise up to the current
 * one.
 */
export async function newestPage(
  { services }: OutsideContext,
  feed: Feed,
  options: { readonly from: Position; readonly limit: number; readonly filter: FeedFilter },
): Promise<FeedPage> {
  const { store, feeds } = services;
  const { known } = feeds;
  if (compare(options.from, { key: known, late: 0 }) < 0) {
    const page = await readPage(store.db, feed, { ...options, horizon: known });
    if (!page.done || page.messages.length > 0) return page;
  }
  return readPage(store.db, feed, { ...options, horizon: await feeds.horizon() });
}

/** Reads a page; if there is none, waits for one until the signal is aborted. */
export async function readFeedWaiting(call: OutsideCall<ReadFeed>, signal: AbortSignal): Promise<FeedPage> {
  const { feeds } = call.ctx.services;
  let from = call.input.from;
  for (;;) {
    const page = await readFeed({ ...call, input: { ...call.input, from } });
    if (page.messages.length > 0 || signal.aborted) return page;
    from = page.end;
    if (page.done) await feeds.wait(call.input.feed.appKey, { after: from.key, signal });
  }
}
