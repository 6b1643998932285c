/**
 * German for what templates declare. The key is the English text, so that a changed template needs a new translation;
 * `packages/posthorn/test/templates/texts.test.ts` names what is missing or no longer used.
 */

/** English endings of help texts, and their translations. */
export const endings: Readonly<Record<string, string>> = {
  " Leave it empty if you do not have it yet, and enter it at the source later.":
    " Leer lassen, wenn Sie es noch nicht haben, und später bei der Quelle eintragen.",
  " A whole number and a unit: 30s, 15m, 2h or 1d.": " Eine ganze Zahl und eine Einheit: 30s, 15m, 2h oder 1d.",
};

const short: Readonly<Record<string, string>> = {
  "E-commerce and payments": "E-Commerce und Zahlungen",
  Communication: "Kommunikation",
  "Development and DevOps": "Entwicklung und DevOps",
  "CRM and support": "CRM und Support",
  "Content management": "Inhalte",
  "IoT and monitoring": "IoT und Überwachung",
  "Marketing and analytics": "Marketing und Analyse",
  "Payment confirmation": "Zahlungseingang",
  Refund: "Erstattung",
  "Subscription change": "Geändertes Abonnement",
  "Shipping update": "Versandstatus",
  "Low stock": "Niedriger Lagerbestand",
  "Team chat notification": "Benachrichtigung im Team-Chat",
  "Email delivery status": "Zustellstatus von E-Mails",
  "Calendar reminder": "Terminerinnerung",
  "Repository events": "Ereignisse eines Repositorys",
  "Build completion": "Build-Ergebnis",
  "Error rate": "Fehlerrate",
  "Container registry push": "Neues Container-Image",
  "New lead": "Neuer Lead",
  "Ticket update": "Geändertes Ticket",
  "User registration": "Neue Registrierung",
  "Content published": "Neue Veröffentlichung",
  "Media upload": "Hochgeladenes Video",
  "Comment moderation": "Moderation von Kommentaren",
  "Form submission": "Ausgefülltes Formular",
  "Sensor threshold": "Grenzwert eines Sensors",
  "Device offline": "Gerät offline",
  "Environmental monitoring": "Umweltmessung",
  "Security trigger": "Sicherheitsalarm",
  "Campaign events": "Ereignisse einer Kampagne",
  Conversion: "Conversion",
  Name: "Name",
  "Signing secret": "Signatur-Secret",
  "Minimum amount": "Mindestbetrag",
  "Decimal places of the currency": "Nachkommastellen der Währung",
  Destination: "Ziel",
  "URL of the destination": "URL des Ziels",
  Report: "Melden",
  "URL of the stock": "URL des Bestands",
  "API token": "API-Token",
  Products: "Produkte",
  "Product number": "Artikelnummer",
  Quantity: "Menge",
  "Low below": "Knapp unter",
  "Restocked above": "Aufgefüllt über",
  "Interval in seconds": "Intervall in Sekunden",
  "Lowest level": "Niedrigste Stufe",
  "URL of the calendar": "URL des Kalenders",
  "Minutes before the start": "Minuten vor Beginn",
  "Time zone": "Zeitzone",
  Branch: "Branch",
  Errors: "Fehler",
  Period: "Zeitraum",
  "Quiet for": "Ruhig seit",
  Tags: "Tags",
  Priority: "Priorität",
  "URL of the feed": "URL des Feeds",
  Reports: "Meldungen",
  "Form ID": "Formular-ID",
  Connection: "Verbindung",
  "Device token": "Geräte-Token",
  "URL of the broker": "URL des Brokers",
  Topics: "Topics",
  "User name": "Benutzername",
  Password: "Passwort",
  Device: "Gerät",
  Value: "Wert",
  Direction: "Richtung",
  Limit: "Grenzwert",
  "Limit to clear": "Grenzwert zum Aufheben",
  Duration: "Dauer",
  "Offline after": "Offline nach",
  "Expected devices": "Erwartete Geräte",
  Stations: "Stationen",
  Station: "Station",
  State: "Zustand",
  "State before": "Zustand davor",
  "New state": "Neuer Zustand",
  "Campaign ID": "Kampagnen-ID",
  Event: "Ereignis",
  "Minimum revenue": "Mindestumsatz",
};

