/** German for the declarations of brokers, databases and mail, by the English text. Names in `*stars*` stay English. */
export const brokers: Readonly<Record<string, string>> = {
  // Shared by connections
  Topic: "Topic",
  TLS: "TLS",
  "Name of the account. Leave it empty if the server does not require one.":
    "Name des Kontos. Leer lassen, wenn der Server keines verlangt.",
  "Password of the account.": "Passwort des Kontos.",
  "Certificate authority": "Zertifizierungsstelle",
  "PEM certificates that the server's certificate must be signed by. Leave it empty if a public authority signed it.":
    "PEM-Zertifikate, von denen das Zertifikat des Servers signiert sein muss. Leer lassen, wenn eine öffentliche Zertifizierungsstelle es signiert hat.",
  "Client certificate": "Client-Zertifikat",
  "PEM certificate to present to servers that require one (mutual TLS).":
    "PEM-Zertifikat für Server, die ein Client-Zertifikat verlangen (mutual TLS).",
  "Client key": "Schlüssel des Client-Zertifikats",
  "PEM private key of the client certificate, without a passphrase.":
    "Privater PEM-Schlüssel des Client-Zertifikats, ohne Passphrase.",

  // Kafka
  "Produces each message to a topic, with the ordering key as the record's key.":
    "Schreibt jede Nachricht in ein Topic, mit dem Ordnungsschlüssel als Schlüssel des Datensatzes.",
  "Bootstrap brokers": "Bootstrap-Broker",
  "Hosts and ports of one or more brokers, separated by commas. The other brokers that these advertise are contacted too.":
    "Hosts und Ports eines oder mehrerer Broker, durch Kommas getrennt. Auch die anderen Broker, die diese bekannt geben, werden kontaktiert.",
  "Name of an existing topic. Missing topics are not created.":
    "Name eines bestehenden Topics. Fehlende Topics werden nicht angelegt.",
  "Turn on if the brokers use TLS (security protocol SSL or SASL_SSL).":
    "Ob der Listener der Broker TLS verwendet (Sicherheitsprotokoll SSL oder SASL_SSL).",
  "SASL mechanism": "SASL-Mechanismus",
  "How to authenticate. Choose none for listeners without authentication or with client certificates.":
    "Art der Anmeldung. Wählen Sie none für Listener ohne Anmeldung oder mit Client-Zertifikaten.",
  "Create the topic, for example with kafka-topics.sh --create --topic webhooks.":
    "Legen Sie das Topic an, zum Beispiel mit kafka-topics.sh --create --topic webhooks.",
  "Create an account that may write to the topic (operations Write, Describe and IdempotentWrite).":
    "Legen Sie ein Konto an, das in das Topic schreiben darf (Operationen Write, Describe und IdempotentWrite).",
  "Make sure that the address that each broker advertises (advertised.listeners) is reachable from this server.":
    "Stellen Sie sicher, dass die Adresse, die jeder Broker bekannt gibt (advertised.listeners), von diesem Server aus erreichbar ist.",
  "Enter the brokers, the topic and the credentials here, and send a test event.":
    "Tragen Sie Broker, Topic und Zugangsdaten hier ein, und senden Sie ein Testereignis.",

  // RabbitMQ
  "Publishes each message to an exchange, or directly to a queue, and waits until the broker has confirmed it.":
    "Veröffentlicht jede Nachricht an einen Exchange oder direkt in eine Queue und wartet auf die Bestätigung des Brokers.",
  URI: "URI",
  "AMQP URI with user name, password and virtual host. It is stored encrypted and never shown again.":
    "AMQP-URI mit Benutzername, Passwort und virtuellem Host. Sie wird verschlüsselt gespeichert und nicht wieder angezeigt.",
  Exchange: "Exchange",
  "Name of an existing exchange. Leave it empty for the default exchange, which delivers to the queue that the routing key names.":
    "Name eines bestehenden Exchange. Leer lassen für den Standard-Exchange, der an die Queue zustellt, die der Routing-Key nennt.",
  "Routing key": "Routing-Key",
  "Routing key of each message. With the default exchange, the name of the queue.":
    "Routing-Key jeder Nachricht. Beim Standard-Exchange der Name der Queue.",
  "Declare a durable queue for the messages, and bind it to the exchange if you use one.":
    "Legen Sie eine dauerhafte Queue für die Nachrichten an, und binden Sie sie an den Exchange, falls Sie einen verwenden.",
  "Create a user with write permission on the exchange (amq.default for the default exchange).":
    "Legen Sie einen Benutzer mit Schreibrecht auf den Exchange an (amq.default für den Standard-Exchange).",
  "Enter the URI and the routing key here, and send a test event.":
    "Tragen Sie URI und Routing-Key hier ein, und senden Sie ein Testereignis.",

  // AMQP 1.0
  "Sends each message to an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid or RabbitMQ 4.":
    "Sendet jede Nachricht an eine Adresse eines AMQP-1.0-Brokers, etwa ActiveMQ Artemis, Qpid oder RabbitMQ 4.",
  "Protocol, host and port of the broker. Use amqps for TLS.":
    "Protokoll, Host und Port des Brokers. Verwenden Sie amqps für TLS.",
  Address: "Adresse",
  "Queue or topic, in the form that the broker uses, for example /queues/webhooks in RabbitMQ 4.":
    "Queue oder Topic in der Schreibweise des Brokers, zum Beispiel /queues/webhooks in RabbitMQ 4.",
  "User name for SASL PLAIN. Leave it empty for ANONYMOUS, or EXTERNAL with a client certificate.":
    "Benutzername für SASL PLAIN. Leer lassen für ANONYMOUS oder, mit Client-Zertifikat, EXTERNAL.",
  "Create the queue or topic in the broker.": "Legen Sie die Queue oder das Topic im Broker an.",
  "Create an account that may send to it.": "Legen Sie ein Konto an, das dorthin senden darf.",
  "Enter the URL, the address and the credentials here, and send a test event.":
    "Tragen Sie URL, Adresse und Zugangsdaten hier ein, und senden Sie ein Testereignis.",

  // NATS
  "Publishes each message to a JetStream subject, which recognises messages that are sent again.":
    "Veröffentlicht jede Nachricht unter einem JetStream-Subject, das wiederholt gesendete Nachrichten erkennt.",
  Servers: "Server",
  "Hosts and ports of one or more servers, separated by commas. Servers that these announce are not used.":
    "Hosts und Ports eines oder mehrerer Server, durch Kommas getrennt. Weitere Server, die diese bekannt geben, werden nicht verwendet.",
  Subject: "Subject",
  "Subject of each message. A stream must store it.": "Subject jeder Nachricht. Ein Stream muss es speichern.",
  "Turn on to require TLS.": "Ob TLS verlangt wird.",
  Token: "Token",
  "Token of servers that authenticate by token.": "Token, für Server mit Token-Anmeldung.",
  "NKey seed": "NKey-Seed",
  "Seed of a user's NKey. It starts with SU.": "Seed des NKeys eines Benutzers. Er beginnt mit SU.",
  "Credentials file": "Credentials-Datei",
  "Contents of a .creds file with a user's JWT and seed.":
    "Inhalt einer .creds-Datei mit JWT und Seed eines Benutzers.",
  "Create a stream whose subjects include the subject, for example with nats stream add.":
    "Legen Sie einen Stream an, der das Subject umfasst, zum Beispiel mit nats stream add.",
  "Create a user that may publish to the subject and subscribe to _INBOX.>.":
    "Legen Sie einen Benutzer an, der unter dem Subject veröffentlichen und _INBOX.> abonnieren darf.",
  "Enter the servers, the subject and the credentials here, and send a test event.":
    "Tragen Sie Server, Subject und Zugangsdaten hier ein, und senden Sie ein Testereignis.",

  // Redis
  "Redis streams": "Redis-Streams",
  "Appends each message to a stream of Redis or Valkey.":
    "Hängt jede Nachricht an einen Stream von Redis oder Valkey an.",
  "Protocol, host, port and database number of the server. Use rediss for TLS.":
    "Protokoll, Host, Port und Datenbanknummer des Servers. Verwenden Sie rediss für TLS.",
  Stream: "Stream",
  "Key of the stream. Redis creates it with the first message.":
    "Schlüssel des Streams. Redis legt ihn mit der ersten Nachricht an.",
  "Maximum length": "Maximale Länge",
  "Approximate number of entries to keep. Redis removes older ones. Leave it empty to keep all.":
    "Ungefähre Anzahl der Einträge, die erhalten bleiben. Ältere entfernt Redis. Leer lassen, um alle zu behalten.",
  "User name of an ACL user. Leave it empty for the default user.":
    "Name eines ACL-Benutzers. Leer lassen für den Standardbenutzer.",
  "Create an ACL user that may run XADD on the stream: ACL SETUSER webhooks on >PASSWORD ~webhooks +xadd, and +select for a database other than 0.":
    "Legen Sie einen ACL-Benutzer an, der auf dem Stream XADD ausführen darf: ACL SETUSER webhooks on >PASSWORT ~webhooks +xadd, für eine andere Datenbank als 0 zusätzlich +select.",
  "Set appendonly to yes, and appendfsync to always if a confirmed message must survive a crash of the server.":
    "Setzen Sie appendonly auf yes, und appendfsync auf always, wenn eine bestätigte Nachricht einen Absturz des Servers überstehen muss.",
  "Enter the URL, the stream and the credentials here, and send a test event.":
    "Tragen Sie URL, Stream und Zugangsdaten hier ein, und senden Sie ein Testereignis.",

  // MQTT
  "Publishes each message to a topic of an MQTT 5 broker with QoS 1.":
    "Veröffentlicht jede Nachricht mit QoS 1 unter einem Topic eines MQTT-5-Brokers.",
  "Protocol, host and port of the broker. Use mqtts for TLS.":
    "Protokoll, Host und Port des Brokers. Verwenden Sie mqtts für TLS.",
  "Topic of each message, without wildcards.": "Topic jeder Nachricht, ohne Platzhalter.",
  Retain: "Aufbewahren (Retain)",
  "Turn on if the broker should keep the last message for new subscribers.":
    "Ob der Broker die letzte Nachricht für neue Abonnenten aufbewahrt.",
  "Create a user that may publish to the topic.":
    "Legen Sie einen Benutzer an, der unter dem Topic veröffentlichen darf.",
  "Make sure that a consumer has a persistent session. Brokers discard messages that have no subscriber.":
    "Sorgen Sie für einen Consumer mit dauerhafter Sitzung: Nachrichten ohne Abonnenten verwirft der Broker.",
  "Enter the URL, the topic and the credentials here, and send a test event.":
    "Tragen Sie URL, Topic und Zugangsdaten hier ein, und senden Sie ein Testereignis.",

  // PostgreSQL
  "Inserts each message as a row into a table, exactly once.":
    "Fügt jede Nachricht genau einmal als Zeile in eine Tabelle ein.",
  "Protocol, host, port and database, without user name and password.":
    "Protokoll, Host, Port und Datenbank, ohne Benutzername und Passwort.",
  "Role that may insert into the table.": "Rolle, die Zeilen in die Tabelle einfügen darf.",
  "Table of the rows, with its schema if it is not on the search path.":
    "Tabelle für die Zeilen, mit ihrem Schema, falls es nicht im Suchpfad liegt.",
  "verify-full requires TLS and a certificate for the host; disable connects without encryption.":
    "verify-full verlangt TLS und ein Zertifikat für den Host; disable verbindet unverschlüsselt.",
  "Create the table: CREATE TABLE webhooks (id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL, content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL). Payloads that are always JSON can be stored as jsonb instead of bytea.":
    "Legen Sie die Tabelle an: CREATE TABLE webhooks (id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL, content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL). Sind alle Payloads JSON, ist statt bytea auch jsonb möglich.",
  "Create a role that may insert rows: GRANT INSERT, SELECT (id) ON webhooks TO webhooks_writer.":
    "Legen Sie eine Rolle an, die Zeilen einfügen darf: GRANT INSERT, SELECT (id) ON webhooks TO webhooks_writer.",
  "Enter the URL, the credentials and the table here, and send a test event.":
    "Tragen Sie URL, Zugangsdaten und Tabelle hier ein, und senden Sie ein Testereignis.",

  // E-mail
  "Email (SMTP)": "E-Mail (SMTP)",
  "Sends each message as an email, with the payload as text and a summary in HTML.":
    "Sendet jede Nachricht als E-Mail, mit dem Payload als Text und einer Zusammenfassung in HTML.",
  Server: "Server",
  "Host name of the SMTP server that sends your mail.": "Host des SMTP-Servers, über den Sie E-Mails versenden.",
  Port: "Port",
  "587 with STARTTLS, 465 with TLS.": "587 mit STARTTLS, 465 mit TLS.",
  Encryption: "Verschlüsselung",
  "starttls requires an encrypted connection after the greeting; tls starts with one; none sends everything in clear text.":
    "starttls verlangt nach der Begrüßung eine verschlüsselte Verbindung; tls beginnt mit einer; none sendet alles im Klartext.",
  From: "Von",
  "Address of the sender. The server must accept it.": "Adresse des Absenders. Der Server muss sie annehmen.",
  To: "An",
  "Addresses of up to 10 recipients, separated by commas.": "Adressen von bis zu 10 Empfängern, durch Kommas getrennt.",
  "{{eventType}}, {{eventId}} and {{messageId}} are replaced with those of the message.":
    "{{eventType}}, {{eventId}} und {{messageId}} werden durch die Werte der Nachricht ersetzt.",
  "HTML summary": "HTML-Zusammenfassung",
  "Adds an HTML part with title, text, fields and link of the event. Mail programs show it instead of the payload.":
    "Ergänzt einen HTML-Teil mit Titel, Text, Feldern und Link des Ereignisses. Mail-Programme zeigen ihn anstelle des Payloads.",
  "Unsubscribe link": "Abmelde-Link",
  "https: or mailto: URL that lets recipients unsubscribe (header List-Unsubscribe). Mail providers expect it from senders of many emails.":
    "URL mit https: oder mailto:, über die sich Empfänger abmelden (Header List-Unsubscribe). Mail-Anbieter erwarten sie von Absendern vieler Mails.",
  "Create an account or an app password for SMTP at your mail provider.":
    "Legen Sie bei Ihrem Mail-Anbieter ein Konto oder ein App-Passwort für SMTP an.",
  "Allow the sender address for this account, and set up SPF and DKIM for its domain.":
    "Erlauben Sie diesem Konto die Absenderadresse, und richten Sie SPF und DKIM für ihre Domain ein.",
  "Enter the server, the credentials and the addresses here, and send a test event.":
    "Tragen Sie Server, Zugangsdaten und Adressen hier ein, und senden Sie ein Testereignis.",
};
