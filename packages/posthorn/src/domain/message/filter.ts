/** Filter conditions shared by the lists of messages, attempts and deliveries. */
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

/** SQL condition on the columns of a selected or joined `message`. */
export function messageMatches({ eventTypes, channel, tag }: MessageFilter): RawBuilder<SqlBool> {
  const conditions = [sql`TRUE`];
  if (eventTypes !== null) conditions.push(sql`${sql.ref("message.event_type")} IN (${sql.join(eventTypes)})`);
  if (channel !== null) conditions.push(jsonListHas("message.channels_json", channel));
  if (tag !== null) conditions.push(jsonListHas("message.tags_json", tag));
  return sql<SqlBool>`(${sql.join(conditions, sql` AND `)})`;
}

/** Exclusive key bounds for a time range. */
export function keyRange({ before, after }: TimeRange): {
  readonly above: number | null;
  readonly below: number | null;
} {
  return {
    // Ids have a time resolution of 4 ms. A reader that continues from the last time it saw would otherwise miss messages of that step.
    above: after === null ? null : keyAfterTime(after - 1) - 1,
    below: before === null ? null : keyAfterTime(before - 1),
  };
}

/** Whether a list starts at its oldest rows: with only `after` set, a reader can follow the list from that time. */
export function startsAtEnd({ before, after }: TimeRange): boolean {
  return after !== null && before === null;
}

/** Searches the JSON text of a list. Names of channels and tags contain no quotes, so they need no escaping. */
export function jsonListHas(column: string, name: string) {
  return sql<SqlBool>`instr(${sql.ref(column)}, ${JSON.stringify(name)}) > 0`;
}
