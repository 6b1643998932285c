import type { en } from "../en.ts";

export const share: Pick<typeof en, "share"> = {
  share: {
    open: "Teilen",
    title: "Diese Nachricht teilen",
    titleAttempt: "Diesen Versuch teilen",
    lead: "Wer den Link hat, kann ihn ohne Konto öffnen, bis er abläuft oder Sie ihn widerrufen. Jeder Aufruf wird im Audit-Log festgehalten.",
    validity: "Gültig für",
    days_one: "{{count}} Tag",
    days_other: "{{count}} Tage",
    hideBodies: "Inhalte ausblenden",
    fields: "Ausgeblendete Felder",
    fieldsHelp: "Ein JSON-Pfad pro Zeile. Ein Inhalt, der kein JSON ist, wird ganz ausgeblendet.",
    headers: "Ausgeblendete Header",
    headersHelp: "Namen, durch Kommas getrennt. * blendet die Werte aller Header aus.",
    create: "Link erstellen",
    created: "Der Link wurde erstellt. Er wird nur einmal angezeigt.",
    url: "Link",
    links: "Links",
    states: { active: "Aktiv", expired: "Abgelaufen", revoked: "Widerrufen" },
    createdBy: "Erstellt von",
    expires: "Läuft ab",
    views: "Aufrufe",
    revoke: "Widerrufen",
  },
};
