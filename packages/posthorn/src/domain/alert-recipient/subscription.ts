/** The actions behind the links in the emails. They work without signing in: their tokens are the permission. */
import type { Kysely } from "kysely";
import type { Database } from "../../store/schema.ts";
import type { Tx } from "../../store/tx.ts";
import { recordSystemChange } from "../audit/trail.ts";
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import { type AlertRecipient, CONFIRM_MS, deleteRecipients, toRecipient } from "./recipient.ts";

/** How long the links to unsubscribe work. */
export const UNSUBSCRIBE_MS = 90 * 86_400_000;

/** Finds the recipient whose confirmation email has this token; `null`: there is none, or the link has expired. */
export async function findUnconfirmed(services: Services, token: string): Promise<AlertRecipient | null> {
  const row = await services.store.db
    .selectFrom("alert_recipient")
    .selectAll()
    .where("confirm_hash", "=", hashToken(token))
    .where("created_at", ">", services.now() - CONFIRM_MS)
    .executeTakeFirst();
  return row === undefined ? null : toRecipient(row);
}

/** Confirms the address. Returns whether the token was valid; it works once. */
export async function confirmAddress(services: Services, token: string): Promise<boolean> {
  const recipient = await findUnconfirmed(services, token);
  if (recipient === null) return false;
  return services.store.transaction(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable("alert_recipient")
      .set({ confirm_hash: null, confirmed_at: services.now() })
      .where("id", "=", recipient.key)
      .where("confirm_hash", "=", hashToken(token))
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return false;
    await record(services, tx, recipient, "system.alert-recipient.confirm");
    return true;
  }, "alert-recipient.confirm");
}

/** Finds the recipient that can unsubscribe with this token; `null`: there is none. */
export async function findSubscribed(services: Services, token: string): Promise<AlertRecipient | null> {
  const row = await subscribed(services.store.db, token, services.now());
  return row === undefined ? null : toRecipient(row);
}

/** Removes the recipient. Returns whether the token was valid. */
export function unsubscribe(services: Services, token: string): Promise<boolean> {
  return services.store.transaction(async (tx) => {
    const row = await subscribed(tx.db, token, services.now());
    if (row === undefined) return false;
    await deleteRecipients(tx.db, [row.id]);
    await record(services, tx, toRecipient(row), "system.alert-recipient.unsubscribe");
    return true;
  }, "alert-recipient.unsubscribe");
}

function subscribed(db: Kysely<Database>, token: string, now: number) {
  return db
    .selectFrom("alert_recipient_token as t")
    .innerJoin("alert_recipient as r", "r.id", "t.recipient_id")
    .selectAll("r")
    .where("t.hash", "=", hashToken(token))
    .where("t.created_at", ">", now - UNSUBSCRIBE_MS)
    .executeTakeFirst();
}

/** The address is not recorded: the audit log outlives it. */
async function record(
  services: Services,
  tx: Tx,
  { id, orgId, appKey }: AlertRecipient,
  action: `system.${string}`,
): Promise<void> {
  const application = await tx.db
    .selectFrom("application")
    .select("public_id")
    .where("id", "=", appKey)
    .executeTakeFirst();
  await recordSystemChange(services, tx, {
    orgId,
    action,
    target: { kind: "alert-recipient", id, name: null },
    application: application === undefined ? null : { key: appKey, id: application.public_id },
  });
}
