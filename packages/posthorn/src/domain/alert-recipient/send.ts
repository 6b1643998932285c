/** Sends alerts to a recipient. */
import { hashToken } from "../auth/hash-token.ts";
import type { Services } from "../context.ts";
import { sendToEndpoint } from "../message/send-to.ts";
import { alertMail, productName } from "./emails.ts";
import type { EndpointAlert } from "./texts.ts";
import { type AlertRecipient, newToken } from "./recipient.ts";

/** `refused`: the mail server accepts no email for this recipient at the moment. `unavailable`: it accepts none at all. */
export type Sent = "sent" | "refused" | "unavailable";

/** Sends alerts. Alerts to endpoints are messages, and are always stored. */
export async function sendAlerts(
  services: Services,
  recipient: AlertRecipient,
  application: string,
  alerts: readonly EndpointAlert[],
): Promise<Sent> {
  if (recipient.email !== null) return mail(services, recipient, application, alerts);
  for (const alert of alerts) await post(services, recipient, alert);
  return "sent";
}

async function mail(
  services: Services,
  { key, email, locale }: AlertRecipient,
  application: string,
  alerts: readonly EndpointAlert[],
): Promise<Sent> {
  const { mailer, rules, store, now } = services;
  if (mailer === null) return "unavailable";
  const token = newToken();
  const row = { hash: hashToken(token), recipient_id: key, created_at: now() };
  await store.transaction(
    ({ db }) => db.insertInto("alert_recipient_token").values(row).execute(),
    "alert-recipient.send",
  );
  const unsubscribe = `${rules.publicUrl()}/alerts/unsubscribe/${token}`;
  const product = productName(rules.portalLook);
  const result = await mailer.send(alertMail(locale, alerts, { to: email!, product, application, unsubscribe }));
  if (result.sent) return "sent";
  await store.transaction(
    ({ db }) => db.deleteFrom("alert_recipient_token").where("hash", "=", row.hash).execute(),
    "alert-recipient.send",
  );
  return result.concerns === "email" ? "refused" : "unavailable";
}

/** The ID of the event is the same after a crash, so that it is stored once. */
async function post(
  services: Services,
  { key, appKey, endpointKey }: AlertRecipient,
  alert: EndpointAlert,
): Promise<void> {
  const { status, host, id, description, since, failures } = alert;
  const eventType = `endpoint.${status}`;
  const data = { endpointId: id, host, description, since: new Date(since).toISOString(), failures };
  const body = { type: eventType, timestamp: new Date(services.now()).toISOString(), data };
  await sendToEndpoint(services, {
    appKey,
    endpointKey: endpointKey!,
    eventType,
    eventId: `alert-${key}-${id}-${since}-${status}`,
    tags: null,
    payload: Buffer.from(JSON.stringify(body)),
    contentType: "application/json",
    idempotency: null,
  });
}