const commerce: Readonly<Record<string, string>> = {
  "Receives payment events from Stripe, verifies their signature, and reports each successful payment, optionally only above an amount.":
    "Empfängt Zahlungsereignisse von Stripe, prüft ihre Signatur und meldet jede erfolgreiche Zahlung, auf Wunsch erst ab einem Betrag.",
  "A Stripe account whose settings you can change.": "Ein Stripe-Konto, dessen Einstellungen Sie ändern können.",
  "In the Stripe dashboard, open Developers, Webhooks, and add an endpoint with the URL of the source and the events payment_intent.succeeded.":
    "Öffnen Sie im Stripe-Dashboard Developers, Webhooks, und legen Sie einen Endpunkt mit der URL der Quelle und den Ereignissen payment_intent.succeeded an.",
  "Copy the signing secret of the Stripe endpoint and enter it at the source, unless you have entered it in the form.":
    "Kopieren Sie das Signatur-Secret des Stripe-Endpunkts, und tragen Sie es bei der Quelle ein, falls Sie es nicht im Formular angegeben haben.",
  "Name of the created resources in lists.": "So heißt in Listen, was die Vorlage anlegt.",
  "Signing secret of the endpoint in the Stripe dashboard, under Developers, Webhooks.":
    "Signatur-Secret des Endpunkts im Stripe-Dashboard, unter Developers, Webhooks.",
  "In the smallest unit of the currency, such as cents. Smaller payments are not reported.":
    "In der kleinsten Einheit der Währung, etwa Cent. Kleinere Zahlungen werden nicht gemeldet.",
  "Stripe reports amounts in the smallest unit: 2 for euros and dollars, 0 for yen.":
    "Stripe nennt Beträge in der kleinsten Einheit: 2 für Euro und Dollar, 0 für Yen.",
  "Where Posthorn sends the events: a signed webhook to your own URL, or a message in a chat.":
    "Wohin Posthorn die Ereignisse sendet: als signierten Webhook an Ihre URL oder als Nachricht in einen Chat.",
  "URL of your webhook receiver, or the webhook URL that the chat shows for the channel.":
    "URL Ihres Webhook-Empfängers oder die Webhook-URL, die der Chat für den Kanal anzeigt.",
  "Receives refunds from Stripe, verifies their signature, and reports each full or partial refund.":
    "Empfängt Erstattungen von Stripe, prüft ihre Signatur und meldet jede vollständige oder teilweise Erstattung.",
  "In the Stripe dashboard, open Developers, Webhooks, and add an endpoint with the URL of the source and the events charge.refunded.":
    "Öffnen Sie im Stripe-Dashboard Developers, Webhooks, und legen Sie einen Endpunkt mit der URL der Quelle und den Ereignissen charge.refunded an.",
  "Receives subscription events from Stripe, and reports new, cancelled and changed subscriptions. Updates that change neither plan, status nor cancellation are not reported.":
    "Empfängt Ereignisse zu Abonnements von Stripe und meldet neue, gekündigte und geänderte Abonnements. Änderungen, die weder Tarif noch Status noch Kündigung betreffen, werden nicht gemeldet.",
  "In the Stripe dashboard, open Developers, Webhooks, and add an endpoint with the URL of the source and the events customer.subscription.created, customer.subscription.updated and customer.subscription.deleted.":
    "Öffnen Sie im Stripe-Dashboard Developers, Webhooks, und legen Sie einen Endpunkt mit der URL der Quelle und den Ereignissen customer.subscription.created, customer.subscription.updated und customer.subscription.deleted an.",
  "Receives tracking events of parcels from EasyPost, and reports the steps that customers care about, such as out for delivery and delivered.":
    "Empfängt die Sendungsverfolgung von EasyPost und meldet die Schritte, die für Kunden wichtig sind, etwa „in Zustellung“ und „zugestellt“.",
  "An EasyPost account that tracks your parcels.": "Ein EasyPost-Konto, das Ihre Pakete verfolgt.",
  "In the EasyPost dashboard, add a webhook with the URL of the source and the webhook secret.":
    "Legen Sie im EasyPost-Dashboard einen Webhook mit der URL der Quelle und dem Webhook-Secret an.",
  "Webhook secret that you set for the webhook at EasyPost.":
    "Webhook-Secret, das Sie bei EasyPost für den Webhook festlegen.",
  "`milestones`: out for delivery, ready for pickup, delivered, returned and failed. `problems`: only returned, failed and cancelled. `all`: every update.":
    "`milestones`: in Zustellung, abholbereit, zugestellt, zurückgesendet und fehlgeschlagen. `problems`: nur zurückgesendet, fehlgeschlagen und storniert. `all`: jede Änderung.",
  "Reads the stock of your shop from a JSON API, and reports each product when it runs low and when it is restocked, with a daily reminder in between.":
    "Liest den Bestand Ihres Shops aus einer JSON-API und meldet jedes Produkt, das knapp wird: einmal, mit täglicher Erinnerung, und noch einmal, wenn es aufgefüllt ist.",
  "A URL that returns the stock of all products as JSON.": "Eine URL, die den Bestand aller Produkte als JSON liefert.",
  "Posthorn reads it with GET. It returns JSON with a list of products.":
    "Posthorn liest sie mit GET. Sie liefert JSON mit einer Liste von Produkten.",
  "Sent as `Authorization: Bearer …`. Leave it empty if the URL needs none.":
    "Wird als `Authorization: Bearer …` gesendet. Leer lassen, wenn die URL keines verlangt.",
  "JSONPath of the products in the response.": "JSONPath der Produkte in der Antwort.",
  "JSONPath of the number within a product.": "JSONPath der Artikelnummer in einem Produkt.",
  "JSONPath of the quantity within a product.": "JSONPath der Menge in einem Produkt.",
  "A product runs low when its quantity is below this.": "Ein Produkt ist knapp, wenn seine Menge darunter liegt.",
  "It is restocked when its quantity is above this.": "Es ist aufgefüllt, wenn seine Menge darüber liegt.",
  "Time between two reads.": "Zeit zwischen zwei Abfragen.",
};

