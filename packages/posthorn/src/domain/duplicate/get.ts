/** Reads the duplicates of a source. */
import { timeOfKey } from "../../lib/id.ts";
import { type Call, reader } from "../context.ts";
import { getSource } from "../source/find.ts";

/** Message that was received more than once. Times are Unix milliseconds. */
export interface RepeatedMessage {
  readonly id: string;
  readonly eventType: string;
  /** How often it was received, including the first time. */
  readonly receivedCount: number;
  readonly receivedAt: number;
  readonly lastReceivedAt: number;
}

export interface Duplicates {
  /** Duplicates since the source was created. */
  readonly count: number;
  /** `null` if there was none. */
  readonly lastAt: number | null;
  /** The most recently repeated messages that still exist, newest first. */
  readonly messages: readonly RepeatedMessage[];
}

const MAX_LISTED = 50;

/** Duplicates of a source. */
export async function getDuplicates({ ctx, input }: Call<{ readonly source: string }>): Promise<Duplicates> {
  const { key } = await getSource(ctx, input.source);
  const total = await reader(ctx)
    .selectFrom("source_duplicate_total")
    .select(["duplicates", "last_at"])
    .where("source_id", "=", key)
    .executeTakeFirst();
  const rows = await reader(ctx)
    .selectFrom("source_duplicate as d")
    .innerJoin("message as m", "m.id", "d.message_id")
    .select(["m.id", "m.public_id", "m.event_type", "d.repeats", "d.last_at"])
    .where("d.source_id", "=", key)
    .orderBy("d.last_at", "desc")
    .orderBy("d.message_id", "desc")
    .limit(MAX_LISTED)
    .execute();
  return {
    count: total?.duplicates ?? 0,
    lastAt: total?.last_at ?? null,
    messages: rows.map((row) => ({
      id: row.public_id,
      eventType: row.event_type,
      receivedCount: row.repeats + 1,
      receivedAt: timeOfKey(row.id),
      lastReceivedAt: row.last_at,
    })),
  };
}
