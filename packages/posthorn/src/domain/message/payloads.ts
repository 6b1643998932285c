/** Reads the payloads of a page. A page ends early at 8 MiB of payloads, to limit memory. */
import { sql } from "kysely";
import { type Context, reader } from "../context.ts";
import type { PageWeight } from "../paging.ts";

export const PAGE_WEIGHT: PageWeight<{ readonly payload_bytes: number | null }> = {
  weigh: (row) => row.payload_bytes ?? 0,
  max: 8 * 1024 * 1024,
};

/** Column with the payload size, so that the page can be limited before any payload is read. */
export function payloadBytes(withContent: boolean) {
  return (withContent ? sql<number | null>`length(message.payload)` : sql<number | null>`NULL`).as("payload_bytes");
}

/** Payloads of these messages by key. */
export async function readPayloads(
  ctx: Context,
  keys: readonly number[],
  withContent: boolean,
): Promise<ReadonlyMap<number, Uint8Array | null>> {
  if (!withContent || keys.length === 0) return new Map();
  const rows = await reader(ctx).selectFrom("message").select(["id", "payload"]).where("id", "in", keys).execute();
  return new Map(rows.map((row) => [row.id, row.payload]));
}