const communication: Readonly<Record<string, string>> = {
  "Posts the notifications that your application publishes to a channel of your team, if they have at least a level of your choice. Posthorn retries while the chat is unavailable, and respects its rate limits.":
    "Postet die Benachrichtigungen Ihrer Anwendung ab einer Stufe Ihrer Wahl in einen Kanal Ihres Teams. Posthorn wiederholt, wenn der Chat nicht erreichbar ist, und hält seine Ratenbegrenzung ein.",
  "A webhook URL for the channel, from the settings of the chat.":
    "Eine Webhook-URL des Kanals, die der Chat in seinen Einstellungen anlegt.",
  "Publish messages with the event type notification.created to the application. The payload has `title`, `message`, `level` and `url`.":
    "Veröffentlichen Sie in der Anwendung Nachrichten mit dem Ereignistyp notification.created. Die Nutzdaten enthalten `title`, `message`, `level` und `url`.",
  "Notifications with a lower `level` are not posted.":
    "Benachrichtigungen mit niedrigerem `level` werden nicht gepostet.",
  "Receives delivery events of your emails from Resend, and reports bounces, complaints, failures and delays, or every status.":
    "Empfängt Zustellereignisse Ihrer E-Mails von Resend und meldet Rückläufer, Beschwerden, Fehler und Verzögerungen oder jeden Status.",
  "A Resend account that sends your emails.": "Ein Resend-Konto, das Ihre E-Mails versendet.",
  "At Resend, open Webhooks, and add a webhook with the URL of the source and the events that you want to be reported.":
    "Öffnen Sie bei Resend Webhooks, und legen Sie einen Webhook mit der URL der Quelle und den Ereignissen an, die gemeldet werden sollen.",
  "Copy the signing secret of the webhook and enter it at the source, unless you have entered it in the form.":
    "Kopieren Sie das Signatur-Secret des Webhooks, und tragen Sie es bei der Quelle ein, falls Sie es nicht im Formular angegeben haben.",
  "Signing secret of the webhook, from the page Webhooks at Resend.":
    "Signatur-Secret des Webhooks, von der Seite Webhooks bei Resend.",
  "`problems`: bounced, complained, failed and delayed emails. `all`: also sent and delivered ones.":
    "`problems`: Rückläufer, Beschwerden, fehlgeschlagene und verzögerte E-Mails. `all`: auch versendete und zugestellte.",
  "Reads a calendar in the iCalendar format, and reminds a channel or your application before each appointment starts. Recurring appointments and time zones are taken into account.":
    "Liest einen Kalender im iCalendar-Format und erinnert einen Kanal oder Ihre Anwendung vor jedem Termin. Serientermine und Zeitzonen werden berücksichtigt.",
  "The iCalendar URL (`.ics`) of the calendar. Most calendar apps call it the secret or public address.":
    "Die iCalendar-URL (`.ics`) des Kalenders, die die meisten Kalender geheime oder öffentliche Adresse nennen.",
  "Address of the calendar in the iCalendar format.": "Adresse des Kalenders im iCalendar-Format.",
  "How long before an appointment the reminder is sent.": "Wie lange vor einem Termin die Erinnerung gesendet wird.",
  "IANA name of the zone of all-day appointments, and of times without a zone.":
    "IANA-Name der Zone ganztägiger Termine und von Zeiten ohne Zone.",
};

