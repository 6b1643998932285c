import { notFound } from "../../lib/errors.ts";
import { type Context, reader } from "../context.ts";
import { type EventType, isVisible, toEventType } from "./event-type.ts";

export async function findEventType(ctx: Context, name: string): Promise<EventType | null> {
  const row = await reader(ctx)
    .selectFrom("event_type")
    .selectAll()
    .where("org_id", "=", ctx.actor.orgId)
    .where("name", "=", name)
    .executeTakeFirst();
  const eventType = row === undefined ? null : toEventType(row);
  return eventType !== null && isVisible(eventType, ctx.actor) ? eventType : null;
}

export async function getEventType(ctx: Context, name: string): Promise<EventType> {
  const eventType = await findEventType(ctx, name);
  if (eventType === null) throw notFound("event type");
  return eventType;
}
