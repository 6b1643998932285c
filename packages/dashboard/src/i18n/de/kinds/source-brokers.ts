/** German for the declarations of sources that are brokers, queues or buckets, by the English text. */
const typeOf = (topic: string): string =>
  `Typ der Ereignisse. \`{topic}\` wird durch ${topic} ersetzt, \`{topic:2}\` durch den zweiten Teil davon, und \`{header:NAME}\` durch einen Header der Nachricht.`;
const englishTypeOf = (topic: string): string =>
  `Type of the events. \`{topic}\` is replaced by the ${topic}, \`{topic:2}\` by its second part, and \`{header:NAME}\` by a header of the message.`;

export const sourceBrokers: Readonly<Record<string, string>> = {
  // Shared
  "Event type": "Ereignistyp",
  "Type of the events.": "Typ der Ereignisse.",
  [englishTypeOf("topic")]: typeOf("das Topic"),
  [englishTypeOf("routing key")]: typeOf("den Routing-Key"),
  [englishTypeOf("subject")]: typeOf("das Subject"),
  [englishTypeOf("stream")]: typeOf("den Stream"),
  [englishTypeOf("queue")]: typeOf("die Queue"),
  [englishTypeOf("subscription")]: typeOf("die Subscription"),
  "First read": "Erstes Lesen",
  "Consumer group": "Consumer-Gruppe",
  Topics: "Topics",
  Queue: "Queue",
  "Identity of messages": "Identität der Nachrichten",
  "`message-id`: a message is dropped if its message ID is already stored. `none`: each delivery is an event, even if the broker delivers a message again.":
    "`message-id`: Eine Nachricht, deren Nachrichten-ID schon gespeichert ist, wird verworfen. `none`: Jede Zustellung ist ein Ereignis, auch wenn der Broker eine Nachricht erneut zustellt.",

  // MQTT
  "Subscribes to topics of an MQTT broker, and emits an event for each message.":
    "Abonniert Topics eines MQTT-Brokers und erzeugt aus jeder Nachricht ein Ereignis.",
  "Create a user that may subscribe to the topics.": "Legen Sie einen Benutzer an, der die Topics abonnieren darf.",
  "Enter the URL, the topics and the credentials here. `state` says whether the source is connected.":
    "Tragen Sie URL, Topics und Zugangsdaten hier ein. `state` sagt, ob die Quelle verbunden ist.",
  "Publish with QoS 1. The broker keeps messages for a QoS 1 session while Posthorn is not connected.":
    "Veröffentlichen Sie mit QoS 1. Der Broker hebt Nachrichten für eine Sitzung mit QoS 1 auf, solange Posthorn nicht verbunden ist.",
  "A message of a topic: its exact payload.": "Eine Nachricht eines Topics: ihr Inhalt, Byte für Byte.",
  "Topic filters, one per line. `+` matches one level and `#` all levels below. With `$share/NAME/` in front, the broker divides the messages among all subscribers of that name.":
    "Topic-Filter, einer pro Zeile. `+` steht für eine Ebene und `#` für alle Ebenen darunter. Mit `$share/NAME/` davor verteilt der Broker die Nachrichten auf alle Abonnenten dieses Namens.",
  QoS: "QoS",
  "`1`: the broker keeps a message until Posthorn has stored it. `0`: messages can be lost while Posthorn is not connected.":
    "`1`: Der Broker hebt eine Nachricht auf, bis Posthorn sie gespeichert hat. `0`: Nachrichten können verloren gehen, solange Posthorn nicht verbunden ist.",
  Version: "Version",
  "Version of MQTT that the broker supports.": "MQTT-Version, die der Broker unterstützt.",
  "Retained messages": "Aufbewahrte Nachrichten",
  "Turn on to receive the retained message of each topic when a new subscription starts.":
    "Einschalten, um bei einem neuen Abonnement die letzte Nachricht jedes Topics zu erhalten, die der Broker aufbewahrt hat.",
  "Client ID": "Client-ID",
  "Name of the session at the broker. No other client may use it. Leave it empty for a name that is derived from the ID of the source.":
    "Name der Sitzung beim Broker. Kein anderer Client darf ihn verwenden. Leer lassen für einen Namen, der sich aus der ID der Quelle ergibt.",
  "Session expiry in seconds": "Ablauf der Sitzung in Sekunden",
  "How long the broker keeps the session and its messages while Posthorn is not connected. MQTT 3.1.1 has no such limit: the broker decides.":
    "Wie lange der Broker die Sitzung und ihre Nachrichten aufhebt, solange Posthorn nicht verbunden ist. MQTT 3.1.1 kennt diese Grenze nicht: Der Broker entscheidet.",
  "ID property": "Property mit der ID",
  "User property (MQTT 5) that holds a unique ID of the message. Messages whose ID is already stored are dropped. Leave it empty if publishers set none.":
    "User Property (MQTT 5) mit einer eindeutigen ID der Nachricht. Nachrichten, deren ID schon gespeichert ist, werden verworfen. Leer lassen, wenn Absender keine setzen.",

  // RabbitMQ
  "Consumes a queue of RabbitMQ or another AMQP 0.9.1 broker, and emits an event for each message.":
    "Liest eine Queue von RabbitMQ oder einem anderen AMQP-0.9.1-Broker und erzeugt aus jeder Nachricht ein Ereignis.",
  "Declare a durable queue, and bind it to the exchanges whose messages should become events.":
    "Legen Sie eine dauerhafte Queue an, und binden Sie sie an die Exchanges, deren Nachrichten zu Ereignissen werden sollen.",
  "Create a user for Posthorn with read permission on the queue.":
    "Legen Sie für Posthorn einen Benutzer mit Leserecht auf die Queue an.",
  "Enter the URI and the queue here. `state` says whether the source is connected.":
    "Tragen Sie URI und Queue hier ein. `state` sagt, ob die Quelle verbunden ist.",
  "Have publishers set a unique message ID, so that repeated deliveries are recognised.":
    "Lassen Sie Absender eine eindeutige Nachrichten-ID setzen, damit eine erneut zugestellte Nachricht erkannt wird.",
  "A message of the queue: its exact body.": "Eine Nachricht der Queue: ihr Inhalt, Byte für Byte.",
  "Name of an existing queue. Posthorn does not declare queues.":
    "Name einer bestehenden Queue. Posthorn legt keine Queues an.",

  // AMQP 1.0
  "Receives from an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid, Azure Service Bus or RabbitMQ 4, and emits an event for each message.":
    "Empfängt von einer Adresse eines AMQP-1.0-Brokers wie ActiveMQ Artemis, Qpid, Azure Service Bus oder RabbitMQ 4 und erzeugt aus jeder Nachricht ein Ereignis.",
  "Create the queue or subscription in the broker.": "Legen Sie die Queue oder Subscription im Broker an.",
  "Create an account that may receive from it.": "Legen Sie ein Konto an, das von ihr empfangen darf.",
  "Enter the URL, the address and the credentials here. `state` says whether the source is connected.":
    "Tragen Sie URL, Adresse und Zugangsdaten hier ein. `state` sagt, ob die Quelle verbunden ist.",
  "Have senders set a unique message ID, so that repeated deliveries are recognised.":
    "Lassen Sie Absender eine eindeutige Nachrichten-ID setzen, damit eine erneut zugestellte Nachricht erkannt wird.",
  "A message of the address: its exact body.": "Eine Nachricht der Adresse: ihr Inhalt, Byte für Byte.",
  "Queue or subscription, in the form that the broker uses, for example /queues/orders in RabbitMQ 4.":
    "Queue oder Subscription in der Form, die der Broker verwendet, zum Beispiel /queues/orders in RabbitMQ 4.",

  // Kafka
  "Consumes topics with a consumer group, and emits an event for each record.":
    "Liest Topics mit einer Consumer-Gruppe und erzeugt aus jedem Datensatz ein Ereignis.",
  "Create an account for Posthorn and allow it to read the topics and the group (operations Read and Describe, and Delete if Posthorn creates the group).":
    "Legen Sie ein Konto für Posthorn an, und erlauben Sie ihm, die Topics und die Gruppe zu lesen (Operationen Read und Describe, für eine eigene Gruppe auch Delete).",
  "Enter the brokers, the topics and the credentials here. `state` says whether the source is connected.":
    "Tragen Sie Broker, Topics und Zugangsdaten hier ein. `state` sagt, ob die Quelle verbunden ist.",
  "A record of a topic: its exact value.": "Ein Datensatz eines Topics: sein Wert, Byte für Byte.",
  "Names of existing topics, separated by commas.": "Namen bestehender Topics, durch Kommas getrennt.",
  "`new`: only records that are written after the source is created. `all`: everything in the topics.":
    "`new`: nur Datensätze, die nach dem Anlegen der Quelle geschrieben werden. `all`: alles, was die Topics enthalten.",
  "ID of the consumer group. Leave it empty to let Posthorn create a group and remove it with the source.":
    "ID der Consumer-Gruppe. Leer lassen für eine eigene Gruppe, die Posthorn mit der Quelle entfernt.",

  // NATS
  "Consumes a JetStream stream with a durable consumer, and emits an event for each message.":
    "Liest einen JetStream-Stream mit einem dauerhaften Consumer und erzeugt aus jeder Nachricht ein Ereignis.",
  "Create a user that may publish to $JS.API.> and $JS.ACK.>, and subscribe to _INBOX.>.":
    "Legen Sie einen Benutzer an, der auf $JS.API.> und $JS.ACK.> veröffentlichen und _INBOX.> abonnieren darf.",
  "Enter the servers, the stream and the credentials here. `state` says whether the source is connected.":
    "Tragen Sie Server, Stream und Zugangsdaten hier ein. `state` sagt, ob die Quelle verbunden ist.",
  "A message of the stream: its exact body.": "Eine Nachricht des Streams: ihr Inhalt, Byte für Byte.",
  "Name of an existing stream. Posthorn does not create streams.":
    "Name eines bestehenden Streams. Posthorn legt keine Streams an.",
  Subjects: "Subjects",
  "Subjects of the stream to read, separated by commas. `*` matches one part and `>` all parts below. Leave it empty for all.":
    "Subjects des Streams, die gelesen werden, durch Kommas getrennt. `*` steht für einen Teil und `>` für alle Teile darunter. Leer lassen für alle.",
  "`new`: only messages that arrive after the source is created. `all`: everything in the stream.":
    "`new`: nur Nachrichten, die nach dem Anlegen der Quelle eintreffen. `all`: alles, was der Stream enthält.",
  Consumer: "Consumer",
  "Name of an existing durable pull consumer with explicit acknowledgements. Leave it empty to let Posthorn create one, which it removes with the source.":
    "Name eines bestehenden dauerhaften Pull-Consumers mit expliziten Bestätigungen. Leer lassen, damit Posthorn einen anlegt, den es mit der Quelle entfernt.",

  // Redis
  "Reads a stream of Redis or Valkey with a consumer group, and emits an event for each entry.":
    "Liest einen Stream von Redis oder Valkey mit einer Consumer-Gruppe und erzeugt aus jedem Eintrag ein Ereignis.",
  "Create an ACL user that may read the stream: ACL SETUSER posthorn on >PASSWORD ~orders +xreadgroup +xack +xgroup, and +select for a database other than 0.":
    "Legen Sie einen ACL-Benutzer an, der den Stream lesen darf: ACL SETUSER posthorn on >PASSWORD ~orders +xreadgroup +xack +xgroup, und +select für eine andere Datenbank als 0.",
  "Enter the URL, the stream and the credentials here. `state` says whether the source is connected.":
    "Tragen Sie URL, Stream und Zugangsdaten hier ein. `state` sagt, ob die Quelle verbunden ist.",
  "An entry of the stream.": "Ein Eintrag des Streams.",
  "Key of the stream.": "Schlüssel des Streams.",
  "Field with the body": "Feld mit dem Inhalt",
  "Field of an entry whose value becomes the body of the event; the other fields become headers. Leave it empty for a JSON object with all fields.":
    "Feld eines Eintrags, dessen Wert zum Inhalt des Ereignisses wird; die übrigen Felder werden zu Headern. Leer lassen für ein JSON-Objekt mit allen Feldern.",
  "`new`: only entries that are added after the source is created. `all`: everything in the stream.":
    "`new`: nur Einträge, die nach dem Anlegen der Quelle hinzukommen. `all`: alles, was der Stream enthält.",
  "Name of an existing consumer group, which other consumers may share. Leave it empty to let Posthorn create one, which it removes with the source.":
    "Name einer bestehenden Consumer-Gruppe, die auch andere Consumer verwenden können. Leer lassen, damit Posthorn eine anlegt, die es mit der Quelle entfernt.",

  // SQS
  "Receives the messages of an Amazon SQS queue, standard or FIFO, and emits an event for each.":
    "Empfängt die Nachrichten einer Amazon-SQS-Queue (Standard oder FIFO) und erzeugt aus jeder ein Ereignis.",
  "In the SQS console, set the visibility timeout of the queue to at least 30 seconds.":
    "Setzen Sie in der SQS-Konsole den Visibility Timeout der Queue auf mindestens 30 Sekunden.",
  "In the IAM console, create a policy that allows sqs:ReceiveMessage and sqs:DeleteMessage on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die sqs:ReceiveMessage und sqs:DeleteMessage nur für diese Ressource erlaubt.",
  "URL of the queue, from its page in the SQS console under Details.":
    "URL der Queue, von ihrer Seite in der SQS-Konsole unter Details.",
  Receivers: "Empfänger",
  "Requests that wait for messages at the same time. Each receives up to 10 messages.":
    "Anfragen, die gleichzeitig auf Nachrichten warten. Jede empfängt bis zu 10 Nachrichten.",

  // Pub/Sub
  "Pulls the messages of a subscription of Google Cloud Pub/Sub, and emits an event for each.":
    "Holt die Nachrichten einer Subscription von Google Cloud Pub/Sub ab und erzeugt aus jeder ein Ereignis.",
  "In the Google Cloud console, open Pub/Sub → Subscriptions and create a subscription with the delivery type Pull and an acknowledgement deadline of at least 60 seconds.":
    "Öffnen Sie in der Google-Cloud-Konsole Pub/Sub → Subscriptions, und legen Sie eine Subscription mit dem Zustellungstyp Pull und einer Bestätigungsfrist von mindestens 60 Sekunden an.",
  "Grant it the role Pub/Sub Subscriber on the subscription only, under Permissions of the subscription.":
    "Geben Sie ihm die Rolle Pub/Sub Subscriber nur für die Subscription, unter Permissions der Subscription.",
  "Enter the project ID and the subscription ID. `state` says whether the source is connected.":
    "Tragen Sie Projekt-ID und Subscription-ID ein. `state` sagt, ob die Quelle verbunden ist.",
  "A message of the subscription: its exact data.": "Eine Nachricht der Subscription: ihre Daten, Byte für Byte.",
  "ID of the Google Cloud project that contains the subscription.":
    "ID des Google-Cloud-Projekts, in dem die Subscription liegt.",
  "Subscription ID": "Subscription-ID",
  "ID of a pull subscription, without projects/…/subscriptions/ before it.":
    "ID einer Pull-Subscription, ohne projects/…/subscriptions/ davor.",

  // S3
  "Lists a bucket of Amazon S3, or of a service with its API, and emits an event for each new or changed object.":
    "Listet einen Bucket von Amazon S3 oder einem Dienst mit dessen API auf und erzeugt aus jedem neuen oder geänderten Objekt ein Ereignis.",
  "In the IAM console, create a policy that allows s3:ListBucket and s3:GetObject on this resource only.":
    "Legen Sie in der IAM-Konsole eine Richtlinie an, die s3:ListBucket und s3:GetObject nur für diese Ressource erlaubt.",
  "Enter the name of the bucket, and a prefix to read only one folder.":
    "Tragen Sie den Namen des Buckets ein, und ein Präfix, wenn nur ein Ordner gelesen werden soll.",
  "An object is new or was changed: its bucket, key, size, ETag and time as JSON, or its content.":
    "Ein Objekt ist neu oder wurde geändert: Bucket, Schlüssel, Größe, ETag und Zeit als JSON, oder sein Inhalt.",
  Prefix: "Präfix",
  "Only objects whose key starts with this prefix. A prefix keeps the list short: each poll reads up to 20,000 keys.":
    "Nur Objekte, deren Schlüssel damit beginnt. Ein Präfix hält die Liste kurz: Jede Abfrage liest bis zu 20.000 Schlüssel.",
  Suffix: "Suffix",
  "Only objects whose key ends with this suffix.": "Nur Objekte, deren Schlüssel damit endet.",
  "Read the content": "Inhalt lesen",
  "Turn on to emit the content of an object as the body of the event. It is decompressed according to its Content-Encoding. Objects that are larger than the limit are described as JSON.":
    "Einschalten, um den Inhalt eines Objekts als Inhalt des Ereignisses zu erhalten. Er wird gemäß seinem Content-Encoding entpackt. Objekte, die größer als die Grenze sind, werden als JSON beschrieben.",
  "Largest object in bytes": "Größtes Objekt in Bytes",
  "Largest object whose content is read.": "Größtes Objekt, dessen Inhalt gelesen wird.",
  "Interval in seconds": "Intervall in Sekunden",
  "Time between two polls. Up to 10 percent is added, so that sources with the same interval are not read at the same moment.":
    "Zeit zwischen zwei Abfragen. Bis zu 10 Prozent kommen hinzu, damit Quellen mit demselben Intervall nicht im selben Moment gelesen werden.",
  "`baseline` emits no event for what exists when the source is created. `all` emits events for all of it.":
    "`baseline` erzeugt keine Ereignisse für das, was beim Anlegen der Quelle schon vorhanden ist. `all` erzeugt Ereignisse für alles davon.",
};
