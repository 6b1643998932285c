/** Erases the content of messages in one transaction. Their rows remain, so that lists and statistics stay correct. */
import { sql } from "kysely";
import { LABEL_KIND, type LabelKind } from "../../store/labels.ts";
import { isPostgres } from "../../store/portable-sql.ts";
import { EXPUNGED } from "../../store/hot-columns.ts";
import type { Tx } from "../../store/tx.ts";
import type { Services } from "../context.ts";
import { cancelDeliveries } from "../delivery/cancel.ts";
import { looksLikeName } from "../payload-mask.ts";
import { rolledUpTo } from "../stats/roll-up.ts";
import { FreedBytes } from "../storage/taken.ts";
import type { ErasureCounts } from "./counts.ts";
import type { Search } from "./place.ts";
import type { Subject } from "./subject.ts";

/** A message to erase. */
export interface FoundMessage {
  readonly id: number;
  readonly app_id: number;
  readonly event_type: string;
  readonly event_id: string | null;
  readonly channels_json: string | null;
  readonly tags_json: string | null;
  readonly bytes: number | null;
}

/** Replaces an event type that contained the value. */
const ERASED_TYPE = "erased";

export async function eraseMessages(
  services: Services,
  tx: Tx,
  { erasureKey, subject }: Search,
  found: readonly FoundMessage[],
): Promise<Partial<ErasureCounts>> {
  const { db } = tx;
  const keys = found.map(({ id }) => id);
  const at = services.now();
  const deliveries = await cancelDeliveries({ services }, tx, { messages: keys, endpoint: null, reason: "erased" });
  await db.updateTable("delivery").set({ order_key: null }).where("message_id", "in", keys).execute();
  await eraseRows(tx, subject, found);
  const attempts = await eraseAttempts(tx, subject, keys);
  await db
    .insertInto("message_erasure")
    .values(keys.map((key) => ({ message_id: key, erasure_id: erasureKey, erased_at: at })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db.updateTable("watch_event").set({ name: "" }).where("message_id", "in", keys).execute();
  const links = await db
    .updateTable("share_link")
    .set({ revoked_at: at })
    .where("message_id", "in", keys)
    .where("revoked_at", "is", null)
    .executeTakeFirstOrThrow();
  // A step of a watch that has read the messages does not commit, and is repeated.
  const apps = [...new Set(found.map(({ app_id }) => app_id))];
  await db
    .updateTable("watch")
    .set((eb) => ({ revision: eb("revision", "+", 1) }))
    .where("app_id", "in", apps)
    .execute();
  await subtractStorage(services, tx, found);
  return { messages: keys.length, deliveries, attempts, shareLinks: Number(links.numUpdatedRows) };
}

async function eraseRows({ db }: Tx, subject: Subject, found: readonly FoundMessage[]): Promise<void> {
  const keys = found.map(({ id }) => id);
  for (const message of found) await deleteLabels(db, message);
  await db
    .updateTable("message")
    .set({
      payload: null,
      request_json: null,
      expires_at: null,
      channels_json: null,
      tags_json: null,
      ordering_key: null,
      unmatched_json: null,
      trace_context: null,
    })
    .where("id", "in", keys)
    .execute();
  // The event ID makes repeated publishes have no effect, so it stays unless it names the person.
  const named = found.filter(({ event_id: id }) => id !== null && (subject.equals(id) || subject.occursIn(id)));
  if (named.length > 0) {
    const ids = named.map(({ id }) => id);
    await db.updateTable("message").set({ event_id: null }).where("id", "in", ids).execute();
    if (isPostgres(db)) await sql`DELETE FROM event_id_taken WHERE message_id IN (${sql.join(ids)})`.execute(db);
  }
  const typed = found.filter(({ event_type: type }) => isTypeOf(subject, type)).map(({ id }) => id);
  if (typed.length > 0) {
    await db.updateTable("message").set({ event_type: ERASED_TYPE }).where("id", "in", typed).execute();
  }
}

/** Whether an event type is the value, or contains it and was not named by a person. Event types of received messages can be values. */
export function isTypeOf(subject: Subject, type: string): boolean {
  return subject.equals(type) || (!looksLikeName(type) && subject.occursIn(type));
}

async function deleteLabels(db: Tx["db"], { id, app_id, channels_json, tags_json }: FoundMessage): Promise<void> {
  const labels: readonly (readonly [LabelKind, string | null])[] = [
    [LABEL_KIND.channel, channels_json],
    [LABEL_KIND.tag, tags_json],
  ];
  for (const [kind, json] of labels) {
    const names = json === null ? [] : (JSON.parse(json) as string[]);
    if (names.length === 0) continue;
    await db
      .deleteFrom("message_label")
      .where("app_id", "=", app_id)
      .where("kind", "=", kind)
      .where("name", "in", names)
      .where("message_id", "=", id)
      .execute();
  }
}

/** Erases responses, details, and URLs that contain the value. Returns how many attempts changed. */
export async function eraseAttempts({ db }: Tx, { value }: Subject, messageKeys: readonly number[]): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE attempt SET response = ${EXPUNGED}, detail_json = NULL,
      url = CASE WHEN instr(url, ${value}) > 0 OR instr(url, ${encodeURIComponent(value)}) > 0 THEN '' ELSE url END
    WHERE message_id IN (${sql.join(messageKeys)}) AND (response <> ${EXPUNGED} OR detail_json IS NOT NULL)`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0n);
}

async function subtractStorage(services: Services, { db }: Tx, found: readonly FoundMessage[]): Promise<void> {
  // Later attempts are counted in their new state.
  const counted = await rolledUpTo(services, "message");
  const freed = new FreedBytes();
  for (const { id, bytes } of found) if (bytes !== null && id <= counted) freed.add(id, "payload", bytes);
  await freed.save(db);
}
