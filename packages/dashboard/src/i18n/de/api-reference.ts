import type { apiReference as english } from "../en/api-reference.ts";

/** The API reference of the server. */
export const apiReference: typeof english = {
  apiReference: {
    lead: "Alle Operationen dieses Servers, mit Anfragen, die Sie kopieren oder von hier aus senden können.",
    operations: "Operationen",
    search: "Operationen suchen",
    start: "Bevor Sie beginnen",
    startText: "Wählen Sie eine Operation, um ihre Felder zu sehen und eine Anfrage mit Ihrer Sitzung zu senden.",
    baseUrl: "Basis-URL",
    authentication: "Authentifizierung",
    document: "OpenAPI-Dokument",
    noToken: "Erstellen Sie in den Einstellungen einen API-Schlüssel, um die API aus eigenem Code aufzurufen.",
    request: "Anfrage",
    send: "Anfrage senden",
    confirm: "Diese Anfrage senden?",
    stream:
      "Diese Operation lässt sich hier nicht ausprobieren, weil sie einen Stream, eine Datei oder ein Formular verwendet. Kopieren Sie den Befehl und passen Sie ihn an.",
    response: "Antwort",
    duration: "{{value}} ms",
    parameters: "Parameter",
    body: "Body",
    responses: "Antworten",
    required: "erforderlich",
    anyJson: "Beliebiges JSON.",
  },
};
