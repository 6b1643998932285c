import type { endpointState as english } from "../en/endpoint-state.ts";

export const endpointState: typeof english = {
  endpointState: {
    title: "Zustellstatus",
    states: {
      active: "Aktiv",
      disabled: "Deaktiviert",
      unverified: "Nicht verifiziert",
      unavailable: "Nicht verfügbar",
      no_listener: "Kein Listener",
      paused: "Pausiert",
      open: "Circuit offen",
      half_open: "Wird getestet",
      recovering: "Erholt sich",
    },
    texts: {
      active: "Zustellungen werden gesendet, sobald Nachrichten eingehen.",
      disabled: "Der Endpunkt ist deaktiviert. Seine Zustellungen sind angehalten und verbrauchen keine Versuche.",
      unverified: "Der Endpunkt ist noch nicht verifiziert. Seine Zustellungen sind angehalten.",
      no_listener:
        "Kein Listener ist verbunden. Zustellungen sind angehalten, ohne Versuche zu verbrauchen, bis `posthorn listen` wieder läuft.",
      unavailable: "Dieser Server kann das Ziel dieses Endpunkts nicht verwenden. Seine Zustellungen sind angehalten.",
      paused: "Der Endpunkt ist pausiert, bis Sie ihn fortsetzen. Seine Zustellungen sind angehalten.",
      open: "Das Senden ist ausgesetzt. Die Zustellungen sind angehalten, bis der nächste Testversuch gelingt.",
      half_open: "Ein Testversuch läuft. Gelingt er, werden die Zustellungen fortgesetzt.",
      recovering: "Der Endpunkt antwortet wieder. Die Zustellrate steigt schrittweise.",
    },
    reasons: {
      gone: "Der Endpunkt hat mit 410 Gone geantwortet und wurde automatisch deaktiviert. Seine Zustellungen sind angehalten. Korrigieren Sie die URL oder den Empfänger, und aktivieren Sie ihn wieder.",
      failures:
        "Die letzten Versuche sind alle fehlgeschlagen, deshalb sind Zustellungen angehalten. Angehaltene Zustellungen verbrauchen keine Versuche.",
      asked_to_wait:
        "Der Endpunkt hat in seiner letzten Antwort um eine Pause gebeten (Retry-After), deshalb sind Zustellungen angehalten.",
      failing_before_restart:
        "Vor dem Neustart dieses Servers sind Zustellungen an den Endpunkt fehlgeschlagen. Vor weiteren Zustellungen wird ein Testversuch gesendet.",
    },
    pausedUntil: "Der Endpunkt ist pausiert bis",
    since: "Seit",
    nextProbe: "Nächster Testversuch",
    failing: "Fehlschläge",
    autoDisable: "Deaktivierung",
    certificate: "Zertifikat läuft ab",
    inFlight: "Laufend",
    of: "{{now}} von {{max}}",
    due: "In Warteschlange",
    held: "Angehalten",
    oldest: "Älteste ausstehende",
    later: "Geplant",
    rate: "Höchstrate pro Sekunde",
    recent: "Aktuelle Antwortzeit",
    tryNow: "Jetzt versuchen",
    pause: "Pausieren",
    resume: "Fortsetzen",
    blockers: "Blockierende Nachrichten",
    blockersText:
      "Nachrichten an diesen Endpunkt werden der Reihe nach zugestellt. Spätere warten, bis jede dieser Nachrichten zugestellt oder die Blockade aufgehoben ist.",
    key: "Ordnungsschlüssel",
    wholeEndpoint: "der ganze Endpunkt",
    behind: "Wartende Nachrichten",
    next: "Nächster Versuch",
    passAt: "Blockade endet",
    unblock: "Blockade aufheben",
  },
};
