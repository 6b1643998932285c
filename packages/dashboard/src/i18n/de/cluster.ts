import type { cluster as english } from "../en/cluster.ts";

export const cluster: typeof english = {
  cluster: {
    title: "Cluster",
    lead_one:
      "Ein Knoten besitzt alle Shards. Auf PostgreSQL fügen Sie einen weiteren hinzu, indem Sie ihn mit denselben Einstellungen starten.",
    lead_other:
      "{{count}} Knoten an einer Datenbank. Jeder Shard mit seinen Endpunkten gehört jeweils genau einem Knoten.",
    unowned_one: "{{count}} Shard gehört keinem Knoten. Ein anderer Knoten übernimmt ihn innerhalb von Sekunden.",
    unowned_other: "{{count}} Shards gehören keinem Knoten. Andere Knoten übernehmen sie innerhalb von Sekunden.",
    now: "Alle Knoten",
    oldest: "Älteste ausstehende",
    nothing: "keine",
    inFlight: "Laufende Versuche",
    shards: "Zugewiesene Shards",
    spread: "Verteilung der Shards",
    spreadLead: "Jede Markierung ist ein Shard, in der Zeile des Knotens, dem er gehört.",
    share: "{{value}} von {{all}}",
    noOwner: "Ohne Knoten",
    nodes: "Knoten",
    none: "Noch hat sich kein Knoten registriert.",
    one: "Knoten",
    node: "Knoten {{id}}",
    current: "Liefert diese Seite",
    thread: "Thread {{number}}",
    host: "Host",
    version: "Version",
    state: "Status",
    states: { working: "Aktiv", draining: "Fährt herunter", silent: "Antwortet nicht" },
    started: "Gestartet",
    seen: "Zuletzt gesehen",
    justNow: "gerade eben",
    ago: "vor {{value}}",
    nodeInFlight: "Laufend",
    lag: "Rückstand",
  },
};
