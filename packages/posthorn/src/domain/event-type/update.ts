import { type Call, inTransaction } from "../context.ts";
import { saveEventType } from "./create.ts";
import type { EventType, EventTypeInput } from "./event-type.ts";
import { findEventType, getEventType } from "./find.ts";

/** Replaces every field of the event type with this name, or creates it. */
export async function upsertEventType({
  ctx,
  input,
}: Call<EventTypeInput>): Promise<{ eventType: EventType; created: boolean }> {
  return inTransaction(ctx, async (inside) => {
    const existing = await findEventType(inside, input.name);
    return { eventType: await saveEventType(inside, existing, input), created: existing === null };
  });
}

/** Changes the fields that are given. */
export async function patchEventType({
  ctx,
  input,
}: Call<{ readonly name: string; readonly changes: Partial<Omit<EventTypeInput, "name">> }>): Promise<EventType> {
  return inTransaction(ctx, async (inside) => {
    const existing = await getEventType(inside, input.name);
    return saveEventType(inside, existing, { ...existing, ...input.changes });
  });
}