const development: Readonly<Record<string, string>> = {
  "Receives events from GitHub, and reports pushes to a branch, opened and merged pull requests, and releases.":
    "Empfängt Ereignisse von GitHub und meldet Pushes in einen Branch, geöffnete und geschlossene Pull-Requests und Releases.",
  "A GitHub repository or organisation whose settings you can change.":
    "Ein GitHub-Repository oder eine Organisation, deren Einstellungen Sie ändern können.",
  "At GitHub, open Settings, Webhooks, and add a webhook with the URL of the source, the content type application/json, the secret, and the events Pushes, Pull requests and Releases.":
    "Öffnen Sie bei GitHub Settings, Webhooks, und legen Sie einen Webhook mit der URL der Quelle, dem Content-Type application/json, dem Secret und den Ereignissen Pushes, Pull requests und Releases an.",
  "Secret that you enter in the settings of the webhook at GitHub.":
    "Secret, das Sie bei GitHub in den Einstellungen des Webhooks eintragen.",
  "Only pushes to this branch are reported.": "Nur Pushes in diesen Branch werden gemeldet.",
  "Receives the results of GitHub Actions, and reports failed builds, or every completed build.":
    "Empfängt die Ergebnisse von GitHub Actions und meldet fehlgeschlagene oder alle abgeschlossenen Builds.",
  "At GitHub, open Settings, Webhooks, and add a webhook with the URL of the source, the content type application/json, the secret, and the events Workflow runs.":
    "Öffnen Sie bei GitHub Settings, Webhooks, und legen Sie einen Webhook mit der URL der Quelle, dem Content-Type application/json, dem Secret und den Ereignissen Workflow runs an.",
  "`failures`: builds that failed, timed out or could not start. `all`: every completed build.":
    "`failures`: Builds, die fehlschlugen, zu lange dauerten oder nicht starten konnten. `all`: jeder abgeschlossene Build.",
  "Counts the errors that your services publish, and raises an alarm for a service with too many of them. The alarm is cleared once the rate has been normal for a while.":
    "Zählt die Fehler, die Ihre Dienste veröffentlichen, und löst für einen Dienst mit zu vielen Fehlern einen Alarm aus. Er wird aufgehoben, wenn die Rate eine Weile normal war.",
  "Services that publish a message for each error.": "Dienste, die zu jedem Fehler eine Nachricht veröffentlichen.",
  "Publish a message with the event type error.logged to the application for each error. The payload has `service` and `message`.":
    "Veröffentlichen Sie in der Anwendung zu jedem Fehler eine Nachricht mit dem Ereignistyp error.logged. Die Nutzdaten enthalten `service` und `message`.",
  "The alarm is raised when a service has more errors than this within the period.":
    "Der Alarm wird ausgelöst, wenn ein Dienst im Zeitraum mehr Fehler hat.",
  "Errors of this period are counted.": "Fehler dieses Zeitraums werden gezählt.",
  "The alarm is cleared after the rate has been normal for this long.":
    "Der Alarm wird aufgehoben, wenn die Rate so lange normal war.",
  "Receives pushes from Docker Hub, and reports new images with the tags that you choose, for example to deploy them.":
    "Empfängt Pushes von Docker Hub und meldet neue Images mit Tags Ihrer Wahl, zum Beispiel um sie auszurollen.",
  "A repository at Docker Hub whose webhooks you can change.":
    "Ein Repository bei Docker Hub, dessen Webhooks Sie ändern können.",
  "At Docker Hub, open the repository, then Webhooks, and add a webhook with the URL of the source. Docker Hub does not sign requests: keep the URL secret.":
    "Öffnen Sie bei Docker Hub das Repository, dann Webhooks, und legen Sie einen Webhook mit der URL der Quelle an. Docker Hub signiert Anfragen nicht: Halten Sie die URL geheim.",
  "Regular expression (RE2) that the tag must match.": "Regulärer Ausdruck (RE2), dem der Tag entsprechen muss.",
};

