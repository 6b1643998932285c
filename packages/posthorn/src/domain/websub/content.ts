/** Content of a topic: its newest event. A subscriber that reads the topic gets the same content that the hub would send. */
import type { Services } from "../context.ts";
import { type Message, messageColumns, toMessage } from "../message/message.ts";
import type { Topic } from "./topic.ts";

/** Newest messages among which an event of the topic is looked for. */
const SCANNED = 200;

/** `null`: there is none, or its payload was deleted. */
export async function newestEvent(
  { store }: Pick<Services, "store">,
  { appKey, eventTypes, channels }: Topic,
): Promise<Message | null> {
  const rows = await store.db
    .selectFrom("message")
    .select(messageColumns(false))
    .where("app_id", "=", appKey)
    .orderBy("id", "desc")
    .limit(SCANNED)
    .execute();
  const found = rows.find(({ event_type, channels_json }) => {
    if (eventTypes !== null && !eventTypes.includes(event_type)) return false;
    if (channels === null) return true;
    const own = channels_json === null ? [] : (JSON.parse(channels_json) as string[]);
    return own.some((channel) => channels.includes(channel));
  });
  if (found === undefined) return null;
  const row = await store.db.selectFrom("message").select("payload").where("id", "=", found.id).executeTakeFirst();
  const payload = row?.payload ?? null;
  return payload === null ? null : { ...toMessage(found), payload };
}
