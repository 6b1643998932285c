import { PosthornError } from "../../lib/errors.ts";
import { atomically, type Call, type Context, write } from "../context.ts";
import { type EventType, type EventTypeInput, toColumns } from "./event-type.ts";
import { findEventType } from "./find.ts";
import { checkSchemas } from "./schema-check.ts";

/** Creates an event type. An archived one with this name is restored with the new fields; an active one is a conflict. */
export async function createEventType(call: Call<EventTypeInput>): Promise<EventType> {
  checkSchemas(call.input.schemas);
  return atomically(call, async ({ ctx, input }) => {
    const existing = await findEventType(ctx, input.name);
    if (existing !== null && !existing.archived) {
      throw new PosthornError("event_type_exists", `An event type with the name "${input.name}" already exists.`);
    }
    return saveEventType(ctx, existing, input);
  });
}

/** Inserts or updates an event type. Its schemas must be checked before, because that takes too long in a transaction. */
export async function saveEventType(
  ctx: Context,
  existing: EventType | null,
  input: EventTypeInput,
): Promise<EventType> {
  const at = ctx.services.now();
  const columns = toColumns(input);
  if (existing === null) ctx.audit?.created("event-type", input.name);
  else ctx.audit?.changed(existing, { ...existing, ...input });
  const createdAt = existing?.createdAt ?? at;
  const row = {
    id: ctx.services.ids.next("evtype_").key,
    org_id: ctx.actor.orgId,
    ...columns,
    created_at: createdAt,
    updated_at: at,
  };
  await write(ctx, ({ db }) =>
    db
      .insertInto("event_type")
      .values(row)
      .onConflict((conflict) => conflict.columns(["org_id", "name"]).doUpdateSet({ ...columns, updated_at: at }))
      .execute(),
  );
  return { ...input, createdAt, updatedAt: at };
}
