import { notFound } from "../../lib/errors.ts";
import { keyOfId } from "../../lib/id.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { looksLikeName } from "../payload-mask.ts";
import { type Message, messageColumns, toMessage } from "./message.ts";

export interface MessageRef {
  /** Id or uid of the application. */
  readonly app: string;
  /** Id of the message or its event id. */
  readonly message: string;
}

/** Returns the message and its application. Throws `not_found`. */
export async function getMessage({ ctx, input }: Call<MessageRef & { readonly withContent: boolean }>): Promise<{
  readonly application: Application;
  readonly message: Message;
}> {
  const application = await getApplication(ctx, input.app);
  const message = await findMessage(ctx, application.key, input.message, input.withContent);
  if (message === null) throw notFound("message");
  return { application, message };
}

async function findMessage(ctx: Context, appKey: number, ref: string, withContent: boolean): Promise<Message | null> {
  const key = keyOfId("msg_", ref);
  const query = reader(ctx).selectFrom("message").select(messageColumns(withContent)).where("app_id", "=", appKey);
  const row = await (
    key === null ? query.where("event_id", "=", ref) : query.where("id", "=", key).where("public_id", "=", ref)
  ).executeTakeFirst();
  if (row === undefined) return null;
  const message = toMessage(row);
  // The event type of a received message can be a value of its payload, which the audit log must not contain.
  ctx.audit?.found(ref, message.id, looksLikeName(message.eventType) ? message.eventType : null);
  return message;
}

/** Returns the stored message with this key. Throws `not_found`. */
export async function storedMessage(ctx: Context, key: number): Promise<Message> {
  const row = await reader(ctx)
    .selectFrom("message")
    .select(messageColumns(true))
    .where("id", "=", key)
    .executeTakeFirst();
  if (row === undefined) throw notFound("message");
  return toMessage(row);
}
