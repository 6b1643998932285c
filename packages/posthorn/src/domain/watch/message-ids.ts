import { type Context, reader } from "../context.ts";

/** Public IDs of messages by key, as far as they are stored. */
export async function messageIds(ctx: Context, keys: readonly (number | null)[]): Promise<ReadonlyMap<number, string>> {
  const known = [...new Set(keys.filter((key) => key !== null))];
  if (known.length === 0) return new Map();
  const rows = await reader(ctx).selectFrom("message").select(["id", "public_id"]).where("id", "in", known).execute();
  return new Map(rows.map(({ id, public_id }) => [id, public_id]));
}
