import type { endpointList as english } from "../en/endpoint-list.ts";

export const endpointList: typeof english = {
  endpointList: {
    lead: "Endpunkte aller Anwendungen und Quellen mit ihren Zahlen der letzten 24 Stunden.",
    none: "Noch keine Endpunkte. Legen Sie eine Anwendung an und fügen Sie ihr einen Endpunkt hinzu.",
    noMatch: "Keine passenden Endpunkte.",
    search: "URL, Beschreibung, externe ID oder ID suchen",
    host: "Host",
    hostHelp: "Host oder Domain",
    anyState: "Jeder Status",
    anyHealth: "Jeder Zustand",
    anyKind: "Jede Art",
    kind: "Art",
    health: "Zustand",
    sort: "Sortierung",
    sorts: { newest: "Neueste zuerst", oldest: "Älteste zuerst", url: "URL, A bis Z", urlDown: "URL, Z bis A" },
    healths: { failing: "Fehlerhaft", degraded: "Beeinträchtigt", healthy: "Gesund", idle: "Keine Versuche" },
    filters: { failing: "Fehlerhaft", healthy: "Nicht fehlerhaft" },
    states: { enabled: "Aktiviert", paused: "Pausiert", disabled: "Deaktiviert" },
    lastDay: "Versuche, 24 Stunden",
    lastEvent: "Letztes Ereignis",
    queued: "Wartend",
    attention: "Auffällige",
  },
};
