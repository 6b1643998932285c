/** Adds, lists, changes and removes the recipients of alerts of one customer. */
import type { Selectable } from "kysely";
import { invalid, notFound, PosthornError } from "../../lib/errors.ts";
import type { AlertRecipientTable } from "../../store/alert-schema.ts";
import type { Digest } from "../alert/rule.ts";
import { getApplication, ofCustomers } from "../application/find.ts";
import { hashToken } from "../auth/hash-token.ts";
import {
  atomically,
  type Call,
  type Context,
  type OutsideCall,
  type OutsideContext,
  reader,
  write,
} from "../context.ts";
import { findEndpoint } from "../endpoint/find.ts";
import type { CustomerLocale } from "../mail/emails.ts";
import { sendForOrganisation } from "../mail/send.ts";
import { applicationLayer, viewOf } from "../policy/get.ts";
import { countAttempt } from "../session/limits.ts";
import { normaliseEmail } from "../user/email.ts";
import { confirmationMail, productName } from "./emails.ts";
import {
  type AlertRecipient,
  alertsAreOff,
  deleteRecipients,
  MAX_RECIPIENTS,
  newToken,
  RECIPIENT_PREFIX,
  recipientRow,
  toRecipient,
} from "./recipient.ts";

export interface NewAlertRecipient {
  readonly app: string;
  /** Exactly one of `email` and `endpoint` is set. */
  readonly email: string | null;
  readonly endpoint: string | null;
  readonly digest: Digest;
  readonly locale: CustomerLocale;
}

export interface AlertRecipientRef {
  readonly app: string;
  readonly recipient: string;
}

/** A recipient as it is shown, with the id of its endpoint. */
export interface ShownRecipient extends AlertRecipient {
  readonly endpointId: string | null;
}

/** Whether the confirmation was sent; `null`: none is needed. */
export interface SentConfirmation {
  readonly recipient: ShownRecipient;
  readonly emailSent: boolean | null;
}

/**
 * Adds a recipient. An email address gets a message with a link, and nothing else until the link has been used. An endpoint needs no
 * confirmation, because it belongs to the customer.
 */
export async function addAlertRecipient({ ctx, input }: OutsideCall<NewAlertRecipient>): Promise<SentConfirmation> {
  if ((input.email === null) === (input.endpoint === null))
    throw invalid(["body"], "Set either `email` or `endpoint`.");
  const application = await getApplication(ofCustomers(ctx), input.app);
  await requireAlertsOn(ctx, application.key);
  const email = input.email === null ? null : normaliseEmail(input.email);
  if (email !== null) await countConfirmation(ctx, application.key, email);
  const code = newToken();
  const recipient = await write(ctx, async ({ db }) => {
    const rows = await db.selectFrom("alert_recipient").selectAll().where("app_id", "=", application.key).execute();
    if (rows.length >= MAX_RECIPIENTS)
      throw new PosthornError("limit_reached", `An application can have up to ${MAX_RECIPIENTS} alert recipients.`);
    const endpoint = input.endpoint === null ? null : await findEndpoint(ctx, application, input.endpoint);
    if (input.endpoint !== null && endpoint === null)
      throw invalid(["body", "endpoint"], `This application has no endpoint "${input.endpoint}".`);
    if (rows.some((row) => (email === null ? row.endpoint_id === endpoint!.key : row.email === email)))
      throw new PosthornError("conflict", "This recipient already gets the alerts.");
    const { key, id } = ctx.services.ids.next(RECIPIENT_PREFIX);
    const at = ctx.services.now();
    const row: Selectable<AlertRecipientTable> = {
      id: key,
      public_id: id,
      org_id: ctx.actor.orgId,
      app_id: application.key,
      email,
      endpoint_id: endpoint?.key ?? null,
      digest: input.digest,
      locale: input.locale,
      confirm_hash: email === null ? null : hashToken(code),
      confirmed_at: email === null ? at : null,
      sent_at: null,
      created_at: at,
    };
    await db.insertInto("alert_recipient").values(row).execute();
    ctx.audit?.created("alert-recipient", id);
    return { ...toRecipient(row), endpointId: endpoint?.id ?? null };
  });
  return {
    recipient,
    emailSent: email === null ? null : await sendConfirmation(ctx, application.name, recipient, code),
  };
}

