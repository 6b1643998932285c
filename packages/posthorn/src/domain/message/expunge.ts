import { sql } from "kysely";
import { attemptsWithSentBodies, forgetSentBodies } from "../attempt/expunge.ts";
import { getApplication } from "../application/find.ts";
import { type Call, reader, write } from "../context.ts";
import { keyOfId } from "../../lib/id.ts";
import { getMessage, type MessageRef } from "./find.ts";
import { EXPUNGED } from "../../store/hot-columns.ts";
import type { Tx } from "../../store/tx.ts";

/** Deletes the payload of a message. The message itself and its attempts stay visible. */
export async function expungeMessageContent({ ctx, input }: Call<MessageRef>): Promise<void> {
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  await write(ctx, async (tx) => {
    await tx.db
      .updateTable("message")
      .set({ payload: null, request_json: null })
      .where("id", "=", message.key)
      .execute();
    await forgetSentBodies(tx, await attemptsWithSentBodies(tx, [message.key]));
  });
}

export interface ExpungeMany {
  readonly app: string;
  /** Ids or event ids. */
  readonly messages: readonly string[];
}

/** Deletes the payloads of these messages and the responses to them. Returns whether each message exists. */
export async function expungeMessages({ ctx, input }: Call<ExpungeMany>): Promise<ReadonlyMap<string, boolean>> {
  const application = await getApplication(ctx, input.app);
  const keys = input.messages.map((ref) => keyOfId("msg_", ref)).filter((key) => key !== null);
  const events = input.messages.filter((ref) => keyOfId("msg_", ref) === null);
  const found = reader(ctx)
    .selectFrom("message")
    .select(["id", "public_id", "event_id"])
    .where("app_id", "=", application.key);
  const byId = keys.length === 0 ? [] : await found.where("id", "in", keys).execute();
  const byEvent = events.length === 0 ? [] : await found.where("event_id", "in", events).execute();
  const known = new Map([
    ...byId.map((row) => [row.public_id, row.id] as const),
    ...byEvent.map((row) => [row.event_id!, row.id] as const),
  ]);
  const existing = input.messages.map((ref) => known.get(ref)).filter((key) => key !== undefined);
  if (existing.length > 0) await write(ctx, (tx) => expungeContents(tx, existing));
  return new Map(input.messages.map((ref) => [ref, known.has(ref)]));
}

/** Deletes payloads, inbound requests and responses of endpoints. The messages and attempts themselves remain. */
export async function expungeContents({ db }: Tx, keys: readonly number[]): Promise<void> {
  await db
    .updateTable("message")
    .set({ payload: null, request_json: null, expires_at: null })
    .where("id", "in", keys)
    .execute();
  await sql`
    UPDATE attempt SET response = ${EXPUNGED}, detail_json = NULL
    WHERE message_id IN (${sql.join(keys)}) AND (response <> ${EXPUNGED} OR detail_json IS NOT NULL)`.execute(db);
}
