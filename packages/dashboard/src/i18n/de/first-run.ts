import type { firstRun as english } from "../en/first-run.ts";

/** First steps on a new server. */
export const firstRun: typeof english = {
  firstRun: {
    title: "Erste Schritte",
    lead: "Jeder Schritt wird abgehakt, sobald er erledigt ist.",
    progress: "{{done}} von {{all}} erledigt",
    hide: "Ausblenden",
    done: "Erledigt",
    open: "Offen",
    steps: {
      send: {
        title: "Einen Webhook senden",
        text: "Legt die Anwendung „Demo“ mit einem Endpunkt bei einem Testempfänger auf diesem Server an und veröffentlicht eine Nachricht.",
        done: "Die Nachricht ist veröffentlicht. Ihr Verlauf zeigt jeden Versuch.",
      },
      receive: {
        title: "Einen Webhook empfangen",
        text: "Legen Sie eine Quelle für einen Anbieter wie GitHub oder Stripe an und tragen Sie deren URL dort ein. Posthorn prüft jede Anfrage.",
        done: "Die erste Anfrage ist angekommen und geprüft.",
        unsigned: "Die erste Anfrage ist angekommen. Sie war nicht signiert.",
      },
      portal: {
        title: "Kunden ihre Webhooks zeigen",
        text: "Im Portal legen Kunden Endpunkte an und sehen ihre Zustellungen. Betten Sie es in Ihr Produkt ein oder verschicken Sie einen Link.",
        done: "Sie haben das Portal geöffnet.",
      },
      alert: {
        title: "Bei Fehlern benachrichtigt werden",
        text: "Legen Sie fest, wer wann benachrichtigt wird: in Slack, Teams oder PagerDuty, per E-Mail oder per Webhook.",
        done: "Eine Alarmregel ist eingerichtet.",
      },
    },
    send: "Testnachricht senden",
    sendAgain: "Noch eine senden",
    timeline: "Verlauf öffnen",
    receiver: "Beim Testempfänger ansehen",
    receiverName: "Demo-Empfänger",
    code: "Aus Ihrem Code senden",
    codeLead: "Ihr Code liest einen API-Schlüssel aus POSTHORN_TOKEN.",
    key: "API-Schlüssel",
    createKey: "Schlüssel für diese Anwendung anlegen",
    keyLead: "Der Schlüssel darf nur an „Demo“ veröffentlichen. Er wird einmal angezeigt.",
    waiting: "Warten auf die erste Anfrage an {{name}} …",
    guide: "URL und Secret von {{name}} öffnen",
    portal: "Portal von „Demo“ öffnen",
    embed: "In Ihr Produkt einbetten",
    embedLead: "Ihr Server fordert einen Link für den Kunden an, und Ihre Seite zeigt ihn.",
    embedServer: "Auf Ihrem Server",
    embedPage: "Auf Ihrer Seite",
    alertRecipient: "Fügen Sie zuerst einen Empfänger hinzu.",
    alertRule: "Fügen Sie nun eine Regel hinzu, die ihn benachrichtigt.",
    alerts: "Alarmregeln öffnen",
    portalNeedsDemo: "Senden Sie zuerst eine Testnachricht: Sie legt die Anwendung an.",
  },
};
