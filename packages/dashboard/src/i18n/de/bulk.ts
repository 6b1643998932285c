import type { bulk as english } from "../en/bulk.ts";

export const bulk: typeof english = {
  bulk: {
    title: "Ausgewählte Endpunkte",
    select: "Auswählen",
    selectOne: "{{name}} auswählen",
    selected_one: "{{value}} ausgewählt",
    selected_other: "{{value}} ausgewählt",
    clear: "Auswahl aufheben",
    close: "Schließen",
    verbs: { pause: "Pausieren", resume: "Fortsetzen", enable: "Aktivieren" },
    confirm: {
      pause_one: "{{count}} Endpunkt pausieren?",
      pause_other: "{{count}} Endpunkte pausieren?",
      resume_one: "{{count}} Endpunkt fortsetzen?",
      resume_other: "{{count}} Endpunkte fortsetzen?",
      enable_one: "{{count}} Endpunkt aktivieren?",
      enable_other: "{{count}} Endpunkte aktivieren?",
    },
    texts: {
      pause: "Ihre Zustellungen werden angehalten, bis Sie sie fortsetzen.",
      resume: "Angehaltene Zustellungen werden gesendet, und offene Unterbrecher werden geschlossen.",
      enable: "Angehaltene Zustellungen werden gesendet, die ältesten zuerst.",
    },
    progress: "{{done}} von {{count}}",
    done: "{{succeeded}} erfolgreich, {{failed}} fehlgeschlagen.",
  },
};
