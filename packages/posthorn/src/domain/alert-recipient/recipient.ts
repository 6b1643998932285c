/** Recipients of alerts about the endpoints of one customer: an email address, or another endpoint of the customer. */
import { randomBytes } from "node:crypto";
import type { Kysely, Selectable } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import { idIterator } from "../paging.ts";
import type { AlertRecipientTable } from "../../store/alert-schema.ts";
import type { Database } from "../../store/schema.ts";
import type { Digest } from "../alert/rule.ts";
import { customerLocale, type CustomerLocale } from "../mail/emails.ts";

export const RECIPIENT_PREFIX = "alrc_";
/** Maximum number of recipients of an application. */
export const MAX_RECIPIENTS = 10;
/** How long the link in a confirmation email works. */
export const CONFIRM_MS = 7 * 86_400_000;

export type RecipientState = "active" | "unconfirmed";

/** Times are Unix milliseconds. */
export interface AlertRecipient {
  readonly key: number;
  readonly id: string;
  readonly orgId: number;
  readonly appKey: number;
  /** `null`: the alerts go to an endpoint. */
  readonly email: string | null;
  /** `null`: the alerts go to an email address. */
  readonly endpointKey: number | null;
  readonly digest: Digest;
  readonly locale: CustomerLocale;
  readonly state: RecipientState;
  readonly sentAt: number | null;
  readonly createdAt: number;
}

export function toRecipient(row: Selectable<AlertRecipientTable>): AlertRecipient {
  return {
    key: row.id,
    id: row.public_id,
    orgId: row.org_id,
    appKey: row.app_id,
    email: row.email,
    endpointKey: row.endpoint_id,
    digest: row.digest as Digest,
    locale: customerLocale(row.locale),
    state: row.confirmed_at === null ? "unconfirmed" : "active",
    sentAt: row.sent_at,
    createdAt: row.created_at,
  };
}

export async function recipientRow(
  db: Kysely<Database>,
  appKey: number,
  id: string,
): Promise<Selectable<AlertRecipientTable> | undefined> {
  const key = idIterator(RECIPIENT_PREFIX)(id);
  if (key === null) return undefined;
  return db
    .selectFrom("alert_recipient")
    .selectAll()
    .where("id", "=", key)
    .where("public_id", "=", id)
    .where("app_id", "=", appKey)
    .executeTakeFirst();
}

/** Deletes recipients with everything that belongs to them. */
export async function deleteRecipients(db: Kysely<Database>, keys: readonly number[]): Promise<void> {
  if (keys.length === 0) return;
  await db.deleteFrom("alert_recipient_state").where("recipient_id", "in", keys).execute();
  await db.deleteFrom("alert_recipient_token").where("recipient_id", "in", keys).execute();
  await db.deleteFrom("alert_recipient").where("id", "in", keys).execute();
}

/** A token for a link in an email. Only its hash is stored. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** The operator does not let this customer set up alerts. */
export function alertsAreOff(): PosthornError {
  return new PosthornError("insufficient access", "Alerts for customers are disabled for this application.");
}
