/** Spanish for the declarations of webhooks, cloud services, storage and databases over HTTP, by the English text. Names in `*stars*` stay English. */
export const clouds: Readonly<Record<string, string>> = {
  // Webhooks and kinds that are close to them
  "Sends each event as a signed HTTP request to your URL.":
    "Envía cada evento a su URL como una solicitud HTTP firmada.",
  "Create a route in your application that accepts POST requests and responds with a 2xx status within 15 seconds.":
    "Cree en su aplicación una ruta que acepte solicitudes POST y responda con un estado 2xx en menos de 15 segundos.",
  "Enter its URL as the URL of the endpoint.": "Introduzca su URL como URL del endpoint.",
  "Verify the signature of each request with the endpoint's signing secret.":
    "Verifique la firma de cada solicitud con el secreto de firma del endpoint.",
  "Polling endpoint": "Endpoint de consulta",
  "Keeps matching events for a consumer that pulls them, for example from behind a firewall.":
    "Conserva los eventos que coinciden para un consumidor que los consulta, por ejemplo detrás de un cortafuegos.",
  "Create the endpoint, then get its token with `GET /api/v1/auth/app/{app_id}/poller/{endpoint_id}/token`.":
    "Cree el endpoint y obtenga su token con `GET /api/v1/auth/app/{app_id}/poller/{endpoint_id}/token`.",
  Listener: "Receptor conectado",
  "Sends each event to developers who listen with `posthorn listen`, and keeps events while no one listens.":
    "Envía cada evento a los desarrolladores conectados con `posthorn listen` y conserva los eventos mientras no haya nadie conectado.",
  "Install Posthorn on the computer that receives the events, and sign in with `posthorn login`.":
    "Instale Posthorn en el equipo que recibe los eventos e inicie sesión con `posthorn login`.",
  "Run `posthorn listen 3000 --app APP`, which creates an endpoint if there is none, and forwards its events to `http://localhost:3000`.":
    "Ejecute `posthorn listen 3000 --app APP`: crea un endpoint si no hay ninguno y reenvía sus eventos a `http://localhost:3000`.",
  "Stop and start it at any time: events that arrive in between are kept, and sent when it reconnects.":
    "Puede detenerlo e iniciarlo en cualquier momento: los eventos que llegan entretanto se conservan y se envían al reconectarse.",
  "Name that listeners connect to.": "Nombre al que se conectan los receptores.",
  Share: "Reparto",
  "How several listeners share the events: each developer gets all of them through a separate endpoint (all), each event goes to one of the connected listeners (one), or only one listener can be connected (exclusive).":
    "Cómo se reparten los eventos entre varios receptores: cada desarrollador los recibe todos por su propio endpoint (all), cada evento va a uno de los receptores conectados (one), o solo puede haber un receptor conectado (exclusive).",
  "Poll `/api/v1/app/{app_id}/polling-endpoint/{endpoint_id}/consumer/{name}` with this token, and commit the offset of the last message that you processed.":
    "Consulte `/api/v1/app/{app_id}/polling-endpoint/{endpoint_id}/consumer/{name}` con este token y confirme la posición del último mensaje que ha procesado.",
  "Sends each event to an HTTP receiver of CloudEvents 1.0, such as Knative, Azure Event Grid or Argo Events.":
    "Envía cada evento a un receptor HTTP de CloudEvents 1.0, como Knative, Azure Event Grid o Argo Events.",
  URL: "URL",
  "The URL that receives the events.": "La URL que recibe los eventos.",
  "Content mode": "Modo de contenido",
  "binary sends the event unchanged, with its attributes in headers. structured sends one JSON document with attributes and event. batch sends a JSON list of such documents; several events in one request are always sent as a list.":
    "binary envía el evento sin cambios, con sus atributos en los encabezados. structured envía un documento JSON con los atributos y el evento. batch envía una lista JSON de esos documentos; varios eventos en una solicitud se envían siempre como lista.",
  Source: "Origen",
  "The attribute source: a URI that identifies where the events come from.":
    "El atributo source: una URI que indica de dónde proceden los eventos.",
  Authorization: "Authorization",
  "Value of the header Authorization, if the receiver needs one.":
    "Valor del encabezado Authorization, si el receptor lo necesita.",
  "Find the URL at which your receiver accepts CloudEvents over HTTP, and enter it here.":
    "Averigüe la URL en la que su receptor acepta CloudEvents por HTTP e introdúzcala aquí.",
  "Select the content mode. Every receiver must support binary; most support structured, and few support batch.":
    "Elija el modo de contenido. Todo receptor debe admitir binary; la mayoría admite structured, y pocos admiten batch.",
  "Enter a source that identifies your system. Receivers recognise repeated events by source and ID.":
    "Introduzca un origen que identifique su sistema. Los receptores reconocen los eventos repetidos por el origen y el ID.",
  "Sends each event to a source of another Posthorn server, unchanged and signed.":
    "Envía cada evento a una fuente de otro servidor Posthorn, sin cambios y firmado.",
  "Source URL": "URL de la fuente",
  "The URL of the source on the other server.": "La URL de la fuente en el otro servidor.",
  "On the other server, create a source of the type Standard Webhooks.":
    "En el otro servidor, cree una fuente de tipo Standard Webhooks.",
  "Copy its URL and enter it here.": "Copie su URL e introdúzcala aquí.",
  "Save this endpoint, reveal its signing secret, and enter the secret at the source on the other server.":
    "Guarde este endpoint, muestre su secreto de firma e introdúzcalo en la fuente del otro servidor.",
  "Send a test event. The other server recognises repeated events by their ID.":
    "Envíe un evento de prueba. El otro servidor reconoce los eventos repetidos por su ID.",

  // WebSub
  "Sends each event of a topic to a subscriber at the WebSub hub.":
    "Envía cada evento de un topic a un suscriptor del hub de WebSub.",
  Callback: "URL de retorno",
  "The URL at which the subscriber receives the events.": "La URL en la que el suscriptor recibe los eventos.",
  Topic: "Topic",
  Secret: "Secreto",
  "The URL of the topic, which each event repeats in its Link header.":
    "La URL del topic, que cada evento repite en su encabezado Link.",
  Hub: "Hub",
  "The URL of the hub, which each event repeats in its Link header.":
    "La URL del hub, que cada evento repite en su encabezado Link.",
  "The hub.secret of the subscriber. Events are signed with it.":
    "El hub.secret del suscriptor. Los eventos se firman con él.",
  "Create a topic with `POST /api/v1/app/{app_id}/websub/topic`, and give its URL to the subscriber.":
    "Cree un topic con `POST /api/v1/app/{app_id}/websub/topic` y dé su URL al suscriptor.",
  "The subscriber finds the hub in the Link header of the topic, and subscribes there.":
    "El suscriptor encuentra el hub en el encabezado Link del topic y se suscribe allí.",
  "The endpoint appears when the subscriber has confirmed its request.":
    "El endpoint aparece cuando el suscriptor ha confirmado su solicitud.",

  // MCP Events
  "Sends each event to the callback of an agent that subscribed over MCP.":
    "Envía cada evento a la URL de retorno de un agente que se suscribió por MCP.",
  "The URL at which the client receives the events.": "La URL en la que el cliente recibe los eventos.",
  Subscription: "Suscripción",
  "ID of the subscription, which each request repeats in its header X-MCP-Subscription-Id.":
    "ID de la suscripción, que cada solicitud repite en su encabezado X-MCP-Subscription-Id.",
  Event: "Evento",
  "Name of the event in events/list.": "Nombre del evento en events/list.",
  Subscriber: "Suscriptor",
  "Whose access created the subscription. The subscription ends with this access.":
    "El acceso con el que se creó la suscripción. La suscripción termina con este acceso.",
  Expires: "Caduca",
  "When the subscription ends, unless the client renews it (UTC).":
    "Cuándo termina la suscripción, si el cliente no la renueva (UTC).",
  "The secret of the client. Requests are signed with it.": "El secreto del cliente. Las solicitudes se firman con él.",
  "Previous secret": "Secreto anterior",
  "The secret before the last renewal. Requests are also signed with it until the next renewal.":
    "El secreto previo a la última renovación. Las solicitudes se firman también con él hasta la próxima.",
  "Set POSTHORN_MCP to write, so that clients can subscribe.":
    "Ponga POSTHORN_MCP en write para que los clientes puedan suscribirse.",
  "Give the client a key, and the URL of the MCP endpoint.": "Dé al cliente una clave y la URL del endpoint de MCP.",
  "The endpoint appears when the client has subscribed and its callback has confirmed the subscription.":
    "El endpoint aparece cuando el cliente se ha suscrito y su URL de retorno ha confirmado la suscripción.",

  // AWS
  "Sends each event as a message to an Amazon SQS queue, standard or FIFO.":
    "Envía cada evento como un mensaje a una cola de Amazon SQS, estándar o FIFO.",
  "Queue URL": "URL de la cola",
  "URL of the queue, from its page in the SQS console under Details. The name of a FIFO queue ends in .fifo.":
    "URL de la cola, en su página de la consola de SQS, dentro de *Details*. El nombre de una cola FIFO termina en .fifo.",
  Region: "Región",
  "AWS region of the target, such as eu-central-1.": "Región de AWS del destino, por ejemplo eu-central-1.",
  "Access key ID": "ID de clave de acceso",
  "ID of an access key of an IAM user, from IAM → Users → Security credentials → Access keys.":
    "ID de una clave de acceso de un usuario de IAM, en *IAM → Users → Security credentials → Access keys*.",
  "Secret access key": "Clave de acceso secreta",
  "Secret of this access key. AWS shows it once, when the key is created.":
    "Secreto de esta clave de acceso. AWS lo muestra una sola vez, al crear la clave.",
  "Role ARN": "ARN del rol",
  "Role to assume with these keys, for a target in another account. Its trust policy must allow the user. Leave empty to use the keys directly.":
    "Rol que se asume con estas claves, para un destino de otra cuenta. Su política de confianza debe permitir al usuario. Déjelo vacío para usar las claves directamente.",
  "External ID": "ID externo",
  "External ID that the trust policy of the role requires, if any.":
    "ID externo que exige la política de confianza del rol, si lo hay.",
  "Endpoint URL": "URL del servicio",
  "URL of another service with the same API, such as MinIO or LocalStack, or of a VPC endpoint. Leave empty for AWS.":
    "URL de otro servicio con la misma API, como MinIO o LocalStack, o de un punto de enlace de VPC. Déjelo vacío para AWS.",
  "In the SQS console, create a queue. For exactly-once delivery, or to keep the order, choose the type FIFO.":
    "En la consola de SQS, cree una cola. Para entregar exactamente una vez, o para mantener el orden, elija el tipo FIFO.",
  "Set Maximum message size to the largest event that you expect, up to 1,024 KiB.":
    "Ajuste *Maximum message size* al evento más grande que espere, hasta 1024 KiB.",
  "In the IAM console, create a policy that allows sqs:SendMessage on this resource only.":
    "En la consola de IAM, cree una política que permita sqs:SendMessage solo en este recurso.",
  "Create a user without console access, attach the policy, and create an access key for it under Security credentials.":
    "Cree un usuario sin acceso a la consola, asóciele la política y cree una clave de acceso para él en *Security credentials*.",
  "Enter the region, the access key ID and the secret access key here.":
    "Introduzca aquí la región, el ID de clave de acceso y la clave de acceso secreta.",
  "For a target in another account: create a role there with the policy, name the user and an external ID in its trust policy, and enter the role and the external ID here.":
    "Para un destino de otra cuenta: cree allí un rol con la política, indique el usuario y un ID externo en su política de confianza, e introduzca aquí el rol y el ID externo.",
  "Copy the URL of the queue from its Details and enter it here.":
    "Copie la URL de la cola de *Details* e introdúzcala aquí.",
  "Publishes each event to an Amazon SNS topic, standard or FIFO, which passes it to its subscribers.":
    "Publica cada evento en un tema de Amazon SNS, estándar o FIFO, que lo pasa a sus suscriptores.",
  "Topic ARN": "ARN del tema",
  "ARN of the topic, from its page in the SNS console under Details. The name of a FIFO topic ends in .fifo.":
    "ARN del tema, en su página de la consola de SNS, dentro de *Details*. El nombre de un tema FIFO termina en .fifo.",
  "In the SNS console, create a topic. For exactly-once delivery to SQS FIFO queues, or to keep the order, choose the type FIFO.":
    "En la consola de SNS, cree un tema. Para entregar exactamente una vez a colas FIFO de SQS, o para mantener el orden, elija el tipo FIFO.",
  "In the IAM console, create a policy that allows sns:Publish on this resource only.":
    "En la consola de IAM, cree una política que permita sns:Publish solo en este recurso.",
  "Copy the ARN of the topic from its Details and enter it here.":
    "Copie el ARN del tema de *Details* e introdúzcalo aquí.",
  "Puts each event on an Amazon EventBridge event bus, with the payload as detail and the message ID in resources.":
    "Coloca cada evento en un bus de eventos de Amazon EventBridge, con la carga útil en detail y el ID del mensaje en resources.",
  "Event bus": "Bus de eventos",
  "Name or ARN of the event bus, from the EventBridge console under Event buses.":
    "Nombre o ARN del bus de eventos, en la consola de EventBridge, dentro de *Event buses*.",
  "Value of source in the events, which rules match. It must not start with aws.":
    "Valor de source en los eventos, con el que coinciden las reglas. No debe empezar por aws.",
  "Detail type": "Tipo de detalle",
  "Value of detail-type in the events. Leave empty to send the event type.":
    "Valor de detail-type en los eventos. Déjelo vacío para enviar el tipo de evento.",
  "In the EventBridge console, create an event bus, or use the one named default.":
    "En la consola de EventBridge, cree un bus de eventos o use el llamado default.",
  "In the IAM console, create a policy that allows events:PutEvents on this resource only.":
    "En la consola de IAM, cree una política que permita events:PutEvents solo en este recurso.",
  "Enter the name of the event bus and the source that your rules match.":
    "Introduzca el nombre del bus de eventos y el origen con el que coinciden sus reglas.",
  "In a rule, match source and detail-type. To recognise a repeated event, compare the message ID in resources.":
    "En una regla, compare source y detail-type. Para reconocer un evento repetido, compare el ID del mensaje en resources.",
  "Puts each event into an Amazon Kinesis data stream. The ordering key, or else the message ID, is the partition key.":
    "Escribe cada evento en un flujo de datos de Amazon Kinesis. La clave de partición es la clave de orden o, si no la hay, el ID del mensaje.",
  "Stream name": "Nombre del flujo",
  "Name of the data stream, from the Kinesis console.": "Nombre del flujo de datos, en la consola de Kinesis.",
  Format: "Formato",
  "raw: each record is the body of the message. json: each record is a JSON object with id, eventType, timestamp and payload.":
    "raw: cada registro es el cuerpo del mensaje. json: cada registro es un objeto JSON con id, eventType, timestamp y payload.",
  "In the Kinesis console, create a data stream.": "En la consola de Kinesis, cree un flujo de datos.",
  "Raise Maximum record size if your events are larger than 1 MiB with their partition key.":
    "Aumente *Maximum record size* si sus eventos ocupan más de 1 MiB con su clave de partición.",
  "In the IAM console, create a policy that allows kinesis:PutRecords on this resource only.":
    "En la consola de IAM, cree una política que permita kinesis:PutRecords solo en este recurso.",
  "Enter the name of the stream. Choose the format json if consumers need the message ID, for example to recognise repetitions.":
    "Introduzca el nombre del flujo. Elija el formato json si los consumidores necesitan el ID del mensaje, por ejemplo para reconocer repeticiones.",
  "Puts each event into an Amazon Data Firehose stream, which writes it to S3, Redshift, OpenSearch or another store.":
    "Escribe cada evento en un flujo de Amazon Data Firehose, que lo guarda en S3, Redshift, OpenSearch u otro almacén.",
  "Firehose stream name": "Nombre del flujo de Firehose",
  "Name of the Firehose stream with the source Direct PUT, from the Amazon Data Firehose console.":
    "Nombre del flujo de Firehose con el origen *Direct PUT*, en la consola de Amazon Data Firehose.",
  "jsonLines: each record is a line of JSON with id, eventType, timestamp and payload. raw: each record is the body of the message, without a line break after it.":
    "jsonLines: cada registro es una línea de JSON con id, eventType, timestamp y payload. raw: cada registro es el cuerpo del mensaje, sin salto de línea al final.",
  "In the Amazon Data Firehose console, create a Firehose stream with the source Direct PUT and the destination of your choice.":
    "En la consola de Amazon Data Firehose, cree un flujo de Firehose con el origen *Direct PUT* y el destino que prefiera.",
  "In the IAM console, create a policy that allows firehose:PutRecordBatch on this resource only.":
    "En la consola de IAM, cree una política que permita firehose:PutRecordBatch solo en este recurso.",
  "Enter the name of the Firehose stream.": "Introduzca el nombre del flujo de Firehose.",
  "Archives events as objects in a bucket of Amazon S3, or of a service with its API. Each event is stored exactly once.":
    "Archiva los eventos como objetos en un bucket de Amazon S3, o de un servicio con su API. Cada evento se guarda exactamente una vez.",
  Bucket: "Bucket",
  "Name of the bucket.": "Nombre del bucket.",
  "jsonLines: objects with one line of JSON for each message, with id, eventType, timestamp and payload. raw: one object for each message, with its exact body.":
    "jsonLines: objetos con una línea de JSON por mensaje, con id, eventType, timestamp y payload. raw: un objeto por mensaje, con su cuerpo exacto.",
  "Object key": "Clave del objeto",
  "Template for the keys of objects. {id} is required: the ID of the message, or the ID of the first message with the number of messages. {year}, {month}, {day}, {hour} and {minute} are the time of the first message in UTC; {eventType} is its type.":
    "Plantilla de las claves de los objetos. {id} es obligatorio: el ID del mensaje, o el del primer mensaje con el número de mensajes. {year}, {month}, {day}, {hour} y {minute} son la hora del primer mensaje en UTC; {eventType} es su tipo.",
  "In the S3 console, create a bucket. Leave public access blocked.":
    "En la consola de S3, cree un bucket. Deje bloqueado el acceso público.",
  "In the IAM console, create a policy that allows s3:PutObject on this resource only.":
    "En la consola de IAM, cree una política que permita s3:PutObject solo en este recurso.",
  "Enter the name of the bucket, and change the object key if you want other folders.":
    "Introduzca el nombre del bucket y cambie la clave del objeto si quiere otras carpetas.",

  // Google
  "Publishes each event to a Google Cloud Pub/Sub topic, with its ID and type as attributes.":
    "Publica cada evento en un tema de Google Cloud Pub/Sub, con su ID y su tipo como atributos.",
  "Project ID": "ID del proyecto",
  "ID of the Google Cloud project that contains the topic.": "ID del proyecto de Google Cloud que contiene el tema.",
  "Topic ID": "ID del tema",
  "ID of the topic, without projects/…/topics/ before it.": "ID del tema, sin projects/…/topics/ delante.",
  "Service account key": "Clave de la cuenta de servicio",
  "The complete JSON key file of a service account, from IAM & Admin → Service Accounts → Keys → Add key → Create new key → JSON.":
    "El archivo de clave JSON completo de una cuenta de servicio, en *IAM & Admin → Service Accounts → Keys → Add key → Create new key → JSON*.",
  "URL of a regional endpoint, or of another service with the same API. Leave empty for Google.":
    "URL de un punto de conexión regional, o de otro servicio con la misma API. Déjelo vacío para Google.",
  "In the Google Cloud console, open Pub/Sub → Topics and create a topic.":
    "En la consola de Google Cloud, abra *Pub/Sub → Topics* y cree un tema.",
  "In the Google Cloud console, open IAM & Admin → Service Accounts and create a service account.":
    "En la consola de Google Cloud, abra *IAM & Admin → Service Accounts* y cree una cuenta de servicio.",
  "Grant it the role Pub/Sub Publisher on the topic only, under Permissions of the topic.":
    "Asígnele el rol *Pub/Sub Publisher* solo en este tema, en *Permissions* del tema.",
  "Open the service account, choose Keys → Add key → Create new key → JSON, and paste the complete file here.":
    "Abra la cuenta de servicio, elija *Keys → Add key → Create new key → JSON* y pegue aquí el archivo completo.",
  "Enter the project ID and the topic ID.": "Introduzca el ID del proyecto y el ID del tema.",
  "To keep the order, enable message ordering in the subscription, and enter a regional endpoint such as https://europe-west1-pubsub.googleapis.com.":
    "Para mantener el orden, active *Message ordering* en la suscripción e introduzca un punto de conexión regional como https://europe-west1-pubsub.googleapis.com.",
  "Archives events as objects in a bucket of Google Cloud Storage. Each event is stored exactly once.":
    "Archiva los eventos como objetos en un bucket de Google Cloud Storage. Cada evento se guarda exactamente una vez.",
  "In the Google Cloud console, open Cloud Storage → Buckets and create a bucket with public access prevention.":
    "En la consola de Google Cloud, abra *Cloud Storage → Buckets* y cree un bucket con *Public access prevention*.",
  "Grant it the role Storage Object Creator on the bucket only, under Permissions of the bucket.":
    "Asígnele el rol *Storage Object Creator* solo en este bucket, en *Permissions* del bucket.",

  // Azure
  "Sends each event to an Azure Service Bus queue or topic. The message ID lets the queue detect duplicates, and the ordering key is the session.":
    "Envía cada evento a una cola o un tema de Azure Service Bus. El ID del mensaje permite a la cola detectar duplicados, y la clave de orden es la sesión.",
  "Queue or topic": "Cola o tema",
  "Name of the queue or topic.": "Nombre de la cola o del tema.",
  Namespace: "Espacio de nombres",
  "Host name of the namespace, from its Overview in the Azure portal.":
    "Nombre de host del espacio de nombres, en *Overview* en el portal de Azure.",
  "Policy name": "Nombre de la directiva",
  "Name of the shared access policy, such as the SharedAccessKeyName in its connection string.":
    "Nombre de la directiva de acceso compartido: SharedAccessKeyName en su cadena de conexión.",
  Key: "Clave",
  "Primary or secondary key of this policy, such as the SharedAccessKey in its connection string.":
    "Clave principal o secundaria de esta directiva: SharedAccessKey en su cadena de conexión.",
  "URL of a private endpoint or another service with the same API. Leave empty for Azure.":
    "URL de un punto de conexión privado o de otro servicio con la misma API. Déjelo vacío para Azure.",
  "In the Azure portal, open the Service Bus namespace and create a queue or topic. Enable duplicate detection for exactly-once delivery, and sessions to keep the order by key.":
    "En el portal de Azure, abra el espacio de nombres de Service Bus y cree una cola o un tema. Active la detección de duplicados para entregar exactamente una vez, y las sesiones para mantener el orden por clave.",
  "Open the queue or topic, choose Shared access policies → Add, and create a policy with the claim Send only.":
    "Abra la cola o el tema, elija *Shared access policies → Add* y cree una directiva solo con la notificación *Send*.",
  "Enter the host name of the namespace, the name of the queue or topic, and the name and primary key of the policy.":
    "Introduzca el nombre de host del espacio de nombres, el nombre de la cola o del tema, y el nombre y la clave principal de la directiva.",
  "Sends each event to an Azure event hub. The ordering key, or else the message ID, is the partition key.":
    "Envía cada evento a un centro de eventos de Azure. La clave de partición es la clave de orden o, si no la hay, el ID del mensaje.",
  "Event hub": "Centro de eventos",
  "Name of the event hub.": "Nombre del centro de eventos.",
  "In the Azure portal, open the Event Hubs namespace and create an event hub.":
    "En el portal de Azure, abra el espacio de nombres de Event Hubs y cree un centro de eventos.",
  "Open the event hub, choose Shared access policies → Add, and create a policy with the claim Send only.":
    "Abra el centro de eventos, elija *Shared access policies → Add* y cree una directiva solo con la notificación *Send*.",
  "Enter the host name of the namespace, the name of the event hub, and the name and primary key of the policy.":
    "Introduzca el nombre de host del espacio de nombres, el nombre del centro de eventos, y el nombre y la clave principal de la directiva.",
  "Publishes each event to an Azure Event Grid topic as a CloudEvent, under the ID of the message.":
    "Publica cada evento en un tema de Azure Event Grid como CloudEvent, con el ID del mensaje.",
  "Topic endpoint": "Punto de conexión del tema",
  "URL of a custom topic or domain with the schema Cloud Event v1.0, from its Overview in the Azure portal.":
    "URL de un tema personalizado o de un dominio con el esquema *Cloud Event v1.0*, en *Overview* en el portal de Azure.",
  "Access key": "Clave de acceso",
  "Key 1 or key 2 of the topic, from the page Access keys.": "Clave 1 o 2 del tema, en la página *Access keys*.",
  "Value of source in the events, which subscriptions can filter by. A URI or a path.":
    "Valor de source en los eventos, por el que pueden filtrar las suscripciones: una URI o una ruta.",
  "In the Azure portal, create an Event Grid topic, and choose Cloud Event Schema v1.0 on the tab Advanced. The schema cannot be changed later.":
    "En el portal de Azure, cree un tema de Event Grid y elija *Cloud Event Schema v1.0* en la pestaña *Advanced*. El esquema no se puede cambiar después.",
  "Copy the topic endpoint from Overview, and key 1 from Access keys, and enter both here.":
    "Copie el punto de conexión del tema de *Overview* y la clave 1 de *Access keys*, e introduzca ambos aquí.",
  "Subscriptions can filter by the event type and by the source. To recognise a repeated event, compare source and id.":
    "Las suscripciones pueden filtrar por tipo de evento y por origen. Para reconocer un evento repetido, compare source e id.",
  "Archives events as block blobs in a container of Azure Blob Storage. Each event is stored exactly once.":
    "Archiva los eventos como blobs en bloques en un contenedor de Azure Blob Storage. Cada evento se guarda exactamente una vez.",
  "Storage account": "Cuenta de almacenamiento",
  "Name of the storage account.": "Nombre de la cuenta de almacenamiento.",
  "Key 1 or key 2 of the storage account, from Security + networking → Access keys.":
    "Clave 1 o 2 de la cuenta de almacenamiento, en *Security + networking → Access keys*.",
  Container: "Contenedor",
  "Name of the container.": "Nombre del contenedor.",
  "URL of the Blob service in another cloud, or of an emulator. Leave empty for https://ACCOUNT.blob.core.windows.net.":
    "URL del servicio Blob en otra nube, o de un emulador. Déjelo vacío para https://ACCOUNT.blob.core.windows.net.",
  "In the Azure portal, open the storage account, choose Data storage → Containers, and create a container without anonymous access.":
    "En el portal de Azure, abra la cuenta de almacenamiento, elija *Data storage → Containers* y cree un contenedor sin acceso anónimo.",
  "Choose Security + networking → Access keys, and copy key 1. Storage account key access must be enabled under Settings → Configuration.":
    "Elija *Security + networking → Access keys* y copie la clave 1. El acceso con claves de la cuenta debe estar activado en *Settings → Configuration*.",
  "Enter the names of the account and the container, and the key.":
    "Introduzca los nombres de la cuenta y del contenedor, y la clave.",

  // ClickHouse
  "Inserts each event as a row into a ClickHouse table.":
    "Inserta cada evento como una fila en una tabla de ClickHouse.",
  "URL of the HTTP interface with its port: 8443 with TLS, as in ClickHouse Cloud, or 8123 without.":
    "URL de la interfaz HTTP con su puerto: 8443 con TLS, como en ClickHouse Cloud, u 8123 sin él.",
  "User name": "Usuario",
  "A user who can insert into this table and do nothing else.":
    "Un usuario que puede insertar en esta tabla y nada más.",
  Password: "Contraseña",
  "Password of this user.": "Contraseña de este usuario.",
  Database: "Base de datos",
  "Name of the database.": "Nombre de la base de datos.",
  Table: "Tabla",
  "Name of the table.": "Nombre de la tabla.",
  Row: "Fila",
  "columns: the columns below are filled from the message. payload: the members of the payload, a JSON object, are the columns.":
    "columns: las columnas de abajo se rellenan a partir del mensaje. payload: los miembros de la carga útil, un objeto JSON, son las columnas.",
  Columns: "Columnas",
  "Which part of the message goes into which column, as part=column, separated by commas. Parts: id, eventId, eventType, createdAt, contentType, payload, payloadEncoding. A payload that is not text is encoded in base64, as payloadEncoding shows.":
    "Qué parte del mensaje va a qué columna, como parte=columna, separadas por comas. Partes: id, eventId, eventType, createdAt, contentType, payload, payloadEncoding. Una carga útil que no es texto se codifica en base64, como indica payloadEncoding.",
  "Create a table, for example: CREATE TABLE events (id String, event_type LowCardinality(String), created_at DateTime64(3, 'UTC'), payload String) ENGINE = MergeTree ORDER BY created_at SETTINGS non_replicated_deduplication_window = 10000.":
    "Cree una tabla, por ejemplo: CREATE TABLE events (id String, event_type LowCardinality(String), created_at DateTime64(3, 'UTC'), payload String) ENGINE = MergeTree ORDER BY created_at SETTINGS non_replicated_deduplication_window = 10000.",
  "Create a user: CREATE USER webhooks IDENTIFIED BY '…'; GRANT INSERT ON events TO webhooks.":
    "Cree un usuario: CREATE USER webhooks IDENTIFIED BY '…'; GRANT INSERT ON events TO webhooks.",
  "Enter the URL of the HTTP interface, the user, and the names of the database and the table.":
    "Introduzca la URL de la interfaz HTTP, el usuario y los nombres de la base de datos y de la tabla.",
  "ClickHouse ignores repeated inserts within the deduplication window of the table. Replicated tables and ClickHouse Cloud have one by default.":
    "ClickHouse ignora las inserciones repetidas dentro de la ventana de deduplicación de la tabla. Las tablas replicadas y ClickHouse Cloud tienen una por defecto.",
};
