/** Spanish for the declarations of brokers, databases and mail, by the English text. Names in `*stars*` stay English. */
export const brokers: Readonly<Record<string, string>> = {
  // Shared by connections
  TLS: "TLS",
  "Name of the account. Leave it empty if the server does not require one.":
    "Nombre de la cuenta. Déjelo vacío si el servidor no exige ninguna.",
  "Password of the account.": "Contraseña de la cuenta.",
  "Certificate authority": "Autoridad de certificación",
  "PEM certificates that the server's certificate must be signed by. Leave it empty if a public authority signed it.":
    "Certificados PEM que deben haber firmado el del servidor. Déjelo vacío si lo firmó una autoridad pública.",
  "Client certificate": "Certificado de cliente",
  "PEM certificate to present to servers that require one (mutual TLS).":
    "Certificado PEM que se presenta a los servidores que exigen uno (TLS mutuo).",
  "Client key": "Clave del certificado de cliente",
  "PEM private key of the client certificate, without a passphrase.":
    "Clave privada PEM del certificado de cliente, sin frase de contraseña.",

  // Kafka
  "Produces each message to a topic, with the ordering key as the record's key.":
    "Escribe cada mensaje en un topic, con la clave de orden como clave del registro.",
  "Bootstrap brokers": "Brokers de arranque",
  "Hosts and ports of one or more brokers, separated by commas. The other brokers that these advertise are contacted too.":
    "Hosts y puertos de uno o varios brokers, separados por comas. También se contacta con los demás brokers que estos anuncian.",
  "Name of an existing topic. Missing topics are not created.":
    "Nombre de un topic existente. Los topics que faltan no se crean.",
  "Turn on if the brokers use TLS (security protocol SSL or SASL_SSL).":
    "Actívelo si los brokers usan TLS (protocolo de seguridad SSL o SASL_SSL).",
  "SASL mechanism": "Mecanismo SASL",
  "How to authenticate. Choose none for listeners without authentication or with client certificates.":
    "Método de autenticación. Elija none para listeners sin autenticación o con certificados de cliente.",
  "Create the topic, for example with kafka-topics.sh --create --topic webhooks.":
    "Cree el topic, por ejemplo con kafka-topics.sh --create --topic webhooks.",
  "Create an account that may write to the topic (operations Write, Describe and IdempotentWrite).":
    "Cree una cuenta que pueda escribir en el topic (operaciones Write, Describe e IdempotentWrite).",
  "Make sure that the address that each broker advertises (advertised.listeners) is reachable from this server.":
    "Compruebe que desde este servidor se puede acceder a la dirección que anuncia cada broker (advertised.listeners).",
  "Enter the brokers, the topic and the credentials here, and send a test event.":
    "Introduzca aquí los brokers, el topic y las credenciales, y envíe un evento de prueba.",

  // RabbitMQ
  "Publishes each message to an exchange, or directly to a queue, and waits until the broker has confirmed it.":
    "Publica cada mensaje en un exchange, o directamente en una cola, y espera a que el broker lo confirme.",
  URI: "URI",
  "AMQP URI with user name, password and virtual host. It is stored encrypted and never shown again.":
    "URI de AMQP con usuario, contraseña y host virtual. Se guarda cifrada y no se vuelve a mostrar.",
  Exchange: "Exchange",
  "Name of an existing exchange. Leave it empty for the default exchange, which delivers to the queue that the routing key names.":
    "Nombre de un exchange existente. Déjelo vacío para el exchange predeterminado, que entrega a la cola que indica la clave de enrutamiento.",
  "Routing key": "Clave de enrutamiento",
  "Routing key of each message. With the default exchange, the name of the queue.":
    "Clave de enrutamiento de cada mensaje. Con el exchange predeterminado, el nombre de la cola.",
  "Declare a durable queue for the messages, and bind it to the exchange if you use one.":
    "Declare una cola duradera para los mensajes y vincúlela al exchange si usa uno.",
  "Create a user with write permission on the exchange (amq.default for the default exchange).":
    "Cree un usuario con permiso de escritura en el exchange (amq.default para el exchange predeterminado).",
  "Enter the URI and the routing key here, and send a test event.":
    "Introduzca aquí la URI y la clave de enrutamiento, y envíe un evento de prueba.",

  // AMQP 1.0
  "Sends each message to an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid or RabbitMQ 4.":
    "Envía cada mensaje a una dirección de un broker AMQP 1.0, como ActiveMQ Artemis, Qpid o RabbitMQ 4.",
  "Protocol, host and port of the broker. Use amqps for TLS.":
    "Protocolo, host y puerto del broker. Use amqps para TLS.",
  Address: "Dirección",
  "Queue or topic, in the form that the broker uses, for example /queues/webhooks in RabbitMQ 4.":
    "Cola o topic, con la notación del broker, por ejemplo /queues/webhooks en RabbitMQ 4.",
  "User name for SASL PLAIN. Leave it empty for ANONYMOUS, or EXTERNAL with a client certificate.":
    "Usuario para SASL PLAIN. Déjelo vacío para ANONYMOUS, o para EXTERNAL con un certificado de cliente.",
  "Create the queue or topic in the broker.": "Cree la cola o el topic en el broker.",
  "Create an account that may send to it.": "Cree una cuenta que pueda enviar mensajes allí.",
  "Enter the URL, the address and the credentials here, and send a test event.":
    "Introduzca aquí la URL, la dirección y las credenciales, y envíe un evento de prueba.",

  // NATS
  "Publishes each message to a JetStream subject, which recognises messages that are sent again.":
    "Publica cada mensaje en un asunto de JetStream, que reconoce los mensajes que se envían de nuevo.",
  Servers: "Servidores",
  "Hosts and ports of one or more servers, separated by commas. Servers that these announce are not used.":
    "Hosts y puertos de uno o varios servidores, separados por comas. Los servidores que estos anuncian no se usan.",
  Subject: "Asunto",
  "Subject of each message. A stream must store it.": "Asunto de cada mensaje. Un flujo debe guardarlo.",
  "Turn on to require TLS.": "Actívelo para exigir TLS.",
  Token: "Token",
  "Token of servers that authenticate by token.": "Token, para servidores con autenticación por token.",
  "NKey seed": "Semilla NKey",
  "Seed of a user's NKey. It starts with SU.": "Semilla de la NKey de un usuario. Empieza por SU.",
  "Credentials file": "Archivo de credenciales",
  "Contents of a .creds file with a user's JWT and seed.":
    "Contenido de un archivo .creds con el JWT y la semilla de un usuario.",
  "Create a stream whose subjects include the subject, for example with nats stream add.":
    "Cree un flujo cuyos asuntos incluyan este asunto, por ejemplo con nats stream add.",
  "Create a user that may publish to the subject and subscribe to _INBOX.>.":
    "Cree un usuario que pueda publicar en el asunto y suscribirse a _INBOX.>.",
  "Enter the servers, the subject and the credentials here, and send a test event.":
    "Introduzca aquí los servidores, el asunto y las credenciales, y envíe un evento de prueba.",

  // Redis
  "Redis streams": "Flujos de Redis",
  "Appends each message to a stream of Redis or Valkey.": "Añade cada mensaje a un flujo de Redis o Valkey.",
  "Protocol, host, port and database number of the server. Use rediss for TLS.":
    "Protocolo, host, puerto y número de base de datos del servidor. Use rediss para TLS.",
  Stream: "Flujo",
  "Key of the stream. Redis creates it with the first message.":
    "Clave del flujo. Redis lo crea con el primer mensaje.",
  "Maximum length": "Longitud máxima",
  "Approximate number of entries to keep. Redis removes older ones. Leave it empty to keep all.":
    "Número aproximado de entradas que se conservan. Redis elimina las más antiguas. Déjelo vacío para conservarlas todas.",
  "User name of an ACL user. Leave it empty for the default user.":
    "Nombre de un usuario de ACL. Déjelo vacío para el usuario predeterminado.",
  "Create an ACL user that may run XADD on the stream: ACL SETUSER webhooks on >PASSWORD ~webhooks +xadd, and +select for a database other than 0.":
    "Cree un usuario de ACL que pueda ejecutar XADD en el flujo: ACL SETUSER webhooks on >PASSWORD ~webhooks +xadd, y +select para una base de datos distinta de 0.",
  "Set appendonly to yes, and appendfsync to always if a confirmed message must survive a crash of the server.":
    "Ponga appendonly en yes, y appendfsync en always si un mensaje confirmado debe sobrevivir a una caída del servidor.",
  "Enter the URL, the stream and the credentials here, and send a test event.":
    "Introduzca aquí la URL, el flujo y las credenciales, y envíe un evento de prueba.",

  // MQTT
  "Publishes each message to a topic of an MQTT 5 broker with QoS 1.":
    "Publica cada mensaje en un topic de un broker MQTT 5 con QoS 1.",
  "Protocol, host and port of the broker. Use mqtts for TLS.":
    "Protocolo, host y puerto del broker. Use mqtts para TLS.",
  "Topic of each message, without wildcards.": "Topic de cada mensaje, sin comodines.",
  Retain: "Conservar (retain)",
  "Turn on if the broker should keep the last message for new subscribers.":
    "Actívelo si el broker debe conservar el último mensaje para los nuevos suscriptores.",
  "Create a user that may publish to the topic.": "Cree un usuario que pueda publicar en el topic.",
  "Make sure that a consumer has a persistent session. Brokers discard messages that have no subscriber.":
    "Compruebe que algún consumidor tiene una sesión persistente. Los brokers descartan los mensajes sin suscriptor.",
  "Enter the URL, the topic and the credentials here, and send a test event.":
    "Introduzca aquí la URL, el topic y las credenciales, y envíe un evento de prueba.",

  // PostgreSQL
  "Inserts each message as a row into a table, exactly once.":
    "Inserta cada mensaje como una fila en una tabla, exactamente una vez.",
  "Protocol, host, port and database, without user name and password.":
    "Protocolo, host, puerto y base de datos, sin usuario ni contraseña.",
  "Role that may insert into the table.": "Rol que puede insertar en la tabla.",
  "Table of the rows, with its schema if it is not on the search path.":
    "Tabla de las filas, con su esquema si no está en la ruta de búsqueda.",
  "verify-full requires TLS and a certificate for the host; disable connects without encryption.":
    "verify-full exige TLS y un certificado para el host; disable se conecta sin cifrado.",
  "Create the table: CREATE TABLE webhooks (id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL, content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL). Payloads that are always JSON can be stored as jsonb instead of bytea.":
    "Cree la tabla: CREATE TABLE webhooks (id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL, content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL). Si las cargas útiles son siempre JSON, puede usar jsonb en lugar de bytea.",
  "Create a role that may insert rows: GRANT INSERT, SELECT (id) ON webhooks TO webhooks_writer.":
    "Cree un rol que pueda insertar filas: GRANT INSERT, SELECT (id) ON webhooks TO webhooks_writer.",
  "Enter the URL, the credentials and the table here, and send a test event.":
    "Introduzca aquí la URL, las credenciales y la tabla, y envíe un evento de prueba.",

  // Email
  "Email (SMTP)": "Correo electrónico (SMTP)",
  "Sends each message as an email, with the payload as text and a summary in HTML.":
    "Envía cada mensaje por correo electrónico, con la carga útil como texto y un resumen en HTML.",
  Server: "Servidor",
  "Host name of the SMTP server that sends your mail.": "Nombre de host del servidor SMTP que envía su correo.",
  Port: "Puerto",
  "587 with STARTTLS, 465 with TLS.": "587 con STARTTLS, 465 con TLS.",
  Encryption: "Cifrado",
  "starttls requires an encrypted connection after the greeting; tls starts with one; none sends everything in clear text.":
    "starttls exige una conexión cifrada después del saludo; tls empieza con una; none envía todo sin cifrar.",
  From: "De",
  "Address of the sender. The server must accept it.": "Dirección del remitente. El servidor debe aceptarla.",
  To: "Para",
  "Addresses of up to 10 recipients, separated by commas.":
    "Direcciones de hasta 10 destinatarios, separadas por comas.",
  "{{eventType}}, {{eventId}} and {{messageId}} are replaced with those of the message.":
    "{{eventType}}, {{eventId}} y {{messageId}} se sustituyen por los del mensaje.",
  "HTML summary": "Resumen en HTML",
  "Adds an HTML part with title, text, fields and link of the event. Mail programs show it instead of the payload.":
    "Añade una parte HTML con el título, el texto, los campos y el enlace del evento. Los programas de correo la muestran en lugar de la carga útil.",
  "Unsubscribe link": "Enlace para darse de baja",
  "https: or mailto: URL that lets recipients unsubscribe (header List-Unsubscribe). Mail providers expect it from senders of many emails.":
    "URL https: o mailto: con la que los destinatarios pueden darse de baja (encabezado List-Unsubscribe). Los proveedores de correo la esperan de quien envía muchos correos.",
  "Create an account or an app password for SMTP at your mail provider.":
    "Cree una cuenta o una contraseña de aplicación para SMTP en su proveedor de correo.",
  "Allow the sender address for this account, and set up SPF and DKIM for its domain.":
    "Permita la dirección del remitente para esta cuenta y configure SPF y DKIM para su dominio.",
  "Enter the server, the credentials and the addresses here, and send a test event.":
    "Introduzca aquí el servidor, las credenciales y las direcciones, y envíe un evento de prueba.",
};