const crm: Readonly<Record<string, string>> = {
  "Receives webhooks from Pipedrive, and reports each new lead, for example to the channel of your sales team.":
    "Empfängt Webhooks von Pipedrive und meldet jeden neuen Lead, zum Beispiel im Kanal Ihres Vertriebs.",
  "A Pipedrive account whose webhooks you can change.": "Ein Pipedrive-Konto, dessen Webhooks Sie ändern können.",
  "In Pipedrive, open Tools and apps, Webhooks, and create a webhook with the action create, the object lead, the URL of the source, and the HTTP user name and password.":
    "Öffnen Sie in Pipedrive Tools and apps, Webhooks, und legen Sie einen Webhook mit der Aktion create, dem Objekt lead, der URL der Quelle sowie HTTP-Benutzername und Passwort an.",
  "HTTP user name and password of the webhook, as `user:password`. Choose them yourself.":
    "HTTP-Benutzername und Passwort des Webhooks als `user:password`. Sie wählen beide selbst.",
  "Receives ticket events from Zendesk, and reports new tickets, comments, and changes of status and priority, for all tickets or only for those with a high priority.":
    "Empfängt Ticket-Ereignisse von Zendesk und meldet neue Tickets, Kommentare sowie geänderte Status und Prioritäten, für alle Tickets oder nur für solche mit hoher Priorität.",
  "A Zendesk account whose webhooks you can change.": "Ein Zendesk-Konto, dessen Webhooks Sie ändern können.",
  "In the Admin Center of Zendesk, open Apps and integrations, Webhooks, and create a webhook for Zendesk events with the URL of the source and the ticket events.":
    "Öffnen Sie im Admin Center von Zendesk Apps and integrations, Webhooks, und legen Sie einen Webhook für Zendesk-Ereignisse mit der URL der Quelle und den Ticket-Ereignissen an.",
  "Signing secret of the webhook, from its page in the Admin Center of Zendesk.":
    "Signatur-Secret des Webhooks, von seiner Seite im Admin Center von Zendesk.",
  "`high`: only tickets with the priority high or urgent. `all`: every ticket.":
    "`high`: nur Tickets mit der Priorität hoch oder dringend. `all`: jedes Ticket.",
  "Receives user events from Clerk, and reports each new user, for example to your CRM or to a channel.":
    "Empfängt Benutzerereignisse von Clerk und meldet jeden neuen Benutzer, zum Beispiel an Ihr CRM oder in einen Kanal.",
  "A Clerk application that users sign up to.": "Eine Clerk-Anwendung, bei der sich Benutzer registrieren.",
  "At Clerk, open Configure, Webhooks, and add an endpoint with the URL of the source and the event user.created.":
    "Öffnen Sie bei Clerk Configure, Webhooks, und legen Sie einen Endpunkt mit der URL der Quelle und dem Ereignis user.created an.",
  "Copy the signing secret of the endpoint and enter it at the source, unless you have entered it in the form.":
    "Kopieren Sie das Signatur-Secret des Endpunkts, und tragen Sie es bei der Quelle ein, falls Sie es nicht im Formular angegeben haben.",
  "Signing secret of the endpoint, from the page Webhooks at Clerk.":
    "Signatur-Secret des Endpunkts, von der Seite Webhooks bei Clerk.",
};

const content: Readonly<Record<string, string>> = {
  "Reads an RSS, Atom or JSON feed of a site, and reports each new entry once. Entries that already exist when the source is created are not reported.":
    "Liest einen RSS-, Atom- oder JSON-Feed und meldet jeden neuen Eintrag einmal. Was der Feed zu Beginn enthält, wird nicht gemeldet.",
  "The URL of the feed. Every common content management system provides one.":
    "Die URL des Feeds, den jedes verbreitete Content-Management-System anbietet.",
  "An RSS, Atom or JSON feed.": "Ein RSS-, Atom- oder JSON-Feed.",
  "Receives events of uploaded videos from Mux, and reports each video that is ready to be played, or that failed.":
    "Empfängt Ereignisse hochgeladener Videos von Mux und meldet jedes Video, das abspielbereit oder fehlgeschlagen ist.",
  "A Mux account that processes your videos.": "Ein Mux-Konto, das Ihre Videos verarbeitet.",
  "At Mux, open Settings, Webhooks, and create a webhook with the URL of the source.":
    "Öffnen Sie bei Mux Settings, Webhooks, und legen Sie einen Webhook mit der URL der Quelle an.",
  "Signing secret of the webhook, from Settings, Webhooks at Mux.":
    "Signatur-Secret des Webhooks, unter Settings, Webhooks bei Mux.",
  "Counts how often users report a comment, and notifies your moderators once there are enough reports within the period.":
    "Zählt, wie oft Benutzer einen Kommentar melden, und bittet Ihre Moderatoren um Prüfung, sobald es im Zeitraum genügend Meldungen gibt.",
  "An application that publishes a message for each report.":
    "Eine Anwendung, die zu jeder Meldung eine Nachricht veröffentlicht.",
  "Publish a message with the event type comment.reported to the application for each report. The payload has `commentId`, `text` and `url`.":
    "Veröffentlichen Sie in der Anwendung zu jeder Meldung eine Nachricht mit dem Ereignistyp comment.reported. Die Nutzdaten enthalten `commentId`, `text` und `url`.",
  "Number of reports after which moderators are notified.": "Ab so vielen Meldungen werden Moderatoren gefragt.",
  "Reports of this period are counted.": "Meldungen dieses Zeitraums werden gezählt.",
  "Receives responses from Typeform, turns the list of answers into an object with the questions as names, and forwards it.":
    "Empfängt Antworten von Typeform, macht aus der Liste der Antworten ein Objekt mit den Fragen als Namen und sendet es weiter.",
  "A form at Typeform whose webhooks you can change.": "Ein Formular bei Typeform, dessen Webhooks Sie ändern können.",
  "At Typeform, open the form, then Connect, Webhooks, and add a webhook with the URL of the source and the secret.":
    "Öffnen Sie bei Typeform das Formular, dann Connect, Webhooks, und legen Sie einen Webhook mit der URL der Quelle und dem Secret an.",
  "Secret that you enter for the webhook at Typeform.": "Secret, das Sie bei Typeform für den Webhook eintragen.",
  "Only responses to this form are forwarded. It is the last part of the URL of the form. Leave it empty for all forms.":
    "Nur Antworten auf dieses Formular werden weitergesendet. Die ID ist der letzte Teil der URL des Formulars. Leer lassen für alle Formulare.",
};

