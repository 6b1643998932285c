import type { palette as english } from "../en/palette.ts";

/** Search over everything, with Ctrl-K. */
export const palette: typeof english = {
  palette: {
    open: "Suchen",
    keys: "Strg K",
    title: "Suchen",
    placeholder: "Name, URL, ID oder externe ID",
    results: "Ergebnisse",
    none: "Nichts gefunden.",
    found_one: "{{count}} Ergebnis",
    found_other: "{{count}} Ergebnisse",
    inMessages: "Payloads nach „{{query}}“ durchsuchen",
    portal: "Portal-Link erstellen",
    kinds: {
      message: "Nachricht",
      application: "Anwendung",
      endpoint: "Endpunkt",
      source: "Quelle",
      event_type: "Ereignistyp",
      view: "Ansicht",
      page: "Seite",
      action: "Aktion",
    },
  },
};
