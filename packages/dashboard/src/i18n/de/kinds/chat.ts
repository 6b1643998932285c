/** German for the declarations of chat, paging and automation, by the English text. Names in `*stars*` stay English. */
export const chat: Readonly<Record<string, string>> = {
  // Cards
  "Webhook URL": "Webhook-URL",
  Title: "Titel",
  "Template of the title. Without one, the event type in words.":
    "Vorlage des Titels. Ohne Vorlage: der Ereignistyp in Worten.",
  Text: "Text",
  "Template of the text. Without one, the message or description in the event.":
    "Vorlage des Textes. Ohne Vorlage: die Meldung oder Beschreibung im Ereignis.",
  Fields: "Felder",
  "One field per line: a name, a colon and a template. Lines without a value are left out. Without a template, the values at the top level of the event.":
    "Ein Feld je Zeile: Name, Doppelpunkt und Vorlage. Zeilen ohne Wert werden weggelassen. Ohne Vorlage: die Werte der obersten Ebene des Ereignisses.",
  Link: "Link",
  "Template of the URL that the card links to. Without one, the URL in the event.":
    "Vorlage der URL, auf die die Karte verweist. Ohne Vorlage: die URL im Ereignis.",
  Severity: "Schweregrad",
  "Template that returns info, success, warning, error or critical, which sets the colour. Without one, it is derived from the event and its type.":
    "Vorlage, die info, success, warning, error oder critical ergibt und die Farbe bestimmt. Ohne Vorlage ergibt sich der Schweregrad aus dem Ereignis und seinem Typ.",

  // Slack
  "Posts each event as a message to a Slack channel.": "Postet jedes Ereignis als Nachricht in einem Slack-Kanal.",
  "The URL of an incoming webhook, from the page Incoming Webhooks of your Slack app.":
    "Die URL eines eingehenden Webhooks, von der Seite *Incoming Webhooks* Ihrer Slack-App.",
  Thread: "Thread",
  "Timestamp of a message. Events are posted as replies to it. Copy the link of the message: the digits after the p, with a dot before the last six.":
    "Zeitstempel einer Nachricht. Ereignisse werden als Antworten darauf gepostet. Kopieren Sie den Link der Nachricht: Es sind die Ziffern nach dem p, mit einem Punkt vor den letzten sechs.",
  "Open https://api.slack.com/apps and select Create New App, then From scratch. Enter a name and select your workspace.":
    "Öffnen Sie https://api.slack.com/apps, und wählen Sie *Create New App*, dann *From scratch*. Geben Sie einen Namen ein, und wählen Sie Ihren Workspace.",
  "Select Incoming Webhooks in the menu and switch on Activate Incoming Webhooks.":
    "Wählen Sie im Menü *Incoming Webhooks*, und schalten Sie *Activate Incoming Webhooks* ein.",
  "Select Add New Webhook to Workspace, select the channel, and select Allow.":
    "Wählen Sie *Add New Webhook to Workspace*, den Kanal und dann *Allow*.",
  "Copy the webhook URL from the table and enter it here.":
    "Kopieren Sie die Webhook-URL aus der Tabelle, und tragen Sie sie hier ein.",

  // Discord
  "Posts each event as a message to a Discord channel, thread or forum.":
    "Postet jedes Ereignis als Nachricht in einem Kanal, Thread oder Forum von Discord.",
  "The URL of the webhook, from the settings of the channel under Integrations.":
    "Die URL des Webhooks, aus den Einstellungen des Kanals unter *Integrations*.",
  Name: "Name",
  "Name shown as the author of messages, instead of the name of the webhook.":
    "Name, der als Absender der Nachrichten erscheint, anstelle des Namens des Webhooks.",
  "Thread ID": "Thread-ID",
  "ID of an existing thread or forum post to write to. With Developer Mode on, right-click it and select Copy Thread ID.":
    "ID eines bestehenden Threads oder Forenbeitrags. Schalten Sie *Developer Mode* ein, klicken Sie mit der rechten Maustaste darauf, und wählen Sie *Copy Thread ID*.",
  "Forum post": "Forenbeitrag",
  "For forum channels: template of the title of the post that is created for each event.":
    "Für Forenkanäle: Vorlage für den Titel des Beitrags, der für jedes Ereignis angelegt wird.",
  "In Discord, open the settings of the channel (the gear icon) and select Integrations, then Webhooks.":
    "Öffnen Sie in Discord die Einstellungen des Kanals (Zahnrad), und wählen Sie *Integrations*, dann *Webhooks*.",
  "Select New Webhook, give it a name, and select Save Changes.":
    "Wählen Sie *New Webhook*, vergeben Sie einen Namen, und wählen Sie *Save Changes*.",
  "Select Copy Webhook URL and enter the URL here.": "Wählen Sie *Copy Webhook URL*, und tragen Sie die URL hier ein.",
  "For a forum channel, also enter a thread ID or a template for the title of forum posts.":
    "Tragen Sie für einen Forenkanal außerdem eine Thread-ID oder eine Vorlage für den Titel der Beiträge ein.",

  // Microsoft Teams
  "Posts each event as a card to a Teams channel or chat, through a workflow.":
    "Postet jedes Ereignis über einen Workflow als Karte in einem Teams-Kanal oder -Chat.",
  "Workflow URL": "Workflow-URL",
  "The URL that Teams shows after you have created the workflow.":
    "Die URL, die Teams anzeigt, nachdem Sie den Workflow angelegt haben.",
  "In Teams, select More options (…) next to the channel or chat, and select Workflows.":
    "Wählen Sie in Teams neben dem Kanal oder Chat *More options (…)* und dann *Workflows*.",
  'Search for "webhook" and select the template "Send webhook alerts to a channel" (or "to a chat").':
    "Suchen Sie nach „webhook“, und wählen Sie die Vorlage *Send webhook alerts to a channel* (oder *to a chat*).",
  "Sign in if Teams asks for it, select Next, select the team and the channel, and select Add workflow.":
    "Melden Sie sich an, falls Teams dazu auffordert, wählen Sie *Next*, das Team und den Kanal, und dann *Add workflow*.",
  "Copy the URL that is shown and enter it here.": "Kopieren Sie die angezeigte URL, und tragen Sie sie hier ein.",
  "A workflow belongs to the person who created it. Add a second owner, so that it continues to run when that person leaves.":
    "Ein Workflow gehört der Person, die ihn angelegt hat. Fügen Sie einen zweiten Besitzer hinzu, damit er weiterläuft, wenn diese Person ausscheidet.",

  // Google Chat
  "Posts each event as a card to a Google Chat space.":
    "Postet jedes Ereignis als Karte in einem Gruppenbereich von Google Chat.",
  "The URL of the webhook, from the apps and integrations of the space.":
    "Die URL des Webhooks, aus den Apps und Integrationen des Gruppenbereichs.",
  "Thread key": "Thread-Schlüssel",
  "Template of a key. Events with the same key are replies in one thread.":
    "Vorlage eines Schlüssels. Ereignisse mit demselben Schlüssel sind Antworten in einem Thread.",
  "Open the space in Google Chat in a browser. Webhooks need a Google Workspace account, and an administrator can forbid them.":
    "Öffnen Sie den Gruppenbereich in Google Chat im Browser. Webhooks setzen ein Google-Workspace-Konto voraus; ein Administrator kann sie sperren.",
  "Select the arrow next to the name of the space, then Apps & integrations, then Add webhooks.":
    "Wählen Sie den Pfeil neben dem Namen des Gruppenbereichs, dann *Apps & integrations* und *Add webhooks*.",
  "Enter a name and select Save.": "Geben Sie einen Namen ein, und wählen Sie *Save*.",
  "Select Copy link in the menu of the webhook and enter the URL here.":
    "Wählen Sie im Menü des Webhooks *Copy link*, und tragen Sie die URL hier ein.",

  // Telegram
  "Sends each event as a message of your bot to a Telegram chat, group or channel.":
    "Sendet jedes Ereignis als Nachricht Ihres Bots an einen Chat, eine Gruppe oder einen Kanal in Telegram.",
  "Bot token": "Bot-Token",
  "The token that BotFather gave you for the bot.": "Das Token, das Sie von BotFather für den Bot erhalten haben.",
  "Chat ID": "Chat-ID",
  "The number of the chat, which is negative for groups and channels, or the @name of a public channel.":
    "Die Nummer des Chats, die bei Gruppen und Kanälen negativ ist, oder der @name eines öffentlichen Kanals.",
  "For groups with topics: the number of the topic, which is the last number in the link of one of its messages.":
    "Für Gruppen mit Themen: die Nummer des Themas. Sie ist die letzte Zahl im Link einer seiner Nachrichten.",
  Silent: "Stumm",
  "Sends messages without a sound.": "Sendet Nachrichten ohne Ton.",
  "API server": "API-Server",
  "Change it only if you run your own Bot API server.":
    "Ändern Sie dies nur, wenn Sie einen eigenen Bot-API-Server betreiben.",
  "In Telegram, open a chat with @BotFather, send /newbot, and follow its questions. Enter the token that it returns here.":
    "Öffnen Sie in Telegram einen Chat mit @BotFather, senden Sie /newbot, und beantworten Sie die Fragen. Tragen Sie das Token aus der Antwort hier ein.",
  "Add the bot to the group, or to the channel as an administrator. For a private chat, send the bot a message first.":
    "Fügen Sie den Bot der Gruppe hinzu, in Kanälen als Administrator. In einem privaten Chat senden Sie dem Bot zuerst eine Nachricht.",
  "Send a message to the chat, then open https://api.telegram.org/bot<token>/getUpdates in a browser and copy the number at chat, id.":
    "Senden Sie eine Nachricht in den Chat. Öffnen Sie dann https://api.telegram.org/bot<token>/getUpdates im Browser, und kopieren Sie die Zahl bei chat, id.",
  "Enter that number as the chat ID. For a public channel, enter its @name.":
    "Tragen Sie diese Zahl als Chat-ID ein, für einen öffentlichen Kanal dessen @name.",

  // Mattermost and Rocket.Chat
  "Posts each event as a message to a Mattermost channel.":
    "Postet jedes Ereignis als Nachricht in einem Mattermost-Kanal.",
  "The URL of an incoming webhook of your Mattermost server.":
    "Die URL eines eingehenden Webhooks Ihres Mattermost-Servers.",
  Channel: "Kanal",
  "Name of another channel to post to, as in its URL, or @name for a direct message. The webhook must not be locked to its channel.":
    "Name eines anderen Kanals, wie in seiner URL, oder @name für eine Direktnachricht. Der Webhook darf nicht auf seinen Kanal beschränkt sein.",
  "In Mattermost, open the product menu and select Integrations, then Incoming Webhooks. If it is missing, a system administrator must enable it.":
    "Öffnen Sie in Mattermost das Produktmenü, und wählen Sie *Integrations*, dann *Incoming Webhooks*. Fehlt der Eintrag, muss ein Systemadministrator die Funktion aktivieren.",
  "Select Add Incoming Webhook, enter a title, select the channel, and select Save.":
    "Wählen Sie *Add Incoming Webhook*, geben Sie einen Titel ein, und wählen Sie den Kanal, dann *Save*.",
  "Posts each event as a message to a Rocket.Chat channel.":
    "Postet jedes Ereignis als Nachricht in einem Rocket.Chat-Kanal.",
  "The webhook URL of an incoming integration of your Rocket.Chat workspace.":
    "Die Webhook-URL einer eingehenden Integration Ihres Rocket.Chat-Workspace.",
  "Another channel to post to: #name, or @name for a direct message. The integration must allow it.":
    "Ein anderer Kanal: #name, oder @name für eine Direktnachricht. Die Integration muss das erlauben.",
  "In Rocket.Chat, open Administration (Workspace) and select Integrations, then New, then Incoming.":
    "Öffnen Sie in Rocket.Chat *Administration (Workspace)*, und wählen Sie *Integrations*, dann *New* und *Incoming*.",
  "Switch on Enabled, enter a name, the channel to post to, and the user to post as, and select Save.":
    "Schalten Sie *Enabled* ein, geben Sie einen Namen, den Kanal und den Benutzer ein, in dessen Namen gepostet wird, und wählen Sie *Save*.",
  "Copy the webhook URL that is shown and enter it here.":
    "Kopieren Sie die angezeigte Webhook-URL, und tragen Sie sie hier ein.",

  // PagerDuty
  "Triggers, acknowledges and resolves PagerDuty alerts.": "Löst PagerDuty-Alarme aus, bestätigt sie und schließt sie.",
  "Integration key": "Integrationsschlüssel",
  "The integration key of the service, of the type Events API V2.":
    "Der Integrationsschlüssel des Dienstes, vom Typ *Events API V2*.",
  "Service region of your PagerDuty account: eu if its address contains .eu.pagerduty.com.":
    "Region Ihres PagerDuty-Kontos: eu, wenn seine Adresse .eu.pagerduty.com enthält.",
  Action: "Aktion",
  "Template that returns trigger, acknowledge or resolve. Any other result triggers an alert, so that none is missed.":
    "Vorlage, die trigger, acknowledge oder resolve ergibt. Jedes andere Ergebnis löst einen Alarm aus, damit keiner verloren geht.",
  "Deduplication key": "Deduplizierungsschlüssel",
  "Template of the key of the alert. Events with the same key change the same alert, so use an ID that the resolving event also contains. Without one, each event creates a new alert.":
    "Vorlage für den Schlüssel des Alarms. Ereignisse mit demselben Schlüssel ändern denselben Alarm. Verwenden Sie deshalb eine ID, die auch das Ereignis enthält, das ihn schließt. Ohne Vorlage ist jedes Ereignis ein eigener Alarm.",
  "Template of the system that has the problem.": "Vorlage für den Namen des Systems, das das Problem hat.",
  "In PagerDuty, open Services, then Service Directory, and select the service.":
    "Öffnen Sie in PagerDuty *Services*, dann *Service Directory*, und wählen Sie den Dienst.",
  "Select the tab Integrations, then Add an integration.":
    "Wählen Sie den Reiter *Integrations*, dann *Add an integration*.",
  "Select Events API V2 and select Add.": "Wählen Sie *Events API V2* und dann *Add*.",
  "Copy the integration key and enter it here. Select the region eu if the address of your account contains .eu.pagerduty.com.":
    "Kopieren Sie den Integrationsschlüssel, und tragen Sie ihn hier ein. Wählen Sie die Region eu, wenn die Adresse Ihres Kontos .eu.pagerduty.com enthält.",

  // Zapier and IFTTT
  "Starts a Zap for each event, through a Catch Hook.": "Startet mit jedem Ereignis einen Zap, über einen Catch Hook.",
  "The URL of the trigger Catch Hook of the Zap.": "Die URL des Triggers *Catch Hook* des Zaps.",
  Content: "Inhalt",
  "event sends the event as it is. card sends title, text, fields, link and severity, which need no mapping of nested values in the Zap.":
    "event sendet das Ereignis unverändert. card sendet Titel, Text, Felder, Link und Schweregrad; im Zap müssen dann keine verschachtelten Werte zugeordnet werden.",
  "In Zapier, select Create, then Zaps, and select Trigger.":
    "Wählen Sie in Zapier *Create*, dann *Zaps* und *Trigger*.",
  "Search for Webhooks by Zapier, select the event Catch Hook, and select Continue.":
    "Suchen Sie nach *Webhooks by Zapier*, wählen Sie das Ereignis *Catch Hook* und dann *Continue*.",
  "Copy the webhook URL from the step Test and enter it here.":
    "Kopieren Sie die Webhook-URL aus dem Schritt *Test*, und tragen Sie sie hier ein.",
  "Send a test event, then select Test trigger in Zapier, so that it learns the fields.":
    "Senden Sie ein Testereignis, und wählen Sie dann in Zapier *Test trigger*, damit Zapier die Felder kennt.",
  "Add the actions of the Zap and select Publish.": "Fügen Sie die Aktionen des Zaps hinzu, und wählen Sie *Publish*.",
  "Runs an IFTTT applet with each event.": "Führt mit jedem Ereignis ein IFTTT-Applet aus.",
  "The key of your Webhooks service in IFTTT.": "Der Schlüssel Ihres Dienstes *Webhooks* in IFTTT.",
  "Event name": "Name des Ereignisses",
  "The event name of the applet's trigger: letters, digits and underscores.":
    "Der *Event Name* im Trigger des Applets: Buchstaben, Ziffern und Unterstriche.",
  "values is for the trigger Receive a web request. json sends the event as it is, for the trigger Receive a web request with a JSON payload.":
    "values ist für den Trigger *Receive a web request*. json sendet das Ereignis unverändert, für den Trigger *Receive a web request with a JSON payload*.",
  "Value 1": "Wert 1",
  "Template of value1. Without one, the title of the event.":
    "Vorlage für value1. Ohne Vorlage: der Titel des Ereignisses.",
  "Value 2": "Wert 2",
  "Template of value2. Without one, the text and the fields of the event.":
    "Vorlage für value2. Ohne Vorlage: Text und Felder des Ereignisses.",
  "Value 3": "Wert 3",
  "Template of value3. Without one, the link of the event.":
    "Vorlage für value3. Ohne Vorlage: der Link des Ereignisses.",
  "Open https://ifttt.com/maker_webhooks, connect the service Webhooks, and select Documentation. Enter the key that is shown here.":
    "Öffnen Sie https://ifttt.com/maker_webhooks, verbinden Sie den Dienst *Webhooks*, und wählen Sie *Documentation*. Tragen Sie den angezeigten Schlüssel hier ein.",
  "In IFTTT, select Create, then If This, and search for Webhooks.":
    "Wählen Sie in IFTTT *Create*, dann *If This*, und suchen Sie nach *Webhooks*.",
  "Select the trigger Receive a web request, or Receive a web request with a JSON payload, and enter an event name. Enter the same name here.":
    "Wählen Sie den Trigger *Receive a web request* oder *Receive a web request with a JSON payload*, und geben Sie einen *Event Name* ein. Tragen Sie denselben Namen hier ein.",
  "Select Then That, add the action, and use the values in it.":
    "Wählen Sie *Then That*, fügen Sie die Aktion hinzu, und verwenden Sie darin die Werte.",
};