const iot: Readonly<Record<string, string>> = {
  "Receives readings of sensors, and raises an alarm for each sensor whose value stays beyond a limit for some time. The alarm is cleared at a second limit, so that it does not flap.":
    "Empfängt Messwerte von Sensoren und löst für jeden Sensor einen Alarm aus, dessen Wert eine Zeit lang jenseits eines Grenzwerts liegt. Ein zweiter Grenzwert hebt den Alarm auf, damit er nicht flattert.",
  "Devices, or a gateway, that can send JSON over HTTP or MQTT.":
    "Geräte oder ein Gateway, die JSON über HTTP oder MQTT senden können.",
  "With `http`, let your devices send their readings as JSON with POST to the URL of the source, with the header `Authorization: Bearer` and the device token.":
    "Bei `http`: Lassen Sie Ihre Geräte ihre Messwerte als JSON mit POST an die URL der Quelle senden, mit dem Header `Authorization: Bearer` und dem Geräte-Token.",
  "For `http`: devices send it in the header `Authorization: Bearer …`. Use a random text of at least 16 characters.":
    "Bei `http`: Geräte senden es im Header `Authorization: Bearer …`. Verwenden Sie einen zufälligen Text mit mindestens 16 Zeichen.",
  "JSONPath of the name of the device in a reading, or a level of the topic such as topic:1.":
    "JSONPath des Gerätenamens in einem Messwert oder eine Ebene des Topics wie topic:1.",
  "`http`: devices send JSON to the URL of the source. `mqtt`: Posthorn subscribes to topics of an MQTT broker.":
    "`http`: Geräte senden JSON an die URL der Quelle. `mqtt`: Posthorn abonniert Topics eines MQTT-Brokers.",
  "For `mqtt`: protocol, host and port. Use mqtts for TLS.":
    "Bei `mqtt`: Protokoll, Host und Port. Verwenden Sie mqtts für TLS.",
  "For `mqtt`: topic filters, one per line. The name of the device can be read from a level of the topic: `topic:1` is the second one.":
    "Bei `mqtt`: Topic-Filter, einer je Zeile. Der Name des Geräts kann aus einer Ebene des Topics gelesen werden: `topic:1` ist die zweite.",
  "For `mqtt`: name of the account at the broker. Leave it empty if the broker requires none.":
    "Bei `mqtt`: Name des Kontos beim Broker. Leer lassen, wenn der Broker keines verlangt.",
  "For `mqtt`: password of the account.": "Bei `mqtt`: Passwort des Kontos.",
  "JSONPath of the value in a reading.": "JSONPath des Werts in einem Messwert.",
  "Whether values above or below the limit raise an alarm.":
    "Ob Werte über oder unter dem Grenzwert einen Alarm auslösen.",
  "Values beyond it raise an alarm.": "Werte jenseits davon lösen einen Alarm aus.",
  "The alarm is cleared when the value is back beyond this limit.":
    "Der Alarm wird aufgehoben, wenn der Wert wieder auf der anderen Seite dieses Grenzwerts liegt.",
  "The value must be beyond the limit this long.": "So lange muss der Wert jenseits des Grenzwerts liegen.",
  "Receives heartbeats of devices, and reports each device that has been silent for some time, even one that never sent anything, and reports it again when it is back.":
    "Empfängt Lebenszeichen von Geräten und meldet jedes Gerät, das eine Zeit lang nichts gesendet hat, auch wenn es noch nie etwas gesendet hat, und noch einmal, wenn es zurück ist.",
  "A device is offline if it has sent nothing for this long.":
    "Ein Gerät ist offline, wenn es so lange nichts gesendet hat.",
  "Names of devices, separated by commas. They are reported even if they never send anything.":
    "Namen von Geräten, durch Kommas getrennt. Sie werden auch gemeldet, wenn sie nie etwas senden.",
  "Receives measurements of several stations at once, and reports a station when the average of its values over a period is above the limit, so that single peaks are ignored.":
    "Empfängt Messungen mehrerer Stationen auf einmal und meldet eine Station, wenn der Durchschnitt ihrer Werte über einen Zeitraum den Grenzwert übersteigt, sodass einzelne Spitzen nicht zählen.",
  "A gateway or a service that sends the measurements of your stations as JSON over HTTP or MQTT.":
    "Ein Gateway oder ein Dienst, der die Messungen Ihrer Stationen als JSON über HTTP oder MQTT sendet.",
  "With `http`, let the gateway send the measurements as JSON with POST to the URL of the source, with the header `Authorization: Bearer` and the device token.":
    "Bei `http`: Lassen Sie das Gateway die Messungen als JSON mit POST an die URL der Quelle senden, mit dem Header `Authorization: Bearer` und dem Geräte-Token.",
  "JSONPath of the stations in a request.": "JSONPath der Stationen in einer Anfrage.",
  "JSONPath of the name within a station.": "JSONPath des Namens in einer Station.",
  "JSONPath of the measured value within a station.": "JSONPath des Messwerts in einer Station.",
  "The average above which a station is reported.": "Durchschnitt, ab dem eine Station gemeldet wird.",
  "The station is cleared when its average is below this.":
    "Die Meldung wird aufgehoben, wenn der Durchschnitt darunter liegt.",
  "Values of this period are averaged.": "Der Durchschnitt der Werte dieses Zeitraums zählt.",
  "Receives states of doors, windows and motion sensors, and reports each one that opens while the alarm system is armed.":
    "Empfängt Zustände von Türen, Fenstern und Bewegungsmeldern und meldet alles, was sich öffnet, solange die Alarmanlage scharf ist.",
  "Readings have a member `armed`, which is true while the alarm system is armed.":
    "Messwerte haben ein Feld `armed`, das true ist, solange die Alarmanlage scharf ist.",
  "JSONPath of the state in a reading.": "JSONPath des Zustands in einem Messwert.",
  "Such as closed.": "Zum Beispiel closed.",
  "Such as open. This change is reported.": "Zum Beispiel open. Diese Änderung wird gemeldet.",
};

