/** The conditions that lists of messages, attempts and deliveries share. */
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { keyAfterTime } from "../../lib/id.ts";

export interface MessageFilter {
  readonly eventTypes: readonly string[] | null;
  readonly channel: string | null;
  readonly tag: string | null;
}

export interface TimeRange {
  /** Exclusive, Unix milliseconds. */
  readonly before: number | null;
  /** Inclusive, Unix milliseconds. */
  readonly after: number | null;
}

/** What the columns of a selected or joined `message` must fulfil. */
export function messageMatches({ eventTypes, channel, tag }: MessageFilter): RawBuilder<SqlBool> {
  const conditions = [sql`TRUE`];
  if (eventTypes !== null) conditions.push(sql`${sql.ref("message.event_type")} IN (${sql.join(eventTypes)})`);
  if (channel !== null) conditions.push(jsonListHas("message.channels_json", channel));
  if (tag !== null) conditions.push(jsonListHas("message.tags_json", tag));
  return sql<SqlBool>`(${sql.join(conditions, sql` AND `)})`;
}

/** Bounds of keys for a time range: `from` exclusive below, `to` exclusive above. */
export function keyRange({ before, after }: TimeRange): {
  readonly above: number | null;
  readonly below: number | null;
} {
  return {
    // The times of ids have steps of 4 ms: a reader who goes on from the last time it saw would miss the others of that step.
    above: after === null ? null : keyAfterTime(after - 1) - 1,
    below: before === null ? null : keyAfterTime(before - 1),
  };
}

/** With only `after` given, a list shows its oldest rows, so that a reader can follow it from there. */
export function startsAtEnd({ before, after }: TimeRange): boolean {
  return after !== null && before === null;
}

/** Names of channels and tags hold no quotes, so their JSON text can be searched as it is. */
export function jsonListHas(column: string, name: string) {
  return sql<SqlBool>`instr(${sql.ref(column)}, ${JSON.stringify(name)}) > 0`;
}
