/** Texts of the emails to recipients of alerts. They name the operator's product, not Posthorn. */
import { type CustomerLocale, plainName } from "../mail/emails.ts";
import type { Mail } from "../mail/mailer.ts";
import type { PortalLook } from "../portal/look.ts";
import { ALERT_TEXTS, type EndpointAlert } from "./texts.ts";

/** Maximum number of endpoints that one email names. */
const MAX_NAMED = 20;

interface EmailInput {
  readonly to: string;
  /** Name of the operator's product; empty: it has none. */
  readonly product: string;
  /** Name of the application. */
  readonly application: string;
}

/** Name of the operator's product in emails; empty: the operator set none. */
export function productName({ name }: PortalLook): string {
  return plainName(name ?? "");
}

/** Asks the owner of an address whether they want to get alerts. */
export function confirmationMail(
  locale: CustomerLocale,
  { to, url, product, application }: EmailInput & { readonly url: string },
): Mail {
  const texts = ALERT_TEXTS[locale].confirmation(product, plainName(application));
  return email(to, texts.subject, [texts.ask, url, texts.limits]);
}

/** One or several changes of endpoints, and how to unsubscribe. */
export function alertMail(
  locale: CustomerLocale,
  alerts: readonly EndpointAlert[],
  { to, product, application, unsubscribe }: EmailInput & { readonly unsubscribe: string },
): Mail {
  const of = [product, plainName(application)].filter((name) => name !== "").join(", ");
  const named = alerts.slice(0, MAX_NAMED);
  const texts = ALERT_TEXTS[locale];
  const more = alerts.length - named.length;
  return {
    ...email(to, `${of === "" ? "" : `[${of}] `}${subjectOf(locale, alerts)}`, [
      ...named.map((alert) => `${nameOf(alert)} (${alert.id})\n${texts[alert.status](alert)}`),
      ...(more > 0 ? [texts.more(more)] : []),
      ...(alerts.some(({ status }) => status !== "recovered") ? [texts.advice] : []),
      `${texts.unsubscribe}\n${unsubscribe}`,
    ]),
    unsubscribe,
  };
}

function subjectOf(locale: CustomerLocale, alerts: readonly EndpointAlert[]): string {
  const [first] = alerts;
  if (alerts.length === 1) return `${nameOf(first!)}: ${ALERT_TEXTS[locale].subject[first!.status]}`;
  const failing = alerts.filter(({ status }) => status !== "recovered").length;
  return ALERT_TEXTS[locale].several(failing, alerts.length - failing);
}

/** The customer knows an endpoint by its description or its host. */
function nameOf({ host, description }: EndpointAlert): string {
  const name = plainName(description);
  return name === "" ? host : `${name}, ${host}`;
}

function email(to: string, subject: string, paragraphs: readonly string[]): Mail {
  return { to, subject, text: `${paragraphs.join("\n\n")}\n` };
}