/** Sends the confirmation again. The link of the earlier one stops working. */
export async function resendConfirmation({ ctx, input }: OutsideCall<AlertRecipientRef>): Promise<SentConfirmation> {
  const application = await getApplication(ofCustomers(ctx), input.app);
  await requireAlertsOn(ctx, application.key);
  const recipient = await getRecipient(ctx, application.key, input.recipient);
  if (recipient.email === null || recipient.state === "active")
    throw new PosthornError("conflict", "This recipient is already confirmed.");
  await countConfirmation(ctx, application.key, recipient.email);
  const code = newToken();
  await write(ctx, async ({ db }) => {
    await db
      .updateTable("alert_recipient")
      .set({ confirm_hash: hashToken(code), created_at: ctx.services.now() })
      .where("id", "=", recipient.key)
      .where("confirmed_at", "is", null)
      .execute();
  });
  return { recipient, emailSent: await sendConfirmation(ctx, application.name, recipient, code) };
}

/** The recipients of an application, the oldest first. */
export async function listAlertRecipients({
  ctx,
  input,
}: Call<{ readonly app: string }>): Promise<readonly ShownRecipient[]> {
  const { key } = await getApplication(ofCustomers(ctx), input.app);
  const rows = await recipients(ctx).where("r.app_id", "=", key).orderBy("r.id").execute();
  return rows.map((row) => ({ ...toRecipient(row), endpointId: row.endpoint_public_id }));
}

export function changeAlertRecipient(
  call: Call<AlertRecipientRef & { readonly digest: Digest }>,
): Promise<ShownRecipient> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ofCustomers(ctx), input.app);
    const before = await getRecipient(ctx, key, input.recipient);
    const { digest } = input;
    ctx.audit?.changed({ digest: before.digest }, { digest });
    await ctx.tx.db.updateTable("alert_recipient").set({ digest }).where("id", "=", before.key).execute();
    return { ...before, digest };
  });
}

export function removeAlertRecipient(call: Call<AlertRecipientRef>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const { key } = await getApplication(ofCustomers(ctx), input.app);
    const row = await recipientRow(ctx.tx.db, key, input.recipient);
    if (row === undefined) throw notFound("alert recipient");
    await deleteRecipients(ctx.tx.db, [row.id]);
  });
}

/** Whether the customer may set up alerts, and whether they can be sent by email. */
export async function alertOptions({
  ctx,
  input,
}: Call<{ readonly app: string }, OutsideContext>): Promise<{ readonly enabled: boolean; readonly email: boolean }> {
  const { key } = await getApplication(ofCustomers(ctx), input.app);
  const enabled = await areAlertsOn(ctx, key);
  return { enabled, email: enabled && ctx.services.mailer !== null };
}

async function areAlertsOn(ctx: Context, appKey: number): Promise<boolean> {
  return viewOf(ctx, await applicationLayer(ctx, appKey), null).effective.attention.customerAlerts;
}

async function requireAlertsOn(ctx: Context, appKey: number): Promise<void> {
  if (!(await areAlertsOn(ctx, appKey))) throw alertsAreOff();
}

/** Bounds the emails that strangers can be sent: for each address, over all applications, and for each application. */
async function countConfirmation({ services }: OutsideContext, appKey: number, email: string): Promise<void> {
  if (services.mailer === null)
    throw new PosthornError("conflict", "This server sends no emails. Choose one of your endpoints instead.");
  await countAttempt(services, [
    { kind: "confirmation", name: email },
    { kind: "recipient", name: String(appKey) },
  ]);
}

async function sendConfirmation(
  ctx: OutsideContext,
  application: string,
  { email, locale }: AlertRecipient,
  code: string,
): Promise<boolean> {
  const { rules } = ctx.services;
  const url = `${rules.publicUrl()}/alerts/confirm/${code}`;
  const mail = confirmationMail(locale, { to: email!, url, product: productName(rules.portalLook), application });
  const result = await sendForOrganisation(ctx.services, ctx.actor.orgId, mail);
  return result?.sent === true;
}

async function getRecipient(ctx: Context, appKey: number, id: string): Promise<ShownRecipient> {
  const row = await recipients(ctx).where("r.app_id", "=", appKey).where("r.public_id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound("alert recipient");
  ctx.audit?.found(id, row.public_id, null);
  return { ...toRecipient(row), endpointId: row.endpoint_public_id };
}

function recipients(ctx: Context) {
  return reader(ctx)
    .selectFrom("alert_recipient as r")
    .leftJoin("endpoint as e", "e.id", "r.endpoint_id")
    .selectAll("r")
    .select("e.public_id as endpoint_public_id");
}