const marketing: Readonly<Record<string, string>> = {
  "Receives events of campaigns from Customer.io, and forwards clicks, conversions and unsubscriptions, for all campaigns or for one of them.":
    "Empfängt Ereignisse von Kampagnen bei Customer.io und sendet Klicks, Conversions und Abmeldungen weiter, für alle Kampagnen oder eine davon.",
  "A Customer.io workspace whose reporting webhooks you can change.":
    "Ein Customer.io-Workspace, dessen Reporting-Webhooks Sie ändern können.",
  "At Customer.io, open Data & Integrations, then Reporting Webhooks, and create one with the URL of the source and the events Clicked, Converted and Unsubscribed of emails.":
    "Öffnen Sie bei Customer.io Data & Integrations, dann Reporting Webhooks, und legen Sie einen mit der URL der Quelle und den E-Mail-Ereignissen Clicked, Converted und Unsubscribed an.",
  "Copy its signing key and enter it at the source, unless you have entered it in the form.":
    "Kopieren Sie seinen Signaturschlüssel, und tragen Sie ihn bei der Quelle ein, falls Sie ihn nicht im Formular angegeben haben.",
  "Signing key of the reporting webhook, from its page at Customer.io.":
    "Signaturschlüssel des Reporting-Webhooks, von seiner Seite bei Customer.io.",
  "Only events of this campaign are forwarded. Leave it empty for all campaigns.":
    "Nur Ereignisse dieser Kampagne werden weitergesendet. Leer lassen für alle Kampagnen.",
  "Receives tracked events from Segment, and reports conversions, such as completed orders, with their revenue and campaign.":
    "Empfängt erfasste Ereignisse von Segment und meldet Conversions, etwa abgeschlossene Bestellungen, mit Umsatz und Kampagne.",
  "A Segment workspace in which you can add a webhook destination.":
    "Ein Segment-Workspace, in dem Sie ein Webhook-Ziel anlegen können.",
  "In Segment, add the destination Webhooks with the URL of the source and the shared secret, and enable it.":
    "Fügen Sie in Segment das Ziel Webhooks mit der URL der Quelle und dem Shared Secret hinzu, und aktivieren Sie es.",
  "Shared secret of the webhook destination at Segment.": "Shared Secret des Webhook-Ziels bei Segment.",
  "Name of the tracked event that is a conversion.": "Name des erfassten Ereignisses, das eine Conversion ist.",
  "Conversions with less revenue are not reported.": "Conversions mit weniger Umsatz werden nicht gemeldet.",
};

