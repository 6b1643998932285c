import { atomically, type Call } from "../context.ts";
import { saveEventType } from "./create.ts";
import type { EventType, EventTypeInput } from "./event-type.ts";
import { findEventType, getEventType } from "./find.ts";
import { checkSchemas } from "./schema-check.ts";

/** Replaces all fields of the event type with this name, or creates it. */
export async function upsertEventType(call: Call<EventTypeInput>): Promise<{ eventType: EventType; created: boolean }> {
  checkSchemas(call.input.schemas);
  return atomically(call, async ({ ctx, input }) => {
    const existing = await findEventType(ctx, input.name);
    return { eventType: await saveEventType(ctx, existing, input), created: existing === null };
  });
}

/** Changes the given fields. */
export async function patchEventType(
  call: Call<{ readonly name: string; readonly changes: Partial<Omit<EventTypeInput, "name">> }>,
): Promise<EventType> {
  checkSchemas(call.input.changes.schemas);
  return atomically(call, async ({ ctx, input }) => {
    const existing = await getEventType(ctx, input.name);
    return saveEventType(ctx, existing, { ...existing, ...input.changes });
  });
}
