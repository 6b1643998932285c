import type { filterRun as english } from "../en/filter-run.ts";

export const filterRun: typeof english = {
  tryIt: {
    request: "Anfrage:",
    filter: "Filter testen",
    transformation: "Transformation testen",
    lead: "Mit einer früheren Nachricht Ihrer Wahl. Es wird nichts gesendet.",
    message: "Nachricht",
    messageHelp: "Die neuesten Nachrichten.",
    choose: "Nachricht auswählen",
    noMessages: "Noch keine Nachrichten",
    run: "Test starten",
    matches: "Dieser Endpunkt würde die Nachricht empfangen",
    matchesNot: "Dieser Endpunkt würde die Nachricht nicht empfangen",
    found: "gefunden",
  },
  filterRun: {
    title: "Letzte Nachrichten",
    lead: "Probiert den Filter, wie Sie ihn gerade bearbeiten, an den letzten 1.000 Nachrichten aus, zusammen mit den Ereignistypen und Kanälen des Endpunkts. Es wird nichts gesendet.",
    run: "An letzten Nachrichten ausprobieren",
    counts: "Passende Nachrichten: {{matched}} von {{count}}.",
    withoutPayload_one: "{{count}} weitere hat keinen Payload mehr.",
    withoutPayload_other: "{{count}} weitere haben keinen Payload mehr.",
    share: "Anteil der passenden Nachrichten",
    partial: "Es dauerte zu lange oder es war zu viel zu lesen. Deshalb wurden nicht alle Nachrichten ausprobiert.",
    reasons: "Warum Nachrichten nicht passen",
    reason: {
      event_type: "Ereignistyp nicht abonniert",
      channels: "Andere Kanäle",
      filter: "Filter",
      filter_error: "Der Filter konnte nicht ausgewertet werden",
    },
    found: "gefunden wurde {{found}}",
    absent: "die Nachricht hat keinen solchen Wert",
    matching: "Neueste passende Nachrichten",
    notMatching: "Neueste Nachrichten, die nicht passen",
  },
};
