/** German for the declarations of webhooks, cloud services, storage and databases over HTTP, by the English text. Names in `*stars*` stay English. */
export const clouds: Readonly<Record<string, string>> = {
  // Webhooks and kinds that are close to them
  "Sends each event as a signed HTTP request to your URL.":
    "Sendet jedes Ereignis als signierte HTTP-Anfrage an Ihre URL.",
  "Create a route in your application that accepts POST requests and responds with a 2xx status within 15 seconds.":
    "Legen Sie in Ihrer Anwendung eine Route an, die POST-Anfragen annimmt und innerhalb von 15 Sekunden mit einem 2xx-Status antwortet.",
  "Enter its URL as the URL of the endpoint.": "Tragen Sie deren URL als URL des Endpunkts ein.",
  "Verify the signature of each request with the endpoint's signing secret.":
    "Prüfen Sie die Signatur jeder Anfrage mit dem Signatur-Secret des Endpunkts.",
  "Polling endpoint": "Polling-Endpunkt",
  "Keeps matching events for a consumer that pulls them, for example from behind a firewall.":
    "Hält passende Ereignisse zum Abruf bereit, zum Beispiel für Consumer hinter einer Firewall.",
  "Create the endpoint, then get its token with `GET /api/v1/auth/app/{app_id}/poller/{endpoint_id}/token`.":
    "Legen Sie den Endpunkt an, und rufen Sie sein Token mit `GET /api/v1/auth/app/{app_id}/poller/{endpoint_id}/token` ab.",
  Listener: "Listener",
  "Sends each event to developers who listen with `posthorn listen`, and keeps events while no one listens.":
    "Sendet jedes Ereignis an Entwickler, die mit `posthorn listen` zuhören, und bewahrt Ereignisse auf, solange niemand zuhört.",
  "Install Posthorn on the computer that receives the events, and sign in with `posthorn login`.":
    "Installieren Sie Posthorn auf dem Rechner, der die Ereignisse empfängt, und melden Sie sich mit `posthorn login` an.",
  "Run `posthorn listen 3000 --app APP`, which creates an endpoint if there is none, and forwards its events to `http://localhost:3000`.":
    "Starten Sie `posthorn listen 3000 --app APP`. Der Befehl legt bei Bedarf einen Endpunkt an und leitet dessen Ereignisse an `http://localhost:3000` weiter.",
  "Stop and start it at any time: events that arrive in between are kept, and sent when it reconnects.":
    "Sie können ihn jederzeit beenden und wieder starten: Ereignisse, die dazwischen eintreffen, werden aufbewahrt und danach gesendet.",
  "Name that listeners connect to.": "Listener verbinden sich unter diesem Namen.",
  Share: "Aufteilung",
  "How several listeners share the events: each developer gets all of them through a separate endpoint (all), each event goes to one of the connected listeners (one), or only one listener can be connected (exclusive).":
    "Wie mehrere Listener sich die Ereignisse teilen: Alle erhalten jedes Ereignis über einen eigenen Endpunkt (all), jedes Ereignis geht an einen der verbundenen Listener (one), oder nur ein Listener kann verbunden sein (exclusive).",
  "Poll `/api/v1/app/{app_id}/polling-endpoint/{endpoint_id}/consumer/{name}` with this token, and commit the offset of the last message that you processed.":
    "Rufen Sie mit diesem Token `/api/v1/app/{app_id}/polling-endpoint/{endpoint_id}/consumer/{name}` ab, und bestätigen Sie den Offset der letzten verarbeiteten Nachricht.",
  "Sends each event to an HTTP receiver of CloudEvents 1.0, such as Knative, Azure Event Grid or Argo Events.":
    "Sendet jedes Ereignis an einen HTTP-Empfänger für CloudEvents 1.0, etwa Knative, Azure Event Grid oder Argo Events.",
  URL: "URL",
  "The URL that receives the events.": "Die URL, die die Ereignisse empfängt.",
  "Content mode": "Übertragungsmodus",
  "binary sends the event unchanged, with its attributes in headers. structured sends one JSON document with attributes and event. batch sends a JSON list of such documents; several events in one request are always sent as a list.":
    "binary sendet das Ereignis unverändert, mit seinen Attributen in Headern. structured sendet ein JSON-Dokument mit Attributen und Ereignis. batch sendet eine JSON-Liste solcher Dokumente; mehrere Ereignisse in einer Anfrage werden immer als Liste gesendet.",
  Source: "Quelle",
  "The attribute source: a URI that identifies where the events come from.":
    "Das Attribut source: eine URI, die angibt, woher die Ereignisse kommen.",
  Authorization: "Authorization",
  "Value of the header Authorization, if the receiver needs one.":
    "Wert des Headers Authorization, falls der Empfänger ihn verlangt.",
  "Find the URL at which your receiver accepts CloudEvents over HTTP, and enter it here.":
    "Ermitteln Sie die URL, unter der Ihr Empfänger CloudEvents über HTTP annimmt, und tragen Sie sie hier ein.",
  "Select the content mode. Every receiver must support binary; most support structured, and few support batch.":
    "Wählen Sie den Übertragungsmodus. binary muss jeder Empfänger unterstützen; structured unterstützen die meisten, batch nur wenige.",
  "Enter a source that identifies your system. Receivers recognise repeated events by source and ID.":
    "Tragen Sie eine Quelle ein, die Ihr System bezeichnet. Empfänger erkennen Wiederholungen an Quelle und ID.",
  "Sends each event to a source of another Posthorn server, unchanged and signed.":
    "Sendet jedes Ereignis unverändert und signiert an eine Quelle eines anderen Posthorn-Servers.",
  "Source URL": "URL der Quelle",
  "The URL of the source on the other server.": "Die URL der Quelle auf dem anderen Server.",
  "On the other server, create a source of the type Standard Webhooks.":
    "Legen Sie auf dem anderen Server eine Quelle vom Typ Standard Webhooks an.",
  "Copy its URL and enter it here.": "Kopieren Sie deren URL, und tragen Sie sie hier ein.",
  "Save this endpoint, reveal its signing secret, and enter the secret at the source on the other server.":
    "Speichern Sie diesen Endpunkt, zeigen Sie sein Signatur-Secret an, und tragen Sie es bei der Quelle auf dem anderen Server ein.",
  "Send a test event. The other server recognises repeated events by their ID.":
    "Senden Sie ein Testereignis. Der andere Server erkennt Wiederholungen an der ID.",

  // WebSub
  "Sends each event of a topic to a subscriber at the WebSub hub.":
    "Sendet jedes Ereignis eines Topics an einen Abonnenten des WebSub-Hubs.",
  Callback: "Callback",
  "The URL at which the subscriber receives the events.": "Die URL, unter der der Abonnent die Ereignisse empfängt.",
  Secret: "Secret",
  "The URL of the topic, which each event repeats in its Link header.":
    "Die URL des Topics, die jedes Ereignis im Link-Header nennt.",
  Hub: "Hub",
  "The URL of the hub, which each event repeats in its Link header.":
    "Die URL des Hubs, die jedes Ereignis im Link-Header nennt.",
  "The hub.secret of the subscriber. Events are signed with it.":
    "Das hub.secret des Abonnenten. Ereignisse werden damit signiert.",
  "Create a topic with `POST /api/v1/app/{app_id}/websub/topic`, and give its URL to the subscriber.":
    "Legen Sie mit `POST /api/v1/app/{app_id}/websub/topic` ein Topic an, und geben Sie dem Abonnenten dessen URL.",
  "The subscriber finds the hub in the Link header of the topic, and subscribes there.":
    "Der Abonnent findet den Hub im Link-Header des Topics und abonniert dort.",
  "The endpoint appears when the subscriber has confirmed its request.":
    "Der Endpunkt erscheint, sobald der Abonnent seine Anfrage bestätigt hat.",

  // MCP Events
  "Sends each event to the callback of an agent that subscribed over MCP.":
    "Sendet jedes Ereignis an den Callback eines Agenten, der es über MCP abonniert hat.",
  "The URL at which the client receives the events.": "Die URL, unter der der Client die Ereignisse empfängt.",
  Subscription: "Abonnement",
  "ID of the subscription, which each request repeats in its header X-MCP-Subscription-Id.":
    "ID des Abonnements, die jede Anfrage im Header X-MCP-Subscription-Id nennt.",
  Event: "Ereignis",
  "Name of the event in events/list.": "Name des Ereignisses in events/list.",
  Subscriber: "Abonnent",
  "Whose access created the subscription. The subscription ends with this access.":
    "Mit wessen Zugang das Abonnement angelegt wurde. Es endet mit diesem Zugang.",
  Expires: "Läuft ab",
  "When the subscription ends, unless the client renews it (UTC).":
    "Wann das Abonnement endet, wenn der Client es nicht verlängert (UTC).",
  "The secret of the client. Requests are signed with it.": "Das Secret des Clients. Anfragen werden damit signiert.",
  "Previous secret": "Vorheriges Secret",
  "The secret before the last renewal. Requests are also signed with it until the next renewal.":
    "Das Secret vor der letzten Verlängerung. Bis zur nächsten Verlängerung signiert es ebenfalls.",
  "Set POSTHORN_MCP to write, so that clients can subscribe.":
    "Setzen Sie POSTHORN_MCP auf write, damit Clients abonnieren dürfen.",
  "Give the client a key, and the URL of the MCP endpoint.":
    "Geben Sie dem Client einen Schlüssel und die URL des MCP-Endpunkts.",
  "The endpoint appears when the client has subscribed and its callback has confirmed the subscription.":
    "Der Endpunkt erscheint, sobald der Client abonniert und sein Callback das Abonnement bestätigt hat.",

  // AWS
  "Sends each event as a message to an Amazon SQS queue, standard or FIFO.":
    "Sendet jedes Ereignis als Nachricht an eine Amazon-SQS-Queue, Standard oder FIFO.",
  "Queue URL": "URL der Queue",
  "URL of the queue, from its page in the SQS console under Details. The name of a FIFO queue ends in .fifo.":
    "URL der Queue, in der SQS-Konsole auf ihrer Seite unter *Details*. Der Name einer FIFO-Queue endet auf .fifo.",
  Region: "Region",
  "AWS region of the target, such as eu-central-1.":
    "AWS-Region, in der sich das Ziel befindet, zum Beispiel eu-central-1.",
  "Access key ID": "Access-Key-ID",
  "ID of an access key of an IAM user, from IAM → Users → Security credentials → Access keys.":
    "ID eines Zugriffsschlüssels eines IAM-Benutzers, aus *IAM → Users → Security credentials → Access keys*.",
  "Secret access key": "Secret Access Key",
  "Secret of this access key. AWS shows it once, when the key is created.":
    "Geheimer Teil dieses Zugriffsschlüssels. AWS zeigt ihn nur einmal, beim Anlegen des Schlüssels.",
  "Role ARN": "ARN der Rolle",
  "Role to assume with these keys, for a target in another account. Its trust policy must allow the user. Leave empty to use the keys directly.":
    "Rolle, die mit diesen Schlüsseln angenommen wird, für ein Ziel in einem anderen Konto. Ihre Vertrauensrichtlinie muss den Benutzer zulassen. Leer lassen, um die Schlüssel direkt zu verwenden.",
  "External ID": "Externe ID",
  "External ID that the trust policy of the role requires, if any.":
    "Externe ID, falls die Vertrauensrichtlinie der Rolle eine verlangt.",
  "Endpoint URL": "Endpunkt-URL",
  "URL of another service with the same API, such as MinIO or LocalStack, or of a VPC endpoint. Leave empty for AWS.":
    "URL eines anderen Dienstes mit derselben API, etwa MinIO oder LocalStack, oder eines VPC-Endpunkts. Leer lassen für AWS selbst.",
  "In the SQS console, create a queue. For exactly-once delivery, or to keep the order, choose the type FIFO.":
    "Legen Sie in der SQS-Konsole eine Queue an. Wählen Sie den Typ FIFO, wenn jede Nachricht genau einmal zugestellt werden oder die Reihenfolge erhalten bleiben soll.",
  "Set Maximum message size to the largest event that you expect, up to 1,024 KiB.":
    "Setzen Sie *Maximum message size* auf die Größe Ihres größten Ereignisses, höchstens 1.024 KiB.",
  "In the IAM console, create a policy that allows sqs:SendMessage on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die sqs:SendMessage nur für diese Ressource erlaubt.",
  "Create a user without console access, attach the policy, and create an access key for it under Security credentials.":
    "Legen Sie einen Benutzer ohne Konsolenzugriff an, weisen Sie ihm die Richtlinie zu, und erzeugen Sie unter *Security credentials* einen Zugriffsschlüssel.",
  "Enter the region, the access key ID and the secret access key here.":
    "Tragen Sie Region, Access-Key-ID und Secret Access Key hier ein.",
  "For a target in another account: create a role there with the policy, name the user and an external ID in its trust policy, and enter the role and the external ID here.":
    "Für ein Ziel in einem anderen Konto: Legen Sie dort eine Rolle mit der Richtlinie an, nennen Sie in ihrer Vertrauensrichtlinie den Benutzer und eine externe ID, und tragen Sie Rolle und externe ID ein.",
  "Copy the URL of the queue from its Details and enter it here.":
    "Kopieren Sie die URL der Queue aus *Details*, und tragen Sie sie hier ein.",
  "Publishes each event to an Amazon SNS topic, standard or FIFO, which passes it to its subscribers.":
    "Veröffentlicht jedes Ereignis in einem Amazon-SNS-Topic, Standard oder FIFO, das es an seine Abonnenten verteilt.",
  "Topic ARN": "ARN des Topics",
  "ARN of the topic, from its page in the SNS console under Details. The name of a FIFO topic ends in .fifo.":
    "ARN des Topics, in der SNS-Konsole auf seiner Seite unter *Details*. Der Name eines FIFO-Topics endet auf .fifo.",
  "In the SNS console, create a topic. For exactly-once delivery to SQS FIFO queues, or to keep the order, choose the type FIFO.":
    "Legen Sie in der SNS-Konsole ein Topic an. Wählen Sie den Typ FIFO, wenn SQS-FIFO-Queues jede Nachricht genau einmal erhalten sollen oder die Reihenfolge erhalten bleiben soll.",
  "In the IAM console, create a policy that allows sns:Publish on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die sns:Publish nur für diese Ressource erlaubt.",
  "Copy the ARN of the topic from its Details and enter it here.":
    "Kopieren Sie den ARN des Topics aus *Details*, und tragen Sie ihn hier ein.",
  "Puts each event on an Amazon EventBridge event bus, with the payload as detail and the message ID in resources.":
    "Sendet jedes Ereignis an einen Event-Bus von Amazon EventBridge, mit dem Payload in detail und der Nachrichten-ID in resources.",
  "Event bus": "Event-Bus",
  "Name or ARN of the event bus, from the EventBridge console under Event buses.":
    "Name oder ARN des Event-Bus, aus der EventBridge-Konsole unter *Event buses*.",
  "Value of source in the events, which rules match. It must not start with aws.":
    "Wert von source in den Ereignissen, auf den Regeln sich beziehen. Er darf nicht mit aws beginnen.",
  "Detail type": "Detailtyp",
  "Value of detail-type in the events. Leave empty to send the event type.":
    "Wert von detail-type in den Ereignissen. Leer lassen, um den Ereignistyp zu senden.",
  "In the EventBridge console, create an event bus, or use the one named default.":
    "Legen Sie in der EventBridge-Konsole einen Event-Bus an, oder verwenden Sie den namens default.",
  "In the IAM console, create a policy that allows events:PutEvents on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die events:PutEvents nur für diese Ressource erlaubt.",
  "Enter the name of the event bus and the source that your rules match.":
    "Tragen Sie den Namen des Event-Bus und die Quelle ein, auf die sich Ihre Regeln beziehen.",
  "In a rule, match source and detail-type. To recognise a repeated event, compare the message ID in resources.":
    "Vergleichen Sie in einer Regel source und detail-type. Wiederholte Ereignisse erkennen Sie an der Nachrichten-ID in resources.",
  "Puts each event into an Amazon Kinesis data stream. The ordering key, or else the message ID, is the partition key.":
    "Schreibt jedes Ereignis in einen Datenstrom von Amazon Kinesis. Partitionsschlüssel ist der Ordnungsschlüssel, sonst die Nachrichten-ID.",
  "Stream name": "Name des Streams",
  "Name of the data stream, from the Kinesis console.": "Name des Datenstroms, aus der Kinesis-Konsole.",
  Format: "Format",
  "raw: each record is the body of the message. json: each record is a JSON object with id, eventType, timestamp and payload.":
    "raw: Jeder Datensatz ist der Body der Nachricht. json: Jeder Datensatz ist ein JSON-Objekt mit id, eventType, timestamp und payload.",
  "In the Kinesis console, create a data stream.": "Legen Sie in der Kinesis-Konsole einen Datenstrom an.",
  "Raise Maximum record size if your events are larger than 1 MiB with their partition key.":
    "Erhöhen Sie *Maximum record size*, wenn Ihre Ereignisse mit Partitionsschlüssel größer als 1 MiB sind.",
  "In the IAM console, create a policy that allows kinesis:PutRecords on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die kinesis:PutRecords nur für diese Ressource erlaubt.",
  "Enter the name of the stream. Choose the format json if consumers need the message ID, for example to recognise repetitions.":
    "Tragen Sie den Namen des Streams ein. Wählen Sie das Format json, wenn Consumer die Nachrichten-ID brauchen, etwa um Wiederholungen zu erkennen.",
  "Puts each event into an Amazon Data Firehose stream, which writes it to S3, Redshift, OpenSearch or another store.":
    "Schreibt jedes Ereignis in einen Amazon-Data-Firehose-Stream, der es in S3, Redshift, OpenSearch oder einem anderen Speicher ablegt.",
  "Firehose stream name": "Name des Firehose-Streams",
  "Name of the Firehose stream with the source Direct PUT, from the Amazon Data Firehose console.":
    "Name des Firehose-Streams mit der Quelle *Direct PUT*, aus der Konsole von Amazon Data Firehose.",
  "jsonLines: each record is a line of JSON with id, eventType, timestamp and payload. raw: each record is the body of the message, without a line break after it.":
    "jsonLines: Jeder Datensatz ist eine JSON-Zeile mit id, eventType, timestamp und payload. raw: Jeder Datensatz ist der Body der Nachricht, ohne Zeilenumbruch am Ende.",
  "In the Amazon Data Firehose console, create a Firehose stream with the source Direct PUT and the destination of your choice.":
    "Legen Sie in der Konsole von Amazon Data Firehose einen Firehose-Stream mit der Quelle *Direct PUT* und einem Ziel Ihrer Wahl an.",
  "In the IAM console, create a policy that allows firehose:PutRecordBatch on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die firehose:PutRecordBatch nur für diese Ressource erlaubt.",
  "Enter the name of the Firehose stream.": "Tragen Sie den Namen des Firehose-Streams ein.",
  "Archives events as objects in a bucket of Amazon S3, or of a service with its API. Each event is stored exactly once.":
    "Archiviert Ereignisse als Objekte in einem Bucket von Amazon S3 oder eines Dienstes mit dieser API. Jedes Ereignis wird genau einmal gespeichert.",
  Bucket: "Bucket",
  "Name of the bucket.": "Name des Buckets.",
  "jsonLines: objects with one line of JSON for each message, with id, eventType, timestamp and payload. raw: one object for each message, with its exact body.":
    "jsonLines: Objekte mit einer JSON-Zeile je Nachricht, mit id, eventType, timestamp und payload. raw: ein Objekt je Nachricht, mit ihrem unveränderten Body.",
  "Object key": "Objektschlüssel",
  "Template for the keys of objects. {id} is required: the ID of the message, or the ID of the first message with the number of messages. {year}, {month}, {day}, {hour} and {minute} are the time of the first message in UTC; {eventType} is its type.":
    "Vorlage für die Schlüssel der Objekte. {id} ist erforderlich: die ID der Nachricht, oder die der ersten Nachricht mit der Anzahl. {year}, {month}, {day}, {hour} und {minute} sind die Zeit der ersten Nachricht in UTC; {eventType} ist ihr Typ.",
  "In the S3 console, create a bucket. Leave public access blocked.":
    "Legen Sie in der S3-Konsole einen Bucket an. Lassen Sie den öffentlichen Zugriff gesperrt.",
  "In the IAM console, create a policy that allows s3:PutObject on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die s3:PutObject nur für diese Ressource erlaubt.",
  "Enter the name of the bucket, and change the object key if you want other folders.":
    "Tragen Sie den Namen des Buckets ein, und ändern Sie den Objektschlüssel, wenn Sie andere Ordner möchten.",

  // Google
  "Publishes each event to a Google Cloud Pub/Sub topic, with its ID and type as attributes.":
    "Veröffentlicht jedes Ereignis in einem Topic von Google Cloud Pub/Sub, mit ID und Typ als Attributen.",
  "Project ID": "Projekt-ID",
  "ID of the Google Cloud project that contains the topic.": "ID des Google-Cloud-Projekts, zu dem das Topic gehört.",
  "Topic ID": "Topic-ID",
  "ID of the topic, without projects/…/topics/ before it.": "ID des Topics, ohne projects/…/topics/ davor.",
  "Service account key": "Schlüssel des Dienstkontos",
  "The complete JSON key file of a service account, from IAM & Admin → Service Accounts → Keys → Add key → Create new key → JSON.":
    "Die vollständige JSON-Schlüsseldatei eines Dienstkontos, aus *IAM & Admin → Service Accounts → Keys → Add key → Create new key → JSON*.",
  "URL of a regional endpoint, or of another service with the same API. Leave empty for Google.":
    "URL eines regionalen Endpunkts oder eines anderen Dienstes mit derselben API. Leer lassen für Google selbst.",
  "In the Google Cloud console, open Pub/Sub → Topics and create a topic.":
    "Öffnen Sie in der Google-Cloud-Konsole *Pub/Sub → Topics*, und legen Sie ein Topic an.",
  "In the Google Cloud console, open IAM & Admin → Service Accounts and create a service account.":
    "Öffnen Sie in der Google-Cloud-Konsole *IAM & Admin → Service Accounts*, und legen Sie ein Dienstkonto an.",
  "Grant it the role Pub/Sub Publisher on the topic only, under Permissions of the topic.":
    "Geben Sie ihm unter *Permissions* des Topics die Rolle *Pub/Sub Publisher*, nur für dieses Topic.",
  "Open the service account, choose Keys → Add key → Create new key → JSON, and paste the complete file here.":
    "Öffnen Sie das Dienstkonto, wählen Sie *Keys → Add key → Create new key → JSON*, und fügen Sie die vollständige Datei hier ein.",
  "Enter the project ID and the topic ID.": "Tragen Sie Projekt-ID und Topic-ID ein.",
  "To keep the order, enable message ordering in the subscription, and enter a regional endpoint such as https://europe-west1-pubsub.googleapis.com.":
    "Damit die Reihenfolge erhalten bleibt, aktivieren Sie *Message ordering* im Abonnement, und tragen Sie einen regionalen Endpunkt ein, zum Beispiel https://europe-west1-pubsub.googleapis.com.",
  "Archives events as objects in a bucket of Google Cloud Storage. Each event is stored exactly once.":
    "Archiviert Ereignisse als Objekte in einem Bucket von Google Cloud Storage. Jedes Ereignis wird genau einmal gespeichert.",
  "In the Google Cloud console, open Cloud Storage → Buckets and create a bucket with public access prevention.":
    "Öffnen Sie in der Google-Cloud-Konsole *Cloud Storage → Buckets*, und legen Sie einen Bucket mit *Public access prevention* an.",
  "Grant it the role Storage Object Creator on the bucket only, under Permissions of the bucket.":
    "Geben Sie ihm unter *Permissions* des Buckets die Rolle *Storage Object Creator*, nur für diesen Bucket.",

  // Azure
  "Sends each event to an Azure Service Bus queue or topic. The message ID lets the queue detect duplicates, and the ordering key is the session.":
    "Sendet jedes Ereignis an eine Queue oder ein Topic von Azure Service Bus. An der Nachrichten-ID erkennt die Queue Duplikate; der Ordnungsschlüssel ist die Sitzung.",
  "Queue or topic": "Queue oder Topic",
  "Name of the queue or topic.": "Name der Queue oder des Topics.",
  Namespace: "Namespace",
  "Host name of the namespace, from its Overview in the Azure portal.":
    "Hostname des Namespace, im Azure-Portal unter *Overview*.",
  "Policy name": "Name der Richtlinie",
  "Name of the shared access policy, such as the SharedAccessKeyName in its connection string.":
    "Name der SAS-Richtlinie, in der Verbindungszeichenfolge als SharedAccessKeyName.",
  Key: "Schlüssel",
  "Primary or secondary key of this policy, such as the SharedAccessKey in its connection string.":
    "Primärer oder sekundärer Schlüssel dieser Richtlinie, in der Verbindungszeichenfolge als SharedAccessKey.",
  "URL of a private endpoint or another service with the same API. Leave empty for Azure.":
    "URL eines privaten Endpunkts oder eines anderen Dienstes mit derselben API. Leer lassen für Azure selbst.",
  "In the Azure portal, open the Service Bus namespace and create a queue or topic. Enable duplicate detection for exactly-once delivery, and sessions to keep the order by key.":
    "Öffnen Sie im Azure-Portal den Service-Bus-Namespace, und legen Sie eine Queue oder ein Topic an. Aktivieren Sie die Duplikaterkennung, damit jede Nachricht genau einmal zugestellt wird, und Sitzungen, damit die Reihenfolge je Schlüssel erhalten bleibt.",
  "Open the queue or topic, choose Shared access policies → Add, and create a policy with the claim Send only.":
    "Öffnen Sie die Queue oder das Topic, wählen Sie *Shared access policies → Add*, und legen Sie eine Richtlinie nur mit der Berechtigung *Send* an.",
  "Enter the host name of the namespace, the name of the queue or topic, and the name and primary key of the policy.":
    "Tragen Sie den Hostnamen des Namespace, den Namen der Queue oder des Topics sowie Name und primären Schlüssel der Richtlinie ein.",
  "Sends each event to an Azure event hub. The ordering key, or else the message ID, is the partition key.":
    "Sendet jedes Ereignis an einen Azure Event Hub. Partitionsschlüssel ist der Ordnungsschlüssel, sonst die Nachrichten-ID.",
  "Event hub": "Event Hub",
  "Name of the event hub.": "Name des Event Hubs.",
  "In the Azure portal, open the Event Hubs namespace and create an event hub.":
    "Öffnen Sie im Azure-Portal den Event-Hubs-Namespace, und legen Sie einen Event Hub an.",
  "Open the event hub, choose Shared access policies → Add, and create a policy with the claim Send only.":
    "Öffnen Sie den Event Hub, wählen Sie *Shared access policies → Add*, und legen Sie eine Richtlinie nur mit der Berechtigung *Send* an.",
  "Enter the host name of the namespace, the name of the event hub, and the name and primary key of the policy.":
    "Tragen Sie den Hostnamen des Namespace, den Namen des Event Hubs sowie Name und primären Schlüssel der Richtlinie ein.",
  "Publishes each event to an Azure Event Grid topic as a CloudEvent, under the ID of the message.":
    "Veröffentlicht jedes Ereignis als CloudEvent unter der Nachrichten-ID in einem Topic von Azure Event Grid.",
  "Topic endpoint": "Topic-Endpunkt",
  "URL of a custom topic or domain with the schema Cloud Event v1.0, from its Overview in the Azure portal.":
    "URL eines benutzerdefinierten Topics oder einer Domain mit dem Schema *Cloud Event v1.0*, im Azure-Portal unter *Overview*.",
  "Access key": "Zugriffsschlüssel",
  "Key 1 or key 2 of the topic, from the page Access keys.": "Schlüssel 1 oder 2 des Topics, unter *Access keys*.",
  "Value of source in the events, which subscriptions can filter by. A URI or a path.":
    "Wert von source in den Ereignissen, nach dem Abonnements filtern können: eine URI oder ein Pfad.",
  "In the Azure portal, create an Event Grid topic, and choose Cloud Event Schema v1.0 on the tab Advanced. The schema cannot be changed later.":
    "Legen Sie im Azure-Portal ein Event-Grid-Topic an, und wählen Sie im Reiter *Advanced* das *Cloud Event Schema v1.0*. Das Schema lässt sich später nicht ändern.",
  "Copy the topic endpoint from Overview, and key 1 from Access keys, and enter both here.":
    "Kopieren Sie den Topic-Endpunkt aus *Overview* und Schlüssel 1 aus *Access keys*, und tragen Sie beide hier ein.",
  "Subscriptions can filter by the event type and by the source. To recognise a repeated event, compare source and id.":
    "Abonnements können nach Ereignistyp und Quelle filtern. Wiederholte Ereignisse erkennen Sie an source und id.",
  "Archives events as block blobs in a container of Azure Blob Storage. Each event is stored exactly once.":
    "Archiviert Ereignisse als Blockblobs in einem Container von Azure Blob Storage. Jedes Ereignis wird genau einmal gespeichert.",
  "Storage account": "Speicherkonto",
  "Name of the storage account.": "Name des Speicherkontos.",
  "Key 1 or key 2 of the storage account, from Security + networking → Access keys.":
    "Schlüssel 1 oder 2 des Speicherkontos, aus *Security + networking → Access keys*.",
  Container: "Container",
  "Name of the container.": "Name des Containers.",
  "URL of the Blob service in another cloud, or of an emulator. Leave empty for https://ACCOUNT.blob.core.windows.net.":
    "URL des Blob-Dienstes in einer anderen Cloud oder eines Emulators. Leer lassen für https://ACCOUNT.blob.core.windows.net.",
  "In the Azure portal, open the storage account, choose Data storage → Containers, and create a container without anonymous access.":
    "Öffnen Sie im Azure-Portal das Speicherkonto, wählen Sie *Data storage → Containers*, und legen Sie einen Container ohne anonymen Zugriff an.",
  "Choose Security + networking → Access keys, and copy key 1. Storage account key access must be enabled under Settings → Configuration.":
    "Wählen Sie *Security + networking → Access keys*, und kopieren Sie Schlüssel 1. Unter *Settings → Configuration* muss der Zugriff mit Kontoschlüsseln aktiviert sein.",
  "Enter the names of the account and the container, and the key.":
    "Tragen Sie die Namen von Konto und Container sowie den Schlüssel ein.",

  // ClickHouse
  "Inserts each event as a row into a ClickHouse table.":
    "Fügt jedes Ereignis als Zeile in eine ClickHouse-Tabelle ein.",
  "URL of the HTTP interface with its port: 8443 with TLS, as in ClickHouse Cloud, or 8123 without.":
    "URL der HTTP-Schnittstelle mit Port: 8443 mit TLS, wie in ClickHouse Cloud, oder 8123 ohne.",
  "User name": "Benutzername",
  "A user who can insert into this table and do nothing else.":
    "Ein Benutzer, der nur Zeilen in diese Tabelle einfügen darf.",
  Password: "Passwort",
  "Password of this user.": "Passwort dieses Benutzers.",
  Database: "Datenbank",
  "Name of the database.": "Name der Datenbank.",
  Table: "Tabelle",
  "Name of the table.": "Name der Tabelle.",
  Row: "Zeile",
  "columns: the columns below are filled from the message. payload: the members of the payload, a JSON object, are the columns.":
    "columns: Die Spalten unten werden aus der Nachricht gefüllt. payload: Der Payload ist ein JSON-Objekt, dessen Felder die Spalten sind.",
  Columns: "Spalten",
  "Which part of the message goes into which column, as part=column, separated by commas. Parts: id, eventId, eventType, createdAt, contentType, payload, payloadEncoding. A payload that is not text is encoded in base64, as payloadEncoding shows.":
    "Welcher Teil der Nachricht in welche Spalte kommt, als Teil=Spalte, durch Kommas getrennt. Teile: id, eventId, eventType, createdAt, contentType, payload, payloadEncoding. Payloads, die kein Text sind, werden in Base64 gespeichert; payloadEncoding gibt das an.",
  "Create a table, for example: CREATE TABLE events (id String, event_type LowCardinality(String), created_at DateTime64(3, 'UTC'), payload String) ENGINE = MergeTree ORDER BY created_at SETTINGS non_replicated_deduplication_window = 10000.":
    "Legen Sie eine Tabelle an, zum Beispiel: CREATE TABLE events (id String, event_type LowCardinality(String), created_at DateTime64(3, 'UTC'), payload String) ENGINE = MergeTree ORDER BY created_at SETTINGS non_replicated_deduplication_window = 10000.",
  "Create a user: CREATE USER webhooks IDENTIFIED BY '…'; GRANT INSERT ON events TO webhooks.":
    "Legen Sie einen Benutzer an: CREATE USER webhooks IDENTIFIED BY '…'; GRANT INSERT ON events TO webhooks.",
  "Enter the URL of the HTTP interface, the user, and the names of the database and the table.":
    "Tragen Sie die URL der HTTP-Schnittstelle, den Benutzer sowie die Namen von Datenbank und Tabelle ein.",
  "ClickHouse ignores repeated inserts within the deduplication window of the table. Replicated tables and ClickHouse Cloud have one by default.":
    "Wiederholte Einfügungen werden im Deduplizierungsfenster der Tabelle erkannt. Replizierte Tabellen und ClickHouse Cloud haben es standardmäßig.",
};
