/** Converts feeds between API fields and domain values. */
import { type ConsumerState, IDLE_MS } from "../../domain/feed/consumer.ts";
import type { FeedFilter, FeedMessage } from "../../domain/feed/page.ts";
import { decodeCursor, encodeCursor, type Feed, type Position, timeOf } from "../../domain/feed/position.ts";
import { type Start, startOf } from "../../domain/feed/read.ts";
import type { OutsideContext } from "../../domain/context.ts";
import { invalid } from "../../lib/errors.ts";
import { timeOfKey } from "../../lib/id.ts";
import { JsonText } from "../reply.ts";
import { dateTime, dateTimeOrNull, pulledMessageOut } from "../wire.ts";

export interface FeedRange {
  readonly cursor?: string;
  readonly starting_position?: "earliest" | "latest";
  readonly after?: string;
}

/** Where a request begins to read. @param cursorName Name of the parameter with the cursor. */
export function startPosition(
  ctx: OutsideContext,
  feed: Feed,
  range: FeedRange,
  cursorName = "cursor",
): Promise<Position> {
  const { cursor, starting_position: starting, after } = range;
  if (cursor !== undefined && cursor !== "") return Promise.resolve(decodeCursor(feed, cursor, ["query", cursorName]));
  if (after !== undefined && starting !== undefined) {
    throw invalid(["query", "after"], "Set either `after` or `starting_position`, not both.");
  }
  return startOf(ctx, feed, after === undefined ? (starting ?? "earliest") : { after: Date.parse(after) });
}

/** The new position of a consumer. */
export function resetPosition(
  ctx: OutsideContext,
  feed: Feed,
  body: { readonly startingPosition?: "earliest" | "latest"; readonly after?: string; readonly cursor?: string },
): Promise<Position> {
  const { startingPosition, after, cursor } = body;
  const given = [startingPosition, after, cursor].filter((value) => value !== undefined);
  if (given.length !== 1) throw invalid("startingPosition", "Set exactly one of startingPosition, after and cursor.");
  if (cursor !== undefined) return Promise.resolve(decodeCursor(feed, cursor, ["body", "cursor"]));
  const start: Start = after === undefined ? startingPosition! : { after: Date.parse(after) };
  return startOf(ctx, feed, start);
}

export function filterOf(query: { readonly event_types?: readonly string[]; readonly channel?: string }): FeedFilter {
  const { event_types: types = [], channel } = query;
  return { eventTypes: types.length === 0 ? null : new Set(types), channel: channel ?? null };
}

/** `{"data": […], …fields}`, with the payloads as they are. */
export function pageOut(messages: readonly JsonText[], fields: object): JsonText {
  return JsonText.withMember(fields, "data", `[${messages.map(({ text }) => text).join(",")}]`);
}

export function feedMessageOut({ message }: FeedMessage, raw: boolean): JsonText {
  return pulledMessageOut(message, { offset: message.key, headers: null }, raw);
}

/** Without an offset, for clients that page by iterator. */
export function polledMessageOut({ message }: FeedMessage): JsonText {
  return pulledMessageOut(message, { headers: null }, false);
}

export function consumerOut(consumer: ConsumerState): object {
  const { name, feed, committed, leases, leaseEndsAt, behind, next, createdAt, usedAt } = consumer;
  return {
    id: name,
    cursor: encodeCursor(feed, committed),
    committedUntil: committed.key === 0 ? null : dateTime(timeOf(committed)),
    leases,
    leaseEndsAt: dateTimeOrNull(leaseEndsAt),
    behind,
    oldestPending: dateTimeOrNull(next === null ? null : timeOfKey(next)),
    createdAt: dateTime(createdAt),
    usedAt: dateTime(usedAt),
    expiresAt: dateTime(usedAt + IDLE_MS),
  };
}

const CONSUMER_NAME = /^[a-zA-Z0-9_.:-]{1,128}$/;

/** Checks the name of a consumer in a path. */
export function consumerName(name: string): string {
  if (CONSUMER_NAME.test(name)) return name;
  throw invalid(["path", "consumer_id"], "A consumer has a name of 1 to 128 letters, digits and `_.:-`.");
}
