/**
 * German for the setup steps of providers. The key is the English text, so that a changed step needs a new translation;
 * `packages/posthorn/test/provider-step-texts.test.ts` names what is missing or no longer used. Names between stars are those of the provider's pages.
 */
export const texts: Readonly<Record<string, string>> = {
  "In the repository or organisation, open *Settings → Webhooks → Add webhook*.":
    "Öffnen Sie im Repository oder in der Organisation *Settings → Webhooks → Add webhook*.",
  "Enter the URL as *Payload URL* and the secret as *Secret*. Choose `application/json` as *Content type* (forms work too).":
    "Tragen Sie die URL als *Payload URL* und das Secret als *Secret* ein. Wählen Sie `application/json` als *Content type* (Formulare funktionieren auch).",
  "Choose the events and keep SSL verification enabled. GitHub immediately sends a `ping`, which is verified and stored like any event.":
    "Wählen Sie die Ereignisse, und lassen Sie die SSL-Prüfung eingeschaltet. GitHub sendet sofort ein `ping`, das wie jedes Ereignis verifiziert und gespeichert wird.",
  "In the project or group, open *Settings → Webhooks → Add new webhook*.":
    "Öffnen Sie im Projekt oder in der Gruppe *Settings → Webhooks → Add new webhook*.",
  "Enter the URL. Let GitLab generate a *signing token* and use it as the secret of the source. Older versions only have a *secret token*.":
    "Tragen Sie die URL ein. Lassen Sie GitLab ein *signing token* erzeugen, und verwenden Sie es als Secret der Quelle. Ältere Versionen haben nur ein *secret token*.",
  "Choose the triggers and save. *Test* sends one of them.":
    "Wählen Sie die Auslöser, und speichern Sie. *Test* sendet einen davon.",
  "In the Dashboard, open *Developers → Webhooks* and choose *Add destination* or *Add endpoint*.":
    "Öffnen Sie im Dashboard *Developers → Webhooks*, und wählen Sie *Add destination* oder *Add endpoint*.",
  "Enter the URL and choose the events.": "Tragen Sie die URL ein, und wählen Sie die Ereignisse.",
  "Reveal the *signing secret* (`whsec_…`) and use it as the secret of the source. Each endpoint has its own secret, separately for test and live mode.":
    "Zeigen Sie das *signing secret* (`whsec_…`) an, und verwenden Sie es als Secret der Quelle. Jeder Endpunkt hat ein eigenes Secret, im Test- und im Live-Modus jeweils ein anderes.",
  "Choose the app at <https://api.slack.com/apps>. Use *Basic Information → Signing Secret* as the secret of the source.":
    "Wählen Sie die App unter <https://api.slack.com/apps>. Verwenden Sie *Basic Information → Signing Secret* als Secret der Quelle.",
  "Enable *Event Subscriptions* and enter the URL as *Request URL*. Slack sends `url_verification`, which Posthorn answers.":
    "Schalten Sie *Event Subscriptions* ein, und tragen Sie die URL als *Request URL* ein. Slack sendet `url_verification`, was Posthorn beantwortet.",
  "Use the same URL for *Interactivity* and *Slash Commands*.":
    "Verwenden Sie dieselbe URL für *Interactivity* und *Slash Commands*.",
  "Choose the application at <https://discord.com/developers/applications>. Use *General Information → Public Key* as the public key of the source.":
    "Wählen Sie die Anwendung unter <https://discord.com/developers/applications>. Verwenden Sie *General Information → Public Key* als öffentlichen Schlüssel der Quelle.",
  "Enter the URL as *Interactions Endpoint URL* or under *Webhooks → Endpoint URL*. Discord sends a PING and a request with a bad signature, which must get 401. Posthorn responds to both.":
    "Tragen Sie die URL als *Interactions Endpoint URL* oder unter *Webhooks → Endpoint URL* ein. Discord sendet ein PING und eine Anfrage mit falscher Signatur, die mit 401 beantwortet werden muss. Posthorn beantwortet beide.",
  "In the Console, choose the number, messaging service or application, and enter the URL as its webhook with `HTTP POST`.":
    "Wählen Sie in der Console die Nummer, den Messaging Service oder die Anwendung, und tragen Sie die URL dort als Webhook mit `HTTP POST` ein.",
  "Use the primary token under *Account → API keys & tokens → Auth Token* as the secret of the source.":
    "Verwenden Sie das primäre Token unter *Account → API keys & tokens → Auth Token* als Secret der Quelle.",
  "Open *Settings → Mail Settings → Event Webhook → Create new webhook*, enter the URL and choose the events.":
    "Öffnen Sie *Settings → Mail Settings → Event Webhook → Create new webhook*, tragen Sie die URL ein, und wählen Sie die Ereignisse.",
  "Enable *Signature Verification*. Use the *Verification Key* as the public key of the source.":
    "Schalten Sie *Signature Verification* ein. Verwenden Sie den *Verification Key* als öffentlichen Schlüssel der Quelle.",
  "For an app, subscribe with the URL through `webhookSubscriptionCreate` or `shopify.app.toml`. Use the *client secret* of the app as the secret of the source.":
    "Abonnieren Sie für eine App mit der URL über `webhookSubscriptionCreate` oder `shopify.app.toml`. Verwenden Sie das *client secret* der App als Secret der Quelle.",
  "For a single shop, open *Settings → Notifications → Webhooks*, which also shows the secret.":
    "Öffnen Sie für einen einzelnen Shop *Settings → Notifications → Webhooks*. Dort steht auch das Secret.",
  "Choose the application in the Developer Console. Under *Webhooks → Subscriptions → Add subscription*, enter the URL and choose the events.":
    "Wählen Sie die Anwendung in der Developer Console. Tragen Sie unter *Webhooks → Subscriptions → Add subscription* die URL ein, und wählen Sie die Ereignisse.",
  "Use the *signature key* of the subscription as the secret of the source.":
    "Verwenden Sie den *signature key* des Abonnements als Secret der Quelle.",
  "In the Admin Center, open *Apps and integrations → Actions and webhooks → Webhooks → Create webhook*. Enter the URL, and choose `POST` and `JSON`.":
    "Öffnen Sie im Admin Center *Apps and integrations → Actions and webhooks → Webhooks → Create webhook*. Tragen Sie die URL ein, und wählen Sie `POST` und `JSON`.",
  "Choose *Reveal secret* on the page of the webhook and use it as the secret of the source.":
    "Wählen Sie auf der Seite des Webhooks *Reveal secret*, und verwenden Sie es als Secret der Quelle.",
  "Choose the app in the Developer Hub. Under *Configure → Webhooks*, enter the URL and choose the topics.":
    "Wählen Sie die App im Developer Hub. Tragen Sie unter *Configure → Webhooks* die URL ein, und wählen Sie die Themen.",
  "Use *Basic information → Client secret* as the secret of the source.":
    "Verwenden Sie *Basic information → Client secret* als Secret der Quelle.",
  "In the team, open *Manage team → Apps → Create an outgoing webhook*. Enter a name, and the URL as the callback URL.":
    "Öffnen Sie im Team *Manage team → Apps → Create an outgoing webhook*. Tragen Sie einen Namen ein, und die URL als Callback-URL.",
  "Use the *security token*, which is shown only once, as the secret of the source.":
    "Verwenden Sie das *security token*, das nur einmal angezeigt wird, als Secret der Quelle.",
  "Open *Amazon SNS → Topics → Create subscription*. Choose the protocol HTTPS, enter the URL as the endpoint, and keep raw message delivery disabled.":
    "Öffnen Sie *Amazon SNS → Topics → Create subscription*. Wählen Sie das Protokoll HTTPS, tragen Sie die URL als Endpunkt ein, und lassen Sie die Zustellung von Rohnachrichten ausgeschaltet.",
  "SNS sends a confirmation. Posthorn verifies it and calls the URL in it, so the subscription is confirmed within seconds.":
    "SNS sendet eine Bestätigung. Posthorn verifiziert sie und ruft die darin enthaltene URL auf, sodass das Abonnement nach wenigen Sekunden bestätigt ist.",
  "Set `config.topicArn` so that only your topic is accepted: SNS signs messages of every AWS account.":
    "Setzen Sie `config.topicArn`, damit nur Ihr Topic angenommen wird: SNS signiert Nachrichten aller AWS-Konten.",
  "Open *Setup → Workflow Actions → Outbound Messages → New*. Choose the object and the fields, and enter the URL as *Endpoint URL*.":
    "Öffnen Sie *Setup → Workflow Actions → Outbound Messages → New*. Wählen Sie das Objekt und die Felder, und tragen Sie die URL als *Endpoint URL* ein.",
  "Add the message to a workflow rule or a flow. Salesforce does not sign requests: treat the URL as the secret, or let a proxy verify the client certificate of Salesforce.":
    "Fügen Sie die Nachricht einer Workflow-Regel oder einem Flow hinzu. Salesforce signiert Anfragen nicht: Behandeln Sie die URL als Secret, oder lassen Sie einen Proxy das Client-Zertifikat von Salesforce prüfen.",
  "Choose the app at <https://developers.facebook.com/apps>. Use *App settings → Basic → App secret* as the secret of the source.":
    "Wählen Sie die App unter <https://developers.facebook.com/apps>. Verwenden Sie *App settings → Basic → App secret* als Secret der Quelle.",
  "Under *Webhooks*, enter the URL as *Callback URL* and choose a *Verify token*, which is `config.verifyToken` of the source. Meta verifies the callback with a GET, which Posthorn answers.":
    "Tragen Sie unter *Webhooks* die URL als *Callback URL* ein, und wählen Sie ein *Verify token*. Es ist `config.verifyToken` der Quelle. Meta prüft den Callback mit einem GET, das Posthorn beantwortet.",
  "Subscribe to the fields.": "Abonnieren Sie die Felder.",
  "Choose the app at <https://marketplace.zoom.us>. Use *Features → Access → Secret Token* as the secret of the source.":
    "Wählen Sie die App unter <https://marketplace.zoom.us>. Verwenden Sie *Features → Access → Secret Token* als Secret der Quelle.",
  "Under *Event subscriptions → Add*, enter the URL, choose *Validate*, and choose the events. Posthorn answers the validation, now and every 72 hours.":
    "Tragen Sie unter *Event subscriptions → Add* die URL ein, wählen Sie *Validate*, und wählen Sie die Ereignisse. Posthorn beantwortet die Prüfung, jetzt und alle 72 Stunden.",
  "At any sender that supports [Standard Webhooks](https://www.standardwebhooks.com), such as Posthorn, add an endpoint with the URL.":
    "Fügen Sie bei einem Absender, der [Standard Webhooks](https://www.standardwebhooks.com) unterstützt, etwa Posthorn, einen Endpunkt mit der URL hinzu.",
  "Use the secret of the endpoint (`whsec_…`) as the secret of the source.":
    "Verwenden Sie das Secret des Endpunkts (`whsec_…`) als Secret der Quelle.",
};
