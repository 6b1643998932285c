/** French for the declarations of brokers, databases and mail, by the English text. Names in `*stars*` stay English. */
export const brokers: Readonly<Record<string, string>> = {
  // Shared by connections
  TLS: "TLS",
  "Name of the account. Leave it empty if the server does not require one.":
    "Nom du compte. Laissez vide si le serveur n’en exige pas.",
  "Password of the account.": "Mot de passe du compte.",
  "Certificate authority": "Autorité de certification",
  "PEM certificates that the server's certificate must be signed by. Leave it empty if a public authority signed it.":
    "Certificats PEM qui doivent avoir signé celui du serveur. Laissez vide s’il est signé par une autorité publique.",
  "Client certificate": "Certificat client",
  "PEM certificate to present to servers that require one (mutual TLS).":
    "Certificat PEM à présenter aux serveurs qui en exigent un (TLS mutuel).",
  "Client key": "Clé du certificat client",
  "PEM private key of the client certificate, without a passphrase.":
    "Clé privée PEM du certificat client, sans phrase secrète.",

  // Kafka
  "Produces each message to a topic, with the ordering key as the record's key.":
    "Écrit chaque message dans un topic, avec la clé d’ordre comme clé de l’enregistrement.",
  "Bootstrap brokers": "Brokers d’amorçage",
  "Hosts and ports of one or more brokers, separated by commas. The other brokers that these advertise are contacted too.":
    "Hôtes et ports d’un ou de plusieurs brokers, séparés par des virgules. Les autres brokers qu’ils annoncent sont également contactés.",
  "Name of an existing topic. Missing topics are not created.":
    "Nom d’un topic existant. Les topics manquants ne sont pas créés.",
  "Turn on if the brokers use TLS (security protocol SSL or SASL_SSL).":
    "À activer si les brokers utilisent TLS (protocole de sécurité SSL ou SASL_SSL).",
  "SASL mechanism": "Mécanisme SASL",
  "How to authenticate. Choose none for listeners without authentication or with client certificates.":
    "Méthode d’authentification. Choisissez none pour les listeners sans authentification ou avec certificats clients.",
  "Create the topic, for example with kafka-topics.sh --create --topic webhooks.":
    "Créez le topic, par exemple avec kafka-topics.sh --create --topic webhooks.",
  "Create an account that may write to the topic (operations Write, Describe and IdempotentWrite).":
    "Créez un compte autorisé à écrire dans le topic (opérations Write, Describe et IdempotentWrite).",
  "Make sure that the address that each broker advertises (advertised.listeners) is reachable from this server.":
    "Vérifiez que l’adresse annoncée par chaque broker (advertised.listeners) est accessible depuis ce serveur.",
  "Enter the brokers, the topic and the credentials here, and send a test event.":
    "Saisissez ici les brokers, le topic et les identifiants, puis envoyez un événement de test.",

  // RabbitMQ
  "Publishes each message to an exchange, or directly to a queue, and waits until the broker has confirmed it.":
    "Publie chaque message dans un exchange, ou directement dans une file, et attend la confirmation du broker.",
  URI: "URI",
  "AMQP URI with user name, password and virtual host. It is stored encrypted and never shown again.":
    "URI AMQP avec nom d’utilisateur, mot de passe et hôte virtuel. Elle est enregistrée chiffrée et n’est plus jamais affichée.",
  Exchange: "Exchange",
  "Name of an existing exchange. Leave it empty for the default exchange, which delivers to the queue that the routing key names.":
    "Nom d’un exchange existant. Laissez vide pour l’exchange par défaut, qui livre à la file désignée par la clé de routage.",
  "Routing key": "Clé de routage",
  "Routing key of each message. With the default exchange, the name of the queue.":
    "Clé de routage de chaque message. Avec l’exchange par défaut, le nom de la file.",
  "Declare a durable queue for the messages, and bind it to the exchange if you use one.":
    "Déclarez une file durable pour les messages, et liez-la à l’exchange si vous en utilisez un.",
  "Create a user with write permission on the exchange (amq.default for the default exchange).":
    "Créez un utilisateur ayant le droit d’écriture sur l’exchange (amq.default pour l’exchange par défaut).",
  "Enter the URI and the routing key here, and send a test event.":
    "Saisissez ici l’URI et la clé de routage, puis envoyez un événement de test.",

  // AMQP 1.0
  "Sends each message to an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid or RabbitMQ 4.":
    "Envoie chaque message à une adresse d’un broker AMQP 1.0, tel que ActiveMQ Artemis, Qpid ou RabbitMQ 4.",
  "Protocol, host and port of the broker. Use amqps for TLS.":
    "Protocole, hôte et port du broker. Utilisez amqps pour TLS.",
  Address: "Adresse",
  "Queue or topic, in the form that the broker uses, for example /queues/webhooks in RabbitMQ 4.":
    "File ou topic, dans la notation du broker, par exemple /queues/webhooks pour RabbitMQ 4.",
  "User name for SASL PLAIN. Leave it empty for ANONYMOUS, or EXTERNAL with a client certificate.":
    "Nom d’utilisateur pour SASL PLAIN. Laissez vide pour ANONYMOUS, ou pour EXTERNAL avec un certificat client.",
  "Create the queue or topic in the broker.": "Créez la file ou le topic dans le broker.",
  "Create an account that may send to it.": "Créez un compte autorisé à y envoyer des messages.",
  "Enter the URL, the address and the credentials here, and send a test event.":
    "Saisissez ici l’URL, l’adresse et les identifiants, puis envoyez un événement de test.",

  // NATS
  "Publishes each message to a JetStream subject, which recognises messages that are sent again.":
    "Publie chaque message sur un sujet JetStream, qui reconnaît les messages envoyés de nouveau.",
  Servers: "Serveurs",
  "Hosts and ports of one or more servers, separated by commas. Servers that these announce are not used.":
    "Hôtes et ports d’un ou de plusieurs serveurs, séparés par des virgules. Les serveurs qu’ils annoncent ne sont pas utilisés.",
  Subject: "Sujet",
  "Subject of each message. A stream must store it.": "Sujet de chaque message. Un flux doit l’enregistrer.",
  "Turn on to require TLS.": "À activer pour exiger TLS.",
  Token: "Jeton",
  "Token of servers that authenticate by token.": "Jeton, pour les serveurs qui authentifient par jeton.",
  "NKey seed": "Seed NKey",
  "Seed of a user's NKey. It starts with SU.": "Seed de la NKey d’un utilisateur. Il commence par SU.",
  "Credentials file": "Fichier d’identifiants",
  "Contents of a .creds file with a user's JWT and seed.":
    "Contenu d’un fichier .creds avec le JWT et le seed d’un utilisateur.",
  "Create a stream whose subjects include the subject, for example with nats stream add.":
    "Créez un flux dont les sujets comprennent ce sujet, par exemple avec nats stream add.",
  "Create a user that may publish to the subject and subscribe to _INBOX.>.":
    "Créez un utilisateur autorisé à publier sur le sujet et à s’abonner à _INBOX.>.",
  "Enter the servers, the subject and the credentials here, and send a test event.":
    "Saisissez ici les serveurs, le sujet et les identifiants, puis envoyez un événement de test.",

  // Redis
  "Redis streams": "Flux Redis",
  "Appends each message to a stream of Redis or Valkey.": "Ajoute chaque message à un flux de Redis ou de Valkey.",
  "Protocol, host, port and database number of the server. Use rediss for TLS.":
    "Protocole, hôte, port et numéro de base de données du serveur. Utilisez rediss pour TLS.",
  Stream: "Flux",
  "Key of the stream. Redis creates it with the first message.": "Clé du flux. Redis le crée avec le premier message.",
  "Maximum length": "Longueur maximale",
  "Approximate number of entries to keep. Redis removes older ones. Leave it empty to keep all.":
    "Nombre approximatif d’entrées à conserver. Redis supprime les plus anciennes. Laissez vide pour tout conserver.",
  "User name of an ACL user. Leave it empty for the default user.":
    "Nom d’un utilisateur ACL. Laissez vide pour l’utilisateur par défaut.",
  "Create an ACL user that may run XADD on the stream: ACL SETUSER webhooks on >PASSWORD ~webhooks +xadd, and +select for a database other than 0.":
    "Créez un utilisateur ACL autorisé à exécuter XADD sur le flux : ACL SETUSER webhooks on >PASSWORD ~webhooks +xadd, et +select pour une base de données autre que 0.",
  "Set appendonly to yes, and appendfsync to always if a confirmed message must survive a crash of the server.":
    "Réglez appendonly sur yes, et appendfsync sur always si un message confirmé doit survivre à une panne du serveur.",
  "Enter the URL, the stream and the credentials here, and send a test event.":
    "Saisissez ici l’URL, le flux et les identifiants, puis envoyez un événement de test.",

  // MQTT
  "Publishes each message to a topic of an MQTT 5 broker with QoS 1.":
    "Publie chaque message sur un topic d’un broker MQTT 5 avec la QoS 1.",
  "Protocol, host and port of the broker. Use mqtts for TLS.":
    "Protocole, hôte et port du broker. Utilisez mqtts pour TLS.",
  "Topic of each message, without wildcards.": "Topic de chaque message, sans caractères génériques.",
  Retain: "Conserver (retain)",
  "Turn on if the broker should keep the last message for new subscribers.":
    "À activer si le broker doit conserver le dernier message pour les nouveaux abonnés.",
  "Create a user that may publish to the topic.": "Créez un utilisateur autorisé à publier sur le topic.",
  "Make sure that a consumer has a persistent session. Brokers discard messages that have no subscriber.":
    "Vérifiez qu’un consommateur a une session persistante. Les brokers rejettent les messages sans abonné.",
  "Enter the URL, the topic and the credentials here, and send a test event.":
    "Saisissez ici l’URL, le topic et les identifiants, puis envoyez un événement de test.",

  // PostgreSQL
  "Inserts each message as a row into a table, exactly once.":
    "Insère chaque message comme une ligne dans une table, exactement une fois.",
  "Protocol, host, port and database, without user name and password.":
    "Protocole, hôte, port et base de données, sans nom d’utilisateur ni mot de passe.",
  "Role that may insert into the table.": "Rôle autorisé à insérer dans la table.",
  "Table of the rows, with its schema if it is not on the search path.":
    "Table des lignes, avec son schéma s’il n’est pas dans le chemin de recherche.",
  "verify-full requires TLS and a certificate for the host; disable connects without encryption.":
    "verify-full exige TLS et un certificat pour l’hôte ; disable se connecte sans chiffrement.",
  "Create the table: CREATE TABLE webhooks (id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL, content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL). Payloads that are always JSON can be stored as jsonb instead of bytea.":
    "Créez la table : CREATE TABLE webhooks (id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL, content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL). Si les charges utiles sont toujours du JSON, jsonb convient aussi à la place de bytea.",
  "Create a role that may insert rows: GRANT INSERT, SELECT (id) ON webhooks TO webhooks_writer.":
    "Créez un rôle autorisé à insérer des lignes : GRANT INSERT, SELECT (id) ON webhooks TO webhooks_writer.",
  "Enter the URL, the credentials and the table here, and send a test event.":
    "Saisissez ici l’URL, les identifiants et la table, puis envoyez un événement de test.",

  // Email
  "Email (SMTP)": "E-mail (SMTP)",
  "Sends each message as an email, with the payload as text and a summary in HTML.":
    "Envoie chaque message par e-mail, avec la charge utile en texte et un résumé en HTML.",
  Server: "Serveur",
  "Host name of the SMTP server that sends your mail.": "Nom d’hôte du serveur SMTP qui envoie vos e-mails.",
  Port: "Port",
  "587 with STARTTLS, 465 with TLS.": "587 avec STARTTLS, 465 avec TLS.",
  Encryption: "Chiffrement",
  "starttls requires an encrypted connection after the greeting; tls starts with one; none sends everything in clear text.":
    "starttls exige une connexion chiffrée après l’accueil ; tls commence par une connexion chiffrée ; none envoie tout en clair.",
  From: "De",
  "Address of the sender. The server must accept it.": "Adresse de l’expéditeur. Le serveur doit l’accepter.",
  To: "À",
  "Addresses of up to 10 recipients, separated by commas.":
    "Adresses de 10 destinataires au plus, séparées par des virgules.",
  "{{eventType}}, {{eventId}} and {{messageId}} are replaced with those of the message.":
    "{{eventType}}, {{eventId}} et {{messageId}} sont remplacés par ceux du message.",
  "HTML summary": "Résumé HTML",
  "Adds an HTML part with title, text, fields and link of the event. Mail programs show it instead of the payload.":
    "Ajoute une partie HTML avec le titre, le texte, les champs et le lien de l’événement. Les messageries l’affichent à la place de la charge utile.",
  "Unsubscribe link": "Lien de désabonnement",
  "https: or mailto: URL that lets recipients unsubscribe (header List-Unsubscribe). Mail providers expect it from senders of many emails.":
    "URL https: ou mailto: qui permet aux destinataires de se désabonner (en-tête List-Unsubscribe). Les fournisseurs de messagerie l’attendent des expéditeurs de nombreux e-mails.",
  "Create an account or an app password for SMTP at your mail provider.":
    "Créez un compte ou un mot de passe d’application pour SMTP chez votre fournisseur de messagerie.",
  "Allow the sender address for this account, and set up SPF and DKIM for its domain.":
    "Autorisez l’adresse d’expéditeur pour ce compte, et configurez SPF et DKIM pour son domaine.",
  "Enter the server, the credentials and the addresses here, and send a test event.":
    "Saisissez ici le serveur, les identifiants et les adresses, puis envoyez un événement de test.",
};
