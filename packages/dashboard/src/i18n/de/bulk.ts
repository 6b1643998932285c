import type { bulk as english } from "../en/bulk.ts";

export const bulk: typeof english = {
  bulk: {
    title: "Ausgewählte Endpunkte",
    select: "Auswählen",
    selectOne: "{{name}} auswählen",
    selected_one: "{{value}} ausgewählt",
    selected_other: "{{value}} ausgewählt",
    selectAll: "Alle {{value}} geladenen auswählen",
    clear: "Auswahl aufheben",
    close: "Schließen",
    verbs: {
      pause: "Pausieren",
      resume: "Fortsetzen",
      enable: "Aktivieren",
      disable: "Deaktivieren",
      delete: "Löschen",
    },
    confirm: {
      pause_one: "{{count}} Endpunkt pausieren?",
      pause_other: "{{count}} Endpunkte pausieren?",
      resume_one: "{{count}} Endpunkt fortsetzen?",
      resume_other: "{{count}} Endpunkte fortsetzen?",
      enable_one: "{{count}} Endpunkt aktivieren?",
      enable_other: "{{count}} Endpunkte aktivieren?",
      disable_one: "{{count}} Endpunkt deaktivieren?",
      disable_other: "{{count}} Endpunkte deaktivieren?",
      delete_one: "{{count}} Endpunkt löschen?",
      delete_other: "{{count}} Endpunkte löschen?",
    },
    texts: {
      pause: "Zustellungen an diese Endpunkte werden angehalten, bis Sie sie fortsetzen.",
      resume: "Angehaltene Zustellungen werden gesendet, und offene Circuits werden geschlossen.",
      enable: "Angehaltene Zustellungen werden gesendet, die ältesten zuerst.",
      disable:
        "Neue Nachrichten für diese Endpunkte werden angehalten. Es gehen keine Nachrichten verloren, und es werden keine Wiederholungen verbraucht.",
      delete: "Ausstehende Zustellungen an diese Endpunkte werden abgebrochen.",
    },
    progress: "{{done}} von {{count}}",
    done: "{{succeeded}} erfolgreich, {{failed}} fehlgeschlagen.",
  },
  replaySelected: {
    selected: "Ausgewählte Nachrichten",
    replay: "Erneut senden",
    title_one: "{{count}} Nachricht erneut senden?",
    title_other: "{{count}} Nachrichten erneut senden?",
    statuses: {
      failed: "Fehlgeschlagene und solche, die auf einen weiteren Versuch warten",
      all: "Alle, auch erfolgreiche und abgebrochene",
    },
  },
};
