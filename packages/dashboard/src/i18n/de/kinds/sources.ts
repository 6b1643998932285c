/** German for the declarations of sources, by the English text. Names in `*stars*` stay English. */
export const sources: Readonly<Record<string, string>> = {
  // Shared
  "Content type": "Content-Type",
  Method: "Methode",
  Body: "Body",
  Authentication: "Anmeldung",
  Headers: "Header",

  // Webhooks
  "Receives the webhooks of a provider, or of any sender, at its own URL.":
    "Empfängt die Webhooks eines Anbieters oder eines beliebigen Absenders unter einer eigenen URL.",
  "Create the source with the `type` of the provider.": "Legen Sie die Quelle mit dem `type` des Anbieters an.",
  "Enter its `ingestUrl` at the provider.": "Tragen Sie ihre `ingestUrl` beim Anbieter ein.",

  // Schedule
  Schedule: "Zeitplan",
  "Emits an event at the times of a cron expression, or at an interval.":
    "Erzeugt ein Ereignis zu den Zeiten eines Cron-Ausdrucks oder in einem festen Abstand.",
  "Enter a cron expression with its time zone, or an interval.":
    "Geben Sie einen Cron-Ausdruck mit seiner Zeitzone oder ein Intervall ein.",
  "Add endpoints that receive the events.": "Fügen Sie Endpunkte hinzu, die die Ereignisse empfangen.",
  "Cron expression": "Cron-Ausdruck",
  "Minute, hour, day of month, month, day of week, optionally with seconds in front. Leave it empty to use an interval.":
    "Minute, Stunde, Tag des Monats, Monat, Wochentag, auf Wunsch mit Sekunden davor. Leer lassen, um ein Intervall zu verwenden.",
  "Time zone": "Zeitzone",
  "IANA name of the zone in which the cron expression is read. A time that daylight saving skips fires when the gap ends; a repeated time fires once.":
    "IANA-Name der Zeitzone, in der der Cron-Ausdruck gilt. Eine Zeit, die bei der Zeitumstellung ausfällt, löst am Ende der Lücke aus; eine doppelte Zeit löst einmal aus.",
  "Time between two events, counted from the creation of the source. Leave it empty to use a cron expression.":
    "Abstand zwischen zwei Ereignissen, gerechnet ab dem Anlegen der Quelle. Leer lassen, um einen Cron-Ausdruck zu verwenden.",
  "Missed times": "Verpasste Termine",
  "What to do about due times that passed while the server was down: emit none of them, the last one, or all of them, at most the last 1,000.":
    "Was mit Terminen geschieht, die vergingen, während der Server nicht lief: keinen nachholen, den letzten, oder alle, höchstens die letzten 1.000.",
  Payload: "Inhalt",
  "Body of the events. {{scheduledAt}}, {{scheduledAtLocal}}, {{name}} and {{sourceId}} are replaced. Default: a JSON object with these values.":
    "Body der Ereignisse. {{scheduledAt}}, {{scheduledAtLocal}}, {{name}} und {{sourceId}} werden ersetzt. Vorgabe: ein JSON-Objekt mit diesen Werten.",
  "Content type of the payload. The payload of application/json must be valid JSON.":
    "Content-Type des Inhalts. Bei application/json muss der Inhalt gültiges JSON sein.",

  // HTTP
  "Polls a URL, and emits an event for each change, each new item of a JSON list, or each response.":
    "Fragt regelmäßig eine URL ab und erzeugt ein Ereignis für jede Änderung, jedes neue Element einer JSON-Liste oder jede Antwort.",
  "Enter the URL and, if it needs one, its authentication.": "Geben Sie die URL und, falls nötig, die Anmeldung ein.",
  "Choose what becomes an event. For items, enter where the list is in the response, and the ID in each item.":
    "Wählen Sie, was ein Ereignis wird. Geben Sie für Elemente an, wo die Liste in der Antwort steht und wo die ID in jedem Element.",
  "URL to read. Redirects are followed.": "Was Posthorn liest. Weiterleitungen werden befolgt.",
  "HEAD reads only headers: a change of ETag, Last-Modified or Docker-Content-Digest is a change.":
    "HEAD liest nur Header: Als Änderung gilt eine von ETag, Last-Modified oder Docker-Content-Digest.",
  "Body of POST requests. Set its content type in the headers; the default is application/json.":
    "Body von POST-Anfragen. Seinen Content-Type setzen Sie in den Headern; Vorgabe ist application/json.",
  "How requests are authenticated: not at all, with user name and password, or with a bearer token.":
    "Wie sich Anfragen ausweisen: gar nicht, mit Benutzername und Passwort oder mit einem Bearer-Token.",
  "For basic authentication.": "Für die Basic-Anmeldung.",
  "For bearer authentication.": "Für die Anmeldung mit Bearer-Token.",
  "Additional request headers, one per line, such as `X-Api-Key: abc`.":
    "Weitere Header der Anfragen, je Zeile einer, etwa `X-Api-Key: abc`.",
  Emit: "Ereignis für",
  "`changes`: the response, when it differs from the last one. `items`: each new item of a list. `always`: every response, including errors, for conditions on its status or values.":
    "`changes`: die Antwort, wenn sie sich von der letzten unterscheidet. `items`: jedes neue Element einer Liste. `always`: jede Antwort, auch Fehler, für Bedingungen auf Status oder Werte.",
  Items: "Elemente",
  "JSONPath of the items in the response.": "JSONPath der Elemente in der Antwort.",
  "Item ID": "ID des Elements",
  "JSONPath of the ID within an item. An item is new if its ID is.":
    "JSONPath der ID innerhalb eines Elements. Ein Element ist neu, wenn seine ID neu ist.",
  "Order of items": "Reihenfolge der Elemente",
  "How the response orders its items. Events are emitted from the oldest to the newest.":
    "Wie die Antwort ihre Elemente ordnet. Ereignisse entstehen vom ältesten zum neuesten.",
  Pages: "Seiten",
  "`link`: the next page is in the Link header. `cursor`: a value of the response is sent as a query parameter. Pages are read until one has no new item.":
    "`link`: Die nächste Seite steht im Link-Header. `cursor`: Ein Wert der Antwort wird als Query-Parameter gesendet. Seiten werden gelesen, bis eine kein neues Element hat.",
  "Cursor of the next page": "Cursor der nächsten Seite",
  "JSONPath of the cursor in the response.": "JSONPath des Cursors in der Antwort.",
  "Query parameter of the cursor": "Query-Parameter des Cursors",
  "Name of the query parameter that the cursor is sent in.":
    "Name des Query-Parameters, in dem der Cursor gesendet wird.",
  "Most pages": "Seiten höchstens",
  "Maximum number of pages per poll.": "Seiten, die ein Lesevorgang höchstens liest.",

  // Feed
  "RSS, Atom or JSON Feed": "RSS, Atom oder JSON Feed",
  "Emits an event for each new entry of a feed.": "Erzeugt ein Ereignis für jeden neuen Eintrag eines Feeds.",
  "Enter the URL of the feed.": "Geben Sie die URL des Feeds ein.",
  "If the events name a WebSub hub, a source of the kind `websub` receives entries as soon as they are published.":
    "Wenn die Ereignisse einen WebSub-Hub nennen, erhält eine Quelle der Art `websub` Einträge, sobald sie veröffentlicht werden.",

  // WebSub
  "Subscribes to a topic at its hub, receives each update when it is published, and renews the subscription.":
    "Abonniert ein Topic bei seinem Hub, empfängt jede Aktualisierung, sobald sie veröffentlicht wird, und erneuert das Abonnement.",
  "Make the URL of this server reachable for the hub (`POSTHORN_PUBLIC_URL` or `POSTHORN_INGEST_URL`).":
    "Machen Sie die URL dieses Servers für den Hub erreichbar (`POSTHORN_PUBLIC_URL` oder `POSTHORN_INGEST_URL`).",
  "Enter the URL of the topic and a random secret. `state` says whether the hub has confirmed the subscription.":
    "Geben Sie die URL des Topics und ein zufälliges Secret ein. `state` sagt, ob der Hub das Abonnement bestätigt hat.",
  "URL of the feed or page. Posthorn finds the hub in its Link headers, or in the feed.":
    "URL des Feeds oder der Seite. Posthorn findet den Hub in deren Link-Headern oder im Feed.",
  "URL of the hub. Leave it empty to find it at the topic.":
    "URL des Hubs. Leer lassen, um ihn beim Topic zu ermitteln.",
  "A random text of your choice, 16 to 190 characters. The hub signs updates with it; others are quarantined.":
    "Ein zufälliger Text Ihrer Wahl mit 16 bis 190 Zeichen. Der Hub signiert Aktualisierungen damit; andere kommen in Quarantäne.",
  "Lease in seconds": "Laufzeit in Sekunden",
  "Requested duration of the subscription. Posthorn renews it after two thirds of the duration that the hub grants.":
    "Wie lange das Abonnement gelten soll. Posthorn erneuert es nach zwei Dritteln der Zeit, die der Hub gewährt.",

  // Calendar
  "Reads a calendar at a URL, and emits an event before an appointment starts, and when one is created, changed or removed.":
    "Liest einen Kalender unter einer URL und erzeugt ein Ereignis, bevor ein Termin beginnt und wenn einer angelegt, geändert oder entfernt wird.",
  "Enter the URL of the calendar in the iCalendar format (`.ics`), which most calendars call its secret or public address.":
    "Geben Sie die URL des Kalenders im iCalendar-Format (`.ics`) ein. Die meisten Kalender nennen sie geheime oder öffentliche Adresse.",
  "Minutes before the start": "Minuten vor dem Beginn",
  "How long before an appointment `calendar.starting` is emitted.":
    "Wie lange vor einem Termin `calendar.starting` entsteht.",
  "IANA name of the zone of all-day appointments, and of times without a zone.":
    "IANA-Name der Zeitzone von ganztägigen Terminen und von Zeiten ohne Zeitzone.",

  // Mail address
  "Email address": "E-Mail-Adresse",
  "Receives emails at its own address, and emits an event for each.":
    "Empfängt E-Mails unter einer eigenen Adresse und erzeugt für jede ein Ereignis.",
  "The operator sets `POSTHORN_SMTP_LISTEN` and `POSTHORN_SMTP_DOMAIN`, and points the MX record of the domain to this server.":
    "Der Betreiber setzt `POSTHORN_SMTP_LISTEN` und `POSTHORN_SMTP_DOMAIN` und richtet den MX-Eintrag der Domain auf diesen Server.",
  "Create the source. Its `ingestUrl` is the address, as `mailto:` URL. Keep it secret: anyone who knows it can send events.":
    "Legen Sie die Quelle an. Ihre `ingestUrl` ist die Adresse als `mailto:`-URL. Halten Sie sie geheim: Wer sie kennt, kann Ereignisse senden.",
  "Send emails to it, or forward them there. Text between a plus sign and the `@` is ignored, but kept in the envelope.":
    "Senden Sie E-Mails dorthin, oder leiten Sie sie dorthin weiter. Text hinter einem Pluszeichen vor dem `@` wird nicht beachtet und bleibt im Umschlag erhalten.",
  "`json`: the email with its texts, addresses, headers and attachments as JSON. `raw`: the email byte for byte, as `message/rfc822`.":
    "`json`: die E-Mail mit Texten, Adressen, Headern und Anhängen als JSON. `raw`: die E-Mail Byte für Byte, als `message/rfc822`.",
  "Attachments in KiB": "Anhänge in KiB",
  "Contents of attachments are part of the JSON, as base64, up to this size together. Others are listed with name, type, size and SHA-256.":
    "Inhalte von Anhängen sind bis zu dieser Gesamtgröße als Base64 Teil des JSON. Andere werden mit Name, Typ, Größe und SHA-256 aufgeführt.",
  "Largest email in KiB": "Größte E-Mail in KiB",
  "Larger emails are not read. `POSTHORN_MAX_INBOUND_BYTES` limits it for all sources.":
    "Größere E-Mails werden nicht gelesen. `POSTHORN_MAX_INBOUND_BYTES` begrenzt sie für alle Quellen.",

  // Events
  "Each verified request.": "Jede verifizierte Anfrage.",
  "A due time was reached.": "Ein Termin ist gekommen.",
  "A change, a new item, or a response, depending on `emit`.":
    "Eine Änderung, ein neues Element oder eine Antwort, wie `emit` sagt.",
  "A new entry. An entry is recognised by its ID (`guid`, `id`), otherwise by its link, otherwise by its title and time. A changed entry with the same ID is not a new entry.":
    "Ein neuer Eintrag. Ein Eintrag wird an seiner ID (`guid`, `id`) erkannt, sonst an seinem Link, sonst an Titel und Zeit. Ein geänderter Eintrag mit derselben ID ist kein neuer Eintrag.",
  "The hub has sent an update: its exact body, usually the feed with its new entries. An update that equals the one before it within an hour is a repetition by the hub, and is dropped.":
    "Der Hub hat eine Aktualisierung gesendet: ihr genauer Body, meist der Feed mit seinen neuen Einträgen. Gleicht eine Aktualisierung der vorigen innerhalb einer Stunde, ist sie eine Wiederholung des Hubs und wird verworfen.",
  "An appointment, or an occurrence of a recurring one, starts in `minutesBefore` minutes.":
    "Ein Termin beginnt in `minutesBefore` Minuten. Bei Serien jedes einzelne Vorkommen.",
  "There is a new appointment.": "Es gibt einen neuen Termin.",
  "An appointment has changed, for example its time.": "Ein Termin hat sich geändert, zum Beispiel seine Zeit.",
  "An appointment that had not ended was deleted or cancelled.":
    "Ein Termin, der noch nicht zu Ende war, ist verschwunden oder wurde abgesagt.",
  "Reads a calendar of a CalDAV server, and emits an event before an appointment starts, and when one is created, changed or removed.":
    "Liest einen Kalender eines CalDAV-Servers und erzeugt ein Ereignis, bevor ein Termin beginnt und wenn einer angelegt, geändert oder entfernt wird.",
  "Enter the URL of your server. Posthorn finds the calendars of the account; enter the name of one if there are several. The URL of a calendar works as well: Nextcloud shows it under “Copy private link”, Radicale and Baïkal in the list of collections.":
    "Geben Sie die URL Ihres Servers ein. Posthorn findet die Kalender des Kontos; geben Sie den Namen eines davon ein, wenn es mehrere gibt. Die URL eines Kalenders geht auch: Nextcloud zeigt sie unter „Privaten Link kopieren“, Radicale und Baïkal in der Liste der Sammlungen.",
  "Create an app password where the server has them (Nextcloud, iCloud, Fastmail), and enter it with the user name.":
    "Legen Sie ein App-Passwort an, wo der Server welche hat (Nextcloud, iCloud, Fastmail), und tragen Sie es mit dem Benutzernamen ein.",
  "For Google Calendar use the kind `ical` with the secret address in iCal format: Google's CalDAV accepts short-lived tokens only.":
    "Verwenden Sie für Google Kalender die Art `ical` mit der geheimen Adresse im iCal-Format: Googles CalDAV nimmt nur kurzlebige Tokens an.",
  Calendar: "Kalender",
  "Server or calendar": "Server oder Kalender",
  "URL of the CalDAV server, of the account, or of one calendar.":
    "URL des CalDAV-Servers, des Kontos oder eines einzelnen Kalenders.",
  "Name of the calendar, if the URL is not that of a calendar and the account has several.":
    "Name des Kalenders, wenn die URL nicht die eines Kalenders ist und das Konto mehrere hat.",
  "An email, with the envelope of the SMTP transaction. Nothing in it is proven: Posthorn evaluates neither SPF nor DKIM, and senders can be forged.":
    "Eine E-Mail mit dem Umschlag der SMTP-Übertragung. Nichts darin ist bewiesen: Posthorn wertet weder SPF noch DKIM aus, und Absender können gefälscht sein.",
  "IMAP mailbox": "IMAP-Postfach",
  "Reads a mailbox, and emits an event for each new email as soon as it arrives.":
    "Liest ein Postfach und erzeugt für jede neue E-Mail ein Ereignis, sobald sie ankommt.",
  "Turn IMAP on for the account. Providers with two-step verification need an app password.":
    "Schalten Sie IMAP für das Konto ein. Anbieter mit Anmeldung in zwei Schritten verlangen ein App-Passwort.",
  "Enter the server, the user name, the password and the mailbox here. `state` says whether the source is connected.":
    "Tragen Sie Server, Benutzername, Passwort und Postfach hier ein. `state` sagt, ob die Quelle verbunden ist.",
  "An email in the mailbox that was not there when the source was created.":
    "Eine E-Mail im Postfach, die beim Anlegen der Quelle noch nicht da war.",
  "Host name of the IMAP server.": "Hostname des IMAP-Servers.",
  "993 with TLS, 143 with STARTTLS.": "993 mit TLS, 143 mit STARTTLS.",
  "`tls` starts with an encrypted connection; `starttls` requires one after the greeting; `none` sends the password in clear text.":
    "`tls` beginnt mit einer verschlüsselten Verbindung; `starttls` verlangt eine nach der Begrüßung; `none` sendet das Passwort im Klartext.",
  "Name of the account, usually the whole address.": "Name des Kontos, meist die ganze Adresse.",
  "Password of the account, or an app password.": "Passwort des Kontos oder ein App-Passwort.",
  "Access token": "Zugriffstoken",
  "OAuth 2.0 token instead of a password, for servers with XOAUTH2. Posthorn does not renew it.":
    "OAuth-2.0-Token statt eines Passworts, für Server mit XOAUTH2. Posthorn erneuert es nicht.",
  Mailbox: "Postfach",
  "Name of the folder, with the server's separator between levels.":
    "Name des Ordners, mit dem Trennzeichen des Servers zwischen den Ebenen.",
  "Mark as read": "Als gelesen markieren",
  "Turn on to mark emails as read once they are stored. Otherwise the mailbox is opened read-only.":
    "Ob E-Mails als gelesen markiert werden, sobald sie gespeichert sind. Sonst wird das Postfach nur lesend geöffnet.",
  "The server announces new emails with IDLE. Posthorn also checks at this interval, for servers that lack IDLE or lose announcements.":
    "Der Server meldet neue E-Mails mit IDLE. Posthorn sieht zusätzlich in diesem Abstand nach, für Server ohne IDLE oder mit verlorenen Meldungen.",
};
