/** Texts of the emails to recipients of alerts, in the languages of the portal. */
import type { CustomerLocale } from "../mail/emails.ts";

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

interface AlertTexts {
  /** @param product Name of the operator's product; empty: it has none. */
  readonly confirmation: (
    product: string,
    application: string,
  ) => { readonly subject: string; readonly ask: string; readonly limits: string };
  readonly subject: Readonly<Record<EndpointAlert["status"], string>>;
  /** Subject of an email about several endpoints. */
  readonly several: (failing: number, recovered: number) => string;
  readonly failing: (alert: EndpointAlert) => string;
  readonly disabled: (alert: EndpointAlert) => string;
  readonly recovered: () => string;
  readonly more: (count: number) => string;
  readonly advice: string;
  readonly unsubscribe: string;
}

export const ALERT_TEXTS: Readonly<Record<CustomerLocale, AlertTexts>> = {
  en: {
    confirmation: (product, application) => {
      const from = product === "" ? "" : ` from ${product}`;
      return {
        subject: `Confirm your address for webhook alerts${from}`,
        ask: `This address was entered for alerts about webhook endpoints${from} (${application}). Open this link to confirm it:`,
        limits:
          "The link works for 7 days. If you did not expect this email, ignore it: without confirmation, you get no alerts.",
      };
    },
    subject: { failing: "webhook deliveries are failing", disabled: "endpoint disabled", recovered: "working again" },
    several: (failing, recovered) =>
      joined(
        [failing, count("en", failing, "webhook endpoint needs attention", "webhook endpoints need attention")],
        [recovered, count("en", recovered, "webhook endpoint works again", "webhook endpoints work again")],
      ),
    failing: ({ since, failures }) =>
      `Deliveries have been failing since ${utc("en-GB", since)} (${count("en", failures, "attempt", "attempts")}). No events are lost: they are retried.`,
    disabled: ({ since }) =>
      `The endpoint was disabled, because deliveries have failed since ${utc("en-GB", since)}. Its events are on hold. Enable it again when your server works.`,
    recovered: () => "The endpoint works again. Queued events are being delivered.",
    more: (more) => `And ${count("en", more, "more endpoint", "more endpoints")}.`,
    advice:
      "Check that your server is running and responds with a 2xx status. The failed attempts and their responses are in the webhook settings of your account.",
    unsubscribe: "Unsubscribe from these alerts:",
  },
  de: {
    confirmation: (product, application) => {
      const from = product === "" ? "" : ` von ${product}`;
      return {
        subject: `E-Mail-Adresse für Webhook-Warnungen${from} bestätigen`,
        ask: `Diese Adresse wurde für Warnungen zu den Webhook-Endpunkten${from} (${application}) eingetragen. Öffnen Sie diesen Link, um sie zu bestätigen:`,
        limits:
          "Der Link funktioniert 7 Tage lang. Wenn Sie diese E-Mail nicht erwartet haben, ignorieren Sie sie: Ohne Bestätigung erhalten Sie keine Warnungen.",
      };
    },
    subject: {
      failing: "Webhook-Zustellungen schlagen fehl",
      disabled: "Endpunkt deaktiviert",
      recovered: "funktioniert wieder",
    },
    several: (failing, recovered) =>
      joined(
        [failing, count("de", failing, "Webhook-Endpunkt ist gestört", "Webhook-Endpunkte sind gestört")],
        [
          recovered,
          count("de", recovered, "Webhook-Endpunkt funktioniert wieder", "Webhook-Endpunkte funktionieren wieder"),
        ],
      ),
    failing: ({ since, failures }) =>
      `Zustellungen schlagen seit dem ${utc("de-DE", since)} fehl (${count("de", failures, "Versuch", "Versuche")}). Es gehen keine Ereignisse verloren, sie werden erneut gesendet.`,
    disabled: ({ since }) =>
      `Der Endpunkt wurde deaktiviert, weil Zustellungen seit dem ${utc("de-DE", since)} fehlschlagen. Seine Ereignisse sind angehalten. Aktivieren Sie ihn wieder, wenn Ihr Server funktioniert.`,
    recovered: () => "Der Endpunkt funktioniert wieder. Wartende Ereignisse werden zugestellt.",
    more: (more) => `Und ${count("de", more, "weiterer Endpunkt", "weitere Endpunkte")}.`,
    advice:
      "Prüfen Sie, ob Ihr Server läuft und mit einem 2xx-Status antwortet. Die fehlgeschlagenen Versuche und ihre Antworten finden Sie in den Webhook-Einstellungen Ihres Kontos.",
    unsubscribe: "Diese Warnungen abbestellen:",
  },
  fr: {
    confirmation: (product, application) => {
      const from = product === "" ? "" : ` de ${product}`;
      return {
        subject: `Confirmez votre adresse pour les alertes webhook${from}`,
        ask: `Cette adresse a été saisie pour recevoir des alertes sur les points de terminaison webhook${from} (${application}). Ouvrez ce lien pour la confirmer :`,
        limits:
          "Ce lien est valable 7 jours. Si vous n’attendiez pas cet e-mail, ignorez-le : sans confirmation, vous ne recevrez aucune alerte.",
      };
    },
    subject: {
      failing: "échec des livraisons webhook",
      disabled: "point de terminaison désactivé",
      recovered: "à nouveau opérationnel",
    },
    several: (failing, recovered) =>
      joined(
        [
          failing,
          count("fr", failing, "point de terminaison webhook en échec", "points de terminaison webhook en échec"),
        ],
        [
          recovered,
          count("fr", recovered, "point de terminaison webhook rétabli", "points de terminaison webhook rétablis"),
        ],
      ),
    failing: ({ since, failures }) =>
      `Les livraisons échouent depuis le ${utc("fr-FR", since)} (${count("fr", failures, "tentative", "tentatives")}). Aucun événement n’est perdu : de nouvelles tentatives suivront.`,
    disabled: ({ since }) =>
      `Le point de terminaison a été désactivé, car les livraisons échouent depuis le ${utc("fr-FR", since)}. Ses événements sont en attente. Réactivez-le lorsque votre serveur fonctionnera de nouveau.`,
    recovered: () =>
      "Le point de terminaison fonctionne à nouveau. Les événements en attente sont en cours de livraison.",
    more: (more) => `Et ${count("fr", more, "autre point de terminaison", "autres points de terminaison")}.`,
    advice:
      "Vérifiez que votre serveur fonctionne et répond avec un statut 2xx. Vous trouverez les tentatives échouées et leurs réponses dans les paramètres webhook de votre compte.",
    unsubscribe: "Se désabonner de ces alertes :",
  },
  es: {
    confirmation: (product, application) => {
      const from = product === "" ? "" : ` de ${product}`;
      return {
        subject: `Confirme su dirección para las alertas de webhooks${from}`,
        ask: `Esta dirección se ha indicado para recibir alertas sobre los endpoints de webhooks${from} (${application}). Abra este enlace para confirmarla:`,
        limits:
          "El enlace es válido durante 7 días. Si no esperaba este correo, ignórelo: sin confirmación no recibirá ninguna alerta.",
      };
    },
    subject: {
      failing: "las entregas de webhooks están fallando",
      disabled: "endpoint desactivado",
      recovered: "vuelve a funcionar",
    },
    several: (failing, recovered) =>
      joined(
        [failing, count("es", failing, "endpoint de webhooks con fallos", "endpoints de webhooks con fallos")],
        [recovered, count("es", recovered, "endpoint de webhooks recuperado", "endpoints de webhooks recuperados")],
      ),
    failing: ({ since, failures }) =>
      `Las entregas fallan desde el ${utc("es-ES", since)} (${count("es", failures, "intento", "intentos")}). No se pierde ningún evento: las entregas se reintentan.`,
    disabled: ({ since }) =>
      `El endpoint se ha desactivado porque las entregas fallan desde el ${utc("es-ES", since)}. Sus eventos están en espera. Vuelva a activarlo cuando su servidor funcione.`,
    recovered: () => "El endpoint vuelve a funcionar. Los eventos en cola se están entregando.",
    more: (more) => `Y ${count("es", more, "endpoint más", "endpoints más")}.`,
    advice:
      "Compruebe que su servidor está en marcha y responde con un estado 2xx. Los intentos fallidos y sus respuestas están en la configuración de webhooks de su cuenta.",
    unsubscribe: "Dejar de recibir estas alertas:",
  },
};

/** The number with the word in the form that the language has for it. */
function count(locale: CustomerLocale, value: number, one: string, other: string): string {
  return `${value} ${new Intl.PluralRules(locale).select(value) === "one" ? one : other}`;
}

/** The texts whose number is not zero. */
function joined(...parts: readonly (readonly [number, string])[]): string {
  return parts.flatMap(([value, text]) => (value === 0 ? [] : [text])).join(", ");
}

function utc(locale: string, at: number): string {
  return `${new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" }).format(at)} UTC`;
}
