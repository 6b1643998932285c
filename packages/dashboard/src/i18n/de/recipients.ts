import type { recipients as english } from "../en/recipients.ts";

export const recipients: typeof english = {
  recipients: {
    title: "Empfänger",
    lead: "Sie erhalten eine Nachricht, wenn ein Endpunkt seit einigen Minuten fehlschlägt, wenn er deaktiviert wird und wenn er wieder funktioniert.",
    none: "Noch keine Empfänger. Fügen Sie eine E-Mail-Adresse hinzu, um von fehlschlagenden Endpunkten zu erfahren, bevor Ihre Nutzer sie bemerken.",
    off: "Warnungen sind für dieses Konto ausgeschaltet. Sie können keine Empfänger hinzufügen, und es werden keine Warnungen gesendet.",
    add: "Empfänger hinzufügen",
    kind: "Warnungen senden an",
    kinds: { email: "Eine E-Mail-Adresse", endpoint: "Einen Ihrer Endpunkte" },
    to: "Empfänger",
    email: "E-Mail-Adresse",
    emailHelp: "Erhält eine E-Mail mit einem Link zum Bestätigen der Adresse, und erst danach Warnungen.",
    endpointHelp:
      "Empfängt endpoint.failing, endpoint.disabled und endpoint.recovered, signiert wie jedes andere Ereignis. Über sich selbst wird ein Endpunkt nicht benachrichtigt.",
    sendLink: "Bestätigung senden",
    resend: "Erneut senden",
    resent: "Gesendet",
    state: "Status",
    states: { active: "Aktiv", unconfirmed: "Noch nicht bestätigt" },
    sent: "Letzte Warnung",
    never: "Noch keine",
    remove: "Entfernen",
    removeTitle: "Diesen Empfänger entfernen?",
    removeText: "Er erhält keine Warnungen mehr. Sie können ihn wieder hinzufügen.",
  },
};
