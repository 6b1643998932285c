import type { cluster as english } from "../en/cluster.ts";

export const cluster: typeof english = {
  cluster: {
    title: "Cluster",
    lead_one:
      "Ein Knoten, der alle Shards hat. Auf PostgreSQL kommt ein weiterer hinzu, wenn er mit denselben Einstellungen gestartet wird.",
    lead_other:
      "{{count}} Knoten auf einer Datenbank. Jeder Shard mit seinen Endpunkten gehört zu einer Zeit genau einem Knoten.",
    unowned_one: "{{count}} Shard hat gerade keinen Knoten. Ein anderer Knoten übernimmt ihn in einigen Sekunden.",
    unowned_other: "{{count}} Shards haben gerade keinen Knoten. Ein anderer Knoten übernimmt sie in einigen Sekunden.",
    now: "Über alle Knoten",
    oldest: "Wartet am längsten darauf, dranzukommen",
    nothing: "Nichts wartet",
    inFlight: "Laufende Versuche",
    shards: "Shards",
    spread: "Verteilung der Shards",
    spreadLead: "Jeder Strich ist ein Shard, in der Zeile des Knotens, der ihn hat.",
    share: "{{value}} von {{all}}",
    nobody: "Ohne Knoten",
    nodes: "Knoten",
    none: "Noch hat sich kein Knoten gemeldet.",
    one: "Knoten",
    node: "Knoten {{id}}",
    answers: "Antwortet dieser Seite",
    host: "Rechner",
    version: "Version",
    state: "Zustand",
    states: { working: "Arbeitet", draining: "Gibt ab", silent: "Meldet sich nicht" },
    started: "Gestartet",
    seen: "Zuletzt gesehen",
    justNow: "gerade eben",
    ago: "vor {{value}}",
    underWay: "Laufend",
    lag: "Rückstand",
  },
};