/** Titles of examples. */
const examples: Readonly<Record<string, string>> = {
  "A payment of 49.00 EUR": "Eine Zahlung über 49,00 EUR",
  "A payment that failed, and one below the minimum": "Eine fehlgeschlagene Zahlung und eine unter dem Mindestbetrag",
  "A partial refund of 20.00 EUR": "Eine Teilerstattung von 20,00 EUR",
  "A charge that succeeded": "Eine erfolgreiche Zahlung",
  "A new subscription that becomes overdue and is cancelled": "Ein neues Abonnement, das überfällig und gekündigt wird",
  "Changed metadata": "Geänderte Metadaten",
  "A parcel is out for delivery and is delivered": "Ein Paket ist in Zustellung und wird zugestellt",
  "A parcel is in transit": "Ein Paket ist unterwegs",
  "The stock of a product falls to 3 and is replenished": "Von einem Produkt bleiben 3 Stück, und es wird aufgefüllt",
  "Stock changes above the limit": "Der Bestand ändert sich oberhalb der Grenze",
  "A warning": "Eine Warnung",
  "A notification below the lowest level": "Eine Benachrichtigung unter der niedrigsten Stufe",
  "An email bounces": "Eine E-Mail ist unzustellbar",
  "An email is delivered": "Eine E-Mail wird zugestellt",
  "An appointment at 09:00, read at 08:00": "Ein Termin um 09:00 Uhr, gelesen um 08:00 Uhr",
  "An appointment next month": "Ein Termin im nächsten Monat",
  "A new article": "Ein neuer Artikel",
  "A feed that has not changed": "Ein unveränderter Feed",
  "A video is ready, and another one failed": "Ein Video ist bereit, ein anderes ist fehlgeschlagen",
  "An upload begins": "Ein Upload beginnt",
  "3 reports of one comment": "3 Meldungen zu einem Kommentar",
  "2 reports of another one": "2 Meldungen zu einem anderen Kommentar",
  "A response": "Eine Antwort",
  "A response to another form": "Eine Antwort auf ein anderes Formular",
  "A lead is created": "Ein Lead wird angelegt",
  "A lead is changed, and a person is created": "Ein Lead wird geändert, und eine Person wird angelegt",
  "The status of an urgent ticket changes": "Der Status eines dringenden Tickets ändert sich",
  "A ticket with a low priority, and a tag": "Ein Ticket mit niedriger Priorität und ein Tag",
  "A user signs up": "Jemand registriert sich",
  "A user changes their profile": "Jemand ändert das eigene Profil",
  "A push to main, and a release": "Ein Push auf main und ein Release",
  "A push to another branch, and a star": "Ein Push auf einen anderen Branch und ein Stern",
  "A build fails": "Ein Build schlägt fehl",
  "A build succeeds": "Ein Build ist erfolgreich",
  "6 errors of one service, then none": "6 Fehler eines Dienstes, danach keiner",
  "5 errors": "5 Fehler",
  "Version v2.1 is pushed": "Version v2.1 wird hochgeladen",
  "A nightly build is pushed": "Ein nächtlicher Build wird hochgeladen",
  "A freezer is too warm for 6 minutes, and cools down": "Ein Gefrierschrank ist 6 Minuten zu warm und kühlt wieder ab",
  "A door is open for 2 minutes": "Eine Tür ist 2 Minuten offen",
  "A boiler sends a heartbeat, is silent for 20 minutes, and comes back":
    "Ein Kessel sendet ein Lebenszeichen, schweigt 20 Minuten und meldet sich wieder",
  "A boiler sends a heartbeat every 10 minutes": "Ein Kessel sendet alle 10 Minuten ein Lebenszeichen",
  "One of two stations measures 60 for some time, and then 5":
    "Eine von zwei Stationen misst eine Zeit lang 60 und dann 5",
  "A single peak": "Eine einzelne Spitze",
  "A door opens while the system is armed": "Eine Tür öffnet sich, während die Anlage scharf ist",
  "A door is closed, and opens while the system is not armed":
    "Eine Tür schließt sich und öffnet sich, während die Anlage unscharf ist",
  "A recipient clicks and converts": "Ein Empfänger klickt und konvertiert",
  "An email is delivered, and a click in another campaign":
    "Eine E-Mail wird zugestellt, und ein Klick in einer anderen Kampagne",
  "An order of 80 EUR": "Eine Bestellung über 80 EUR",
  "A page view, and an order without revenue": "Ein Seitenaufruf und eine Bestellung ohne Umsatz",
};

const texts: Readonly<Record<string, string>> = {
  ...short,
  ...commerce,
  ...communication,
  ...development,
  ...crm,
  ...content,
  ...iot,
  ...marketing,
  ...examples,
};

/** English texts with a translation, without their shared endings. */
export const translated: readonly string[] = Object.keys(texts);

/** German for a text of a template; `null`: there is no translation. */
export function germanTemplateText(text: string): string | null {
  const ending = Object.keys(endings).find((one) => text.endsWith(one)) ?? "";
  const german = texts[text.slice(0, text.length - ending.length)];
  return german === undefined ? null : german + (endings[ending] ?? "");
}
