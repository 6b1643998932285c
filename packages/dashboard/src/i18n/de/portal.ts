import type { portal as english } from "../en/portal.ts";

export const portal: typeof english = {
  portal: {
    nav: {
      endpoints: "Endpunkte",
      deliveries: "Zustellungen",
      catalogue: "Ereigniskatalog",
      signing: "Signatur",
      alerts: "Warnungen",
      feed: "Feed",
      agents: "Agenten",
      docs: "Dokumentation",
    },
    endpoints: { lead: "URLs in Ihrem System, die Ereignisse empfangen." },
    deliveries: {
      lead: "Ereignisse und ihre Zustellungen an Ihre Endpunkte. Öffnen Sie ein Ereignis, um alle Versuche zu sehen.",
    },
    states: {
      active: "Aktiv",
      retrying: "Wird wiederholt",
      failing: "Schlägt fehl",
      exhausted: "Fehlgeschlagen",
      disabled: "Deaktiviert",
      unverified: "Nicht verifiziert",
      unavailable: "Nicht verfügbar",
      no_listener: "Kein Empfänger verbunden",
      paused: "Pausiert",
      open: "Versand ausgesetzt",
      half_open: "Wird geprüft",
      recovering: "Läuft wieder an",
    },
    stateTexts: {
      active: "Ereignisse werden gesendet, sobald sie eintreffen.",
      retrying: "Der letzte Versuch ist fehlgeschlagen. Ausstehende Ereignisse werden automatisch erneut gesendet.",
      exhausted:
        "Die letzten Zustellungen sind fehlgeschlagen, und ihre Wiederholungen sind ausgeschöpft. Prüfen Sie, ob Ihr Server läuft und mit einem 2xx-Status antwortet, und senden Sie die fehlgeschlagenen Nachrichten dann erneut.",
      failing:
        "Die letzten Zustellungen sind fehlgeschlagen. Ausstehende Ereignisse senden wir erneut. Prüfen Sie, ob Ihr Server läuft und mit einem 2xx-Status antwortet.",
      disabled:
        "Es wird nichts gesendet, bis Sie diesen Endpunkt aktivieren. Ihre Ereignisse bleiben erhalten und verbrauchen keine Versuche.",
      unverified:
        "Dieser Endpunkt hat noch nicht bestätigt, dass er Ereignisse annimmt. Sie bleiben bis dahin erhalten.",
      unavailable:
        "Diese Art von Ziel ist zurzeit nicht verfügbar. Ihre Ereignisse bleiben erhalten. Wenden Sie sich bitte an den Support.",
      no_listener: "Kein Programm empfängt diese Ereignisse. Sie bleiben erhalten, bis sich ein Empfänger verbindet.",
      paused: "Es wird nichts gesendet, bis Sie die Zustellung fortsetzen. Ihre Ereignisse bleiben erhalten.",
      open: "Die letzten Zustellungen sind alle fehlgeschlagen, deshalb senden wir vorerst nichts mehr. Es geht kein Ereignis verloren, und wir versuchen es weiter. Prüfen Sie, ob Ihr Server läuft, und wählen Sie dann „Jetzt versuchen“.",
      half_open:
        "Wir senden ein Ereignis, um zu prüfen, ob Ihr Endpunkt wieder funktioniert. Die anderen bleiben erhalten.",
      recovering: "Ihr Endpunkt antwortet wieder. Wir senden die zurückgehaltenen Ereignisse, zuerst langsam.",
    },
    chart: {
      title: "Zustand",
      lead: "Versuche an diesem Endpunkt, und wie viele davon erfolgreich waren.",
      succeeded: "Erfolgreich",
      failed: "Fehlgeschlagen",
      rate: "Erfolgreiche Versuche",
      attempts: "Versuche",
      none: "Keine Versuche in diesem Zeitraum.",
    },
    types: {
      search: "Ereignistyp suchen",
      all: "Alle Typen, auch künftige",
      chosen_one: "{{count}} Typ ausgewählt",
      chosen_other: "{{count}} Typen ausgewählt",
      help: "Eine Gruppe wählt ihre derzeitigen Typen aus. Ist nichts ausgewählt, empfängt der Endpunkt alle Typen.",
    },
    url: {
      help: "Wird während der Eingabe geprüft. Es wird nichts gesendet.",
      good: "Zustellungen an diese URL sind erlaubt.",
    },
    health: {
      disabled: "Dieser Endpunkt ist deaktiviert.",
      failing: "Fehlschläge seit",
      autoDisable: "Der Endpunkt wird deaktiviert, wenn bis <when/> keine Zustellung gelingt.",
      disabledText:
        "Seine Zustellungen sind angehalten und verbrauchen keine Versuche. Sie können sie senden, wenn Sie ihn wieder aktivieren.",
      someDisabled_one: "{{count}} Endpunkt ist deaktiviert:",
      someDisabled_other: "{{count}} Endpunkte sind deaktiviert:",
      again: "Fehlgeschlagene Nachrichten erneut senden",
      choices: {
        none: "Keine",
        day: "Des letzten Tages",
        week: "Der letzten Woche",
        twoWeeks: "Der letzten zwei Wochen",
      },
    },
    signing: {
      lead: "Jede Anfrage ist signiert. Prüfen Sie die Signatur, um sicher zu sein, dass eine Anfrage echt und unverändert ist.",
      hidden: "Mit diesem Secret prüft Ihr Empfänger die Nachrichten. Sie haben keine Berechtigung, es hier anzusehen.",
      code: "Im eigenen Code prüfen",
      codeLead:
        "Prüfen Sie den unveränderten Body, bevor er geparst wird. Der Code liest das Secret aus WEBHOOK_SECRET.",
      language: "Programmiersprache",
      install: "Zuerst installieren",
      none: "Noch keine Endpunkte. Jeder Endpunkt hat ein eigenes Secret.",
    },
    doctor: {
      title: "Signatur-Diagnose",
      lead: "Fügen Sie eine Anfrage ein, die die Prüfung nicht besteht, um die Ursache zu finden. Sie wird nur in diesem Browser untersucht.",
      request: "Anfrage",
      requestHelp: "Header, eine leere Zeile, dann der Body genau so, wie Sie ihn empfangen haben.",
      secret: "Secret",
      secretOwn: "Leer lassen, um das Secret dieses Endpunkts zu verwenden.",
      secretHelp: "Das Secret, mit dem Ihr Empfänger prüft.",
      ok: "Die Anfrage besteht die Prüfung. Prüfen Sie, wie Ihr Code Body und Header liest.",
    },
    catalogue: {
      lead: "Alle Ereignisse, die Sie empfangen können, mit Schema und Beispiel.",
      none: "Diesen Ereignistyp gibt es nicht.",
      noSchema: "Dieser Ereignistyp hat kein Schema.",
      send: "Beispiel senden",
      sendLead: "An einen Ihrer Endpunkte, signiert wie jede andere Nachricht.",
    },
    alerts: { lead: "Erhalten Sie eine E-Mail oder ein Ereignis, wenn einer Ihrer Endpunkte fehlschlägt." },
    agents: {
      lead: "Lassen Sie einen Programmieragenten oder Assistenten herausfinden, warum ein Webhook nicht ankam.",
      keys: "Schlüssel",
      keysLead:
        "Mit einem Schlüssel liest ein Agent Ihre Ereignisse, Zustellungen und Endpunkte, bis Sie ihn widerrufen.",
      noKeys: "Noch keine Schlüssel. Erstellen Sie für jeden Agenten einen.",
      newKey: "Schlüssel erstellen",
      name: "Name",
      nameHelp: "Wofür der Schlüssel ist, etwa der Name des Agenten.",
      key: "Schlüssel",
      created: "Kopieren Sie den Schlüssel jetzt. Er wird nur einmal angezeigt.",
      revokeTitle: "Diesen Schlüssel widerrufen?",
      revokeText: "Agenten, die ihn verwenden, verlieren sofort den Zugriff.",
      connect: "Agenten verbinden",
      connectLead: "Diese Programme sprechen MCP. Ersetzen Sie YOUR_KEY durch einen Schlüssel.",
      address: "Adresse",
    },
    feed: {
      lead: "Für Netze, die keine eingehenden Anfragen empfangen können: Rufen Sie die Ereignisse selbst ab.",
      poll: "Neue Ereignisse abrufen",
      begin:
        "Liefert die ältesten noch nicht bestätigten Nachrichten mit Payload, oder wartet bis zu 30 Sekunden auf eine.",
      go: "Bestätigen Sie nach der Verarbeitung einer Seite den Offset ihrer letzten Nachricht. Was nicht innerhalb von 60 Sekunden bestätigt ist, wird erneut ausgegeben.",
      live: "Live verfolgen",
      liveLead:
        "Server-Sent Events liefern neue Nachrichten sofort. Senden Sie beim erneuten Verbinden Last-Event-ID, um an derselben Stelle fortzufahren.",
      token:
        "API_TOKEN ist ein Token für Ihr Konto. Sie erhalten es in dem Produkt, aus dem Sie dieses Portal geöffnet haben.",
      useToken: "Token dieser Sitzung verwenden",
      copyToken: "Token kopieren (läuft mit dieser Sitzung ab)",
      newest: "Neueste im Feed",
    },
  },
};
