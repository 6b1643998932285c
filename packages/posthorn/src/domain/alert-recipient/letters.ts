/** Texts of the emails to recipients of alerts. They name the operator's product, not Posthorn. */
import { type MailLocale, plainName } from "../mail/letters.ts";
import type { Mail } from "../mail/mailer.ts";
import type { PortalLook } from "../portal/look.ts";

/** Most endpoints that one email names. */
const MAX_NAMED = 20;

export interface EndpointAlert {
  readonly status: "failing" | "disabled" | "recovered";
  /** Host of the endpoint: its URL can contain secrets. */
  readonly host: string;
  readonly id: string;
  /** Description that the customer gave it; empty: none. */
  readonly description: string;
  /** Unix milliseconds. */
  readonly since: number;
  readonly failures: number;
}

interface Letter {
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
  locale: MailLocale,
  { to, url, product, application }: Letter & { readonly url: string },
): Mail {
  const name = plainName(application);
  if (locale === "de") {
    const from = product === "" ? "" : ` von ${product}`;
    return letter(to, `E-Mail-Adresse für Webhook-Warnungen${from} bestätigen`, [
      `Diese Adresse wurde für Warnungen zu den Webhook-Endpunkten${from} (${name}) eingetragen. Öffnen Sie diesen Link, um sie zu bestätigen:`,
      url,
      "Der Link funktioniert 7 Tage lang. Wenn Sie diese E-Mail nicht erwartet haben, ignorieren Sie sie: Ohne Bestätigung erhalten Sie keine Warnungen.",
    ]);
  }
  const from = product === "" ? "" : ` from ${product}`;
  return letter(to, `Confirm your address for webhook alerts${from}`, [
    `This address was entered for alerts about webhook endpoints${from} (${name}). Open this link to confirm it:`,
    url,
    "The link works for 7 days. If you did not expect this email, ignore it: without confirmation, you get no alerts.",
  ]);
}

/** One or several changes of endpoints, and how to unsubscribe. */
export function alertMail(
  locale: MailLocale,
  alerts: readonly EndpointAlert[],
  { to, product, application, unsubscribe }: Letter & { readonly unsubscribe: string },
): Mail {
  const of = [product, plainName(application)].filter((name) => name !== "").join(", ");
  const named = alerts.slice(0, MAX_NAMED);
  const texts = TEXTS[locale];
  const more = alerts.length - named.length;
  return {
    ...letter(to, `${of === "" ? "" : `[${of}] `}${subjectOf(locale, alerts)}`, [
      ...named.map((alert) => `${nameOf(alert)} (${alert.id})\n${texts[alert.status](alert)}`),
      ...(more > 0 ? [texts.more(more)] : []),
      ...(alerts.some(({ status }) => status !== "recovered") ? [texts.advice] : []),
      `${texts.unsubscribe}\n${unsubscribe}`,
    ]),
    unsubscribe,
  };
}

function subjectOf(locale: MailLocale, alerts: readonly EndpointAlert[]): string {
  const [first] = alerts;
  if (alerts.length === 1) return `${nameOf(first!)}: ${TEXTS[locale].subject[first!.status]}`;
  const failing = alerts.filter(({ status }) => status !== "recovered").length;
  return TEXTS[locale].several(failing, alerts.length - failing);
}

/** The customer knows an endpoint by its description or its host. */
function nameOf({ host, description }: EndpointAlert): string {
  const name = plainName(description);
  return name === "" ? host : `${name}, ${host}`;
}

const TEXTS = {
  en: {
    subject: { failing: "webhook deliveries are failing", disabled: "endpoint disabled", recovered: "working again" },
    several: (failing: number, recovered: number) =>
      `${count(failing, "webhook endpoint needs", "webhook endpoints need")} attention, ${recovered} recovered`,
    failing: ({ since, failures }: EndpointAlert) =>
      `Deliveries have been failing since ${utc("en-GB", since)} (${count(failures, "attempt", "attempts")}). No events are lost: they are retried.`,
    disabled: ({ since }: EndpointAlert) =>
      `The endpoint was disabled, because deliveries have failed since ${utc("en-GB", since)}. Its events are on hold. Enable it again when your server works.`,
    recovered: () => "The endpoint works again. Queued events are being delivered.",
    more: (more: number) => `And ${count(more, "more endpoint", "more endpoints")}.`,
    advice:
      "Check that your server is running and responds with a 2xx status. The failed attempts and their responses are in the webhook settings of your account.",
    unsubscribe: "Unsubscribe from these alerts:",
  },
  de: {
    subject: {
      failing: "Webhook-Zustellungen schlagen fehl",
      disabled: "Endpunkt deaktiviert",
      recovered: "funktioniert wieder",
    },
    several: (failing: number, recovered: number) =>
      `${count(failing, "Webhook-Endpunkt benötigt", "Webhook-Endpunkte benötigen")} Aufmerksamkeit, ${recovered} wiederhergestellt`,
    failing: ({ since, failures }: EndpointAlert) =>
      `Zustellungen schlagen seit ${utc("de-DE", since)} fehl (${count(failures, "Versuch", "Versuche")}). Es gehen keine Ereignisse verloren, sie werden erneut gesendet.`,
    disabled: ({ since }: EndpointAlert) =>
      `Der Endpunkt wurde deaktiviert, weil Zustellungen seit ${utc("de-DE", since)} fehlschlagen. Seine Ereignisse sind angehalten. Aktivieren Sie ihn wieder, wenn Ihr Server funktioniert.`,
    recovered: () => "Der Endpunkt funktioniert wieder. Wartende Ereignisse werden zugestellt.",
    more: (more: number) => `Und ${count(more, "weiterer Endpunkt", "weitere Endpunkte")}.`,
    advice:
      "Prüfen Sie, ob Ihr Server läuft und mit einem 2xx-Status antwortet. Die fehlgeschlagenen Versuche und ihre Antworten finden Sie in den Webhook-Einstellungen Ihres Kontos.",
    unsubscribe: "Diese Warnungen abbestellen:",
  },
} as const;

function count(value: number, one: string, many: string): string {
  return `${value} ${value === 1 ? one : many}`;
}

function utc(locale: string, at: number): string {
  return `${new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" }).format(at)} UTC`;
}

function letter(to: string, subject: string, paragraphs: readonly string[]): Mail {
  return { to, subject, text: `${paragraphs.join("\n\n")}\n` };
}
