/** French for the declarations of webhooks, cloud services, storage and databases over HTTP, by the English text. Names in `*stars*` stay English. */
export const clouds: Readonly<Record<string, string>> = {
  // Webhooks and kinds that are close to them
  "Sends each event as a signed HTTP request to your URL.":
    "Envoie chaque événement à votre URL dans une requête HTTP signée.",
  "Create a route in your application that accepts POST requests and responds with a 2xx status within 15 seconds.":
    "Créez dans votre application une route qui accepte les requêtes POST et répond avec un statut 2xx en moins de 15 secondes.",
  "Enter its URL as the URL of the endpoint.": "Saisissez son URL comme URL du point de terminaison.",
  "Verify the signature of each request with the endpoint's signing secret.":
    "Vérifiez la signature de chaque requête avec le secret de signature du point de terminaison.",
  "Polling endpoint": "Point de terminaison à interroger",
  "Keeps matching events for a consumer that pulls them, for example from behind a firewall.":
    "Conserve les événements correspondants pour un consommateur qui vient les lire, par exemple derrière un pare-feu.",
  "Create the endpoint, then get its token with `GET /api/v1/auth/app/{app_id}/poller/{endpoint_id}/token`.":
    "Créez le point de terminaison, puis obtenez son jeton avec `GET /api/v1/auth/app/{app_id}/poller/{endpoint_id}/token`.",
  Listener: "Récepteur connecté",
  "Sends each event to developers who listen with `posthorn listen`, and keeps events while no one listens.":
    "Envoie chaque événement aux développeurs connectés avec `posthorn listen`, et conserve les événements tant que personne n’est connecté.",
  "Install Posthorn on the computer that receives the events, and sign in with `posthorn login`.":
    "Installez Posthorn sur l’ordinateur qui reçoit les événements, et connectez-vous avec `posthorn login`.",
  "Run `posthorn listen 3000 --app APP`, which creates an endpoint if there is none, and forwards its events to `http://localhost:3000`.":
    "Exécutez `posthorn listen 3000 --app APP` : la commande crée un point de terminaison s’il n’y en a pas, et transmet ses événements à `http://localhost:3000`.",
  "Stop and start it at any time: events that arrive in between are kept, and sent when it reconnects.":
    "Vous pouvez l’arrêter et la relancer à tout moment : les événements arrivés entre-temps sont conservés, puis envoyés à la reconnexion.",
  "Name that listeners connect to.": "Nom auquel les récepteurs se connectent.",
  Share: "Répartition",
  "How several listeners share the events: each developer gets all of them through a separate endpoint (all), each event goes to one of the connected listeners (one), or only one listener can be connected (exclusive).":
    "Répartition des événements entre plusieurs récepteurs : chaque développeur les reçoit tous par son propre point de terminaison (all), chaque événement va à l’un des récepteurs connectés (one), ou un seul récepteur peut être connecté (exclusive).",
  "Poll `/api/v1/app/{app_id}/polling-endpoint/{endpoint_id}/consumer/{name}` with this token, and commit the offset of the last message that you processed.":
    "Interrogez `/api/v1/app/{app_id}/polling-endpoint/{endpoint_id}/consumer/{name}` avec ce jeton, et confirmez la position du dernier message traité.",
  "Sends each event to an HTTP receiver of CloudEvents 1.0, such as Knative, Azure Event Grid or Argo Events.":
    "Envoie chaque événement à un récepteur HTTP de CloudEvents 1.0, tel que Knative, Azure Event Grid ou Argo Events.",
  URL: "URL",
  "The URL that receives the events.": "L’URL qui reçoit les événements.",
  "Content mode": "Mode de contenu",
  "binary sends the event unchanged, with its attributes in headers. structured sends one JSON document with attributes and event. batch sends a JSON list of such documents; several events in one request are always sent as a list.":
    "binary envoie l’événement tel quel, avec ses attributs dans les en-têtes. structured envoie un document JSON avec les attributs et l’événement. batch envoie une liste JSON de tels documents ; plusieurs événements dans une requête sont toujours envoyés sous forme de liste.",
  Source: "Source",
  "The attribute source: a URI that identifies where the events come from.":
    "L’attribut source : un URI qui indique d’où viennent les événements.",
  Authorization: "Authorization",
  "Value of the header Authorization, if the receiver needs one.":
    "Valeur de l’en-tête Authorization, si le récepteur en exige un.",
  "Find the URL at which your receiver accepts CloudEvents over HTTP, and enter it here.":
    "Trouvez l’URL à laquelle votre récepteur accepte des CloudEvents par HTTP, et saisissez-la ici.",
  "Select the content mode. Every receiver must support binary; most support structured, and few support batch.":
    "Choisissez le mode de contenu. Tout récepteur doit prendre en charge binary ; la plupart acceptent structured, et peu acceptent batch.",
  "Enter a source that identifies your system. Receivers recognise repeated events by source and ID.":
    "Saisissez une source qui identifie votre système. Les récepteurs reconnaissent les événements répétés à leur source et à leur ID.",
  "Sends each event to a source of another Posthorn server, unchanged and signed.":
    "Envoie chaque événement à une source d’un autre serveur Posthorn, tel quel et signé.",
  "Source URL": "URL de la source",
  "The URL of the source on the other server.": "L’URL de la source sur l’autre serveur.",
  "On the other server, create a source of the type Standard Webhooks.":
    "Sur l’autre serveur, créez une source de type Standard Webhooks.",
  "Copy its URL and enter it here.": "Copiez son URL et saisissez-la ici.",
  "Save this endpoint, reveal its signing secret, and enter the secret at the source on the other server.":
    "Enregistrez ce point de terminaison, affichez son secret de signature, et saisissez-le dans la source sur l’autre serveur.",
  "Send a test event. The other server recognises repeated events by their ID.":
    "Envoyez un événement de test. L’autre serveur reconnaît les événements répétés à leur ID.",

  // WebSub
  "Sends each event of a topic to a subscriber at the WebSub hub.":
    "Envoie chaque événement d’un topic à un abonné du hub WebSub.",
  Callback: "URL de rappel",
  "The URL at which the subscriber receives the events.": "L’URL à laquelle l’abonné reçoit les événements.",
  Topic: "Topic",
  Secret: "Secret",
  "The URL of the topic, which each event repeats in its Link header.":
    "L’URL du topic, que chaque événement rappelle dans son en-tête Link.",
  Hub: "Hub",
  "The URL of the hub, which each event repeats in its Link header.":
    "L’URL du hub, que chaque événement rappelle dans son en-tête Link.",
  "The hub.secret of the subscriber. Events are signed with it.":
    "Le hub.secret de l’abonné. Les événements sont signés avec lui.",
  "Create a topic with `POST /api/v1/app/{app_id}/websub/topic`, and give its URL to the subscriber.":
    "Créez un topic avec `POST /api/v1/app/{app_id}/websub/topic`, et donnez son URL à l’abonné.",
  "The subscriber finds the hub in the Link header of the topic, and subscribes there.":
    "L’abonné trouve le hub dans l’en-tête Link du topic, et s’y abonne.",
  "The endpoint appears when the subscriber has confirmed its request.":
    "Le point de terminaison apparaît quand l’abonné a confirmé sa demande.",

  // MCP Events
  "Sends each event to the callback of an agent that subscribed over MCP.":
    "Envoie chaque événement à l’URL de rappel d’un agent qui s’est abonné par MCP.",
  "The URL at which the client receives the events.": "L’URL à laquelle le client reçoit les événements.",
  Subscription: "Abonnement",
  "ID of the subscription, which each request repeats in its header X-MCP-Subscription-Id.":
    "ID de l’abonnement, que chaque requête rappelle dans son en-tête X-MCP-Subscription-Id.",
  Event: "Événement",
  "Name of the event in events/list.": "Nom de l’événement dans events/list.",
  Subscriber: "Abonné",
  "Whose access created the subscription. The subscription ends with this access.":
    "L’accès qui a créé l’abonnement. L’abonnement prend fin avec cet accès.",
  Expires: "Expire",
  "When the subscription ends, unless the client renews it (UTC).":
    "La fin de l’abonnement, si le client ne le renouvelle pas (UTC).",
  "The secret of the client. Requests are signed with it.": "Le secret du client. Les requêtes sont signées avec lui.",
  "Previous secret": "Secret précédent",
  "The secret before the last renewal. Requests are also signed with it until the next renewal.":
    "Le secret d’avant le dernier renouvellement. Les requêtes sont aussi signées avec lui jusqu’au prochain.",
  "Set POSTHORN_MCP to write, so that clients can subscribe.":
    "Réglez POSTHORN_MCP sur write, pour que les clients puissent s’abonner.",
  "Give the client a key, and the URL of the MCP endpoint.":
    "Donnez au client une clé et l’URL du point de terminaison MCP.",
  "The endpoint appears when the client has subscribed and its callback has confirmed the subscription.":
    "Le point de terminaison apparaît quand le client s’est abonné et que son URL de rappel a confirmé l’abonnement.",

  // AWS
  "Sends each event as a message to an Amazon SQS queue, standard or FIFO.":
    "Envoie chaque événement sous forme de message à une file Amazon SQS, standard ou FIFO.",
  "Queue URL": "URL de la file",
  "URL of the queue, from its page in the SQS console under Details. The name of a FIFO queue ends in .fifo.":
    "URL de la file, sur sa page dans la console SQS, sous *Details*. Le nom d’une file FIFO se termine par .fifo.",
  Region: "Région",
  "AWS region of the target, such as eu-central-1.": "Région AWS de la cible, par exemple eu-central-1.",
  "Access key ID": "ID de clé d’accès",
  "ID of an access key of an IAM user, from IAM → Users → Security credentials → Access keys.":
    "ID d’une clé d’accès d’un utilisateur IAM, sous *IAM → Users → Security credentials → Access keys*.",
  "Secret access key": "Clé d’accès secrète",
  "Secret of this access key. AWS shows it once, when the key is created.":
    "Secret de cette clé d’accès. AWS ne l’affiche qu’une fois, à la création de la clé.",
  "Role ARN": "ARN du rôle",
  "Role to assume with these keys, for a target in another account. Its trust policy must allow the user. Leave empty to use the keys directly.":
    "Rôle à endosser avec ces clés, pour une cible d’un autre compte. Sa politique d’approbation doit autoriser l’utilisateur. Laissez vide pour utiliser directement les clés.",
  "External ID": "ID externe",
  "External ID that the trust policy of the role requires, if any.":
    "ID externe exigé par la politique d’approbation du rôle, le cas échéant.",
  "Endpoint URL": "URL du service",
  "URL of another service with the same API, such as MinIO or LocalStack, or of a VPC endpoint. Leave empty for AWS.":
    "URL d’un autre service doté de la même API, tel que MinIO ou LocalStack, ou d’un point de terminaison de VPC. Laissez vide pour AWS.",
  "In the SQS console, create a queue. For exactly-once delivery, or to keep the order, choose the type FIFO.":
    "Dans la console SQS, créez une file. Pour une livraison exactement une fois, ou pour conserver l’ordre, choisissez le type FIFO.",
  "Set Maximum message size to the largest event that you expect, up to 1,024 KiB.":
    "Réglez *Maximum message size* sur la taille de votre plus grand événement, 1 024 Kio au plus.",
  "In the IAM console, create a policy that allows sqs:SendMessage on this resource only.":
    "Dans la console IAM, créez une politique qui autorise sqs:SendMessage sur cette seule ressource.",
  "Create a user without console access, attach the policy, and create an access key for it under Security credentials.":
    "Créez un utilisateur sans accès à la console, attachez-lui la politique, et créez pour lui une clé d’accès sous *Security credentials*.",
  "Enter the region, the access key ID and the secret access key here.":
    "Saisissez ici la région, l’ID de clé d’accès et la clé d’accès secrète.",
  "For a target in another account: create a role there with the policy, name the user and an external ID in its trust policy, and enter the role and the external ID here.":
    "Pour une cible d’un autre compte : créez-y un rôle avec la politique, nommez l’utilisateur et un ID externe dans sa politique d’approbation, et saisissez ici le rôle et l’ID externe.",
  "Copy the URL of the queue from its Details and enter it here.":
    "Copiez l’URL de la file depuis *Details* et saisissez-la ici.",
  "Publishes each event to an Amazon SNS topic, standard or FIFO, which passes it to its subscribers.":
    "Publie chaque événement dans une rubrique Amazon SNS, standard ou FIFO, qui le transmet à ses abonnés.",
  "Topic ARN": "ARN de la rubrique",
  "ARN of the topic, from its page in the SNS console under Details. The name of a FIFO topic ends in .fifo.":
    "ARN de la rubrique, sur sa page dans la console SNS, sous *Details*. Le nom d’une rubrique FIFO se termine par .fifo.",
  "In the SNS console, create a topic. For exactly-once delivery to SQS FIFO queues, or to keep the order, choose the type FIFO.":
    "Dans la console SNS, créez une rubrique. Pour une livraison exactement une fois à des files SQS FIFO, ou pour conserver l’ordre, choisissez le type FIFO.",
  "In the IAM console, create a policy that allows sns:Publish on this resource only.":
    "Dans la console IAM, créez une politique qui autorise sns:Publish sur cette seule ressource.",
  "Copy the ARN of the topic from its Details and enter it here.":
    "Copiez l’ARN de la rubrique depuis *Details* et saisissez-le ici.",
  "Puts each event on an Amazon EventBridge event bus, with the payload as detail and the message ID in resources.":
    "Place chaque événement sur un bus Amazon EventBridge, avec la charge utile dans detail et l’ID du message dans resources.",
  "Event bus": "Bus d’événements",
  "Name or ARN of the event bus, from the EventBridge console under Event buses.":
    "Nom ou ARN du bus d’événements, dans la console EventBridge, sous *Event buses*.",
  "Value of source in the events, which rules match. It must not start with aws.":
    "Valeur de source dans les événements, sur laquelle portent les règles. Elle ne doit pas commencer par aws.",
  "Detail type": "Type de détail",
  "Value of detail-type in the events. Leave empty to send the event type.":
    "Valeur de detail-type dans les événements. Laissez vide pour envoyer le type d’événement.",
  "In the EventBridge console, create an event bus, or use the one named default.":
    "Dans la console EventBridge, créez un bus d’événements, ou utilisez celui nommé default.",
  "In the IAM console, create a policy that allows events:PutEvents on this resource only.":
    "Dans la console IAM, créez une politique qui autorise events:PutEvents sur cette seule ressource.",
  "Enter the name of the event bus and the source that your rules match.":
    "Saisissez le nom du bus d’événements et la source sur laquelle portent vos règles.",
  "In a rule, match source and detail-type. To recognise a repeated event, compare the message ID in resources.":
    "Dans une règle, comparez source et detail-type. Pour reconnaître un événement répété, comparez l’ID du message dans resources.",
  "Puts each event into an Amazon Kinesis data stream. The ordering key, or else the message ID, is the partition key.":
    "Écrit chaque événement dans un flux de données Amazon Kinesis. La clé de partition est la clé d’ordre, ou à défaut l’ID du message.",
  "Stream name": "Nom du flux",
  "Name of the data stream, from the Kinesis console.": "Nom du flux de données, dans la console Kinesis.",
  Format: "Format",
  "raw: each record is the body of the message. json: each record is a JSON object with id, eventType, timestamp and payload.":
    "raw : chaque enregistrement est le corps du message. json : chaque enregistrement est un objet JSON avec id, eventType, timestamp et payload.",
  "In the Kinesis console, create a data stream.": "Dans la console Kinesis, créez un flux de données.",
  "Raise Maximum record size if your events are larger than 1 MiB with their partition key.":
    "Augmentez *Maximum record size* si vos événements dépassent 1 Mio avec leur clé de partition.",
  "In the IAM console, create a policy that allows kinesis:PutRecords on this resource only.":
    "Dans la console IAM, créez une politique qui autorise kinesis:PutRecords sur cette seule ressource.",
  "Enter the name of the stream. Choose the format json if consumers need the message ID, for example to recognise repetitions.":
    "Saisissez le nom du flux. Choisissez le format json si les consommateurs ont besoin de l’ID du message, par exemple pour reconnaître les répétitions.",
  "Puts each event into an Amazon Data Firehose stream, which writes it to S3, Redshift, OpenSearch or another store.":
    "Écrit chaque événement dans un flux Amazon Data Firehose, qui l’enregistre dans S3, Redshift, OpenSearch ou un autre stockage.",
  "Firehose stream name": "Nom du flux Firehose",
  "Name of the Firehose stream with the source Direct PUT, from the Amazon Data Firehose console.":
    "Nom du flux Firehose dont la source est *Direct PUT*, dans la console Amazon Data Firehose.",
  "jsonLines: each record is a line of JSON with id, eventType, timestamp and payload. raw: each record is the body of the message, without a line break after it.":
    "jsonLines : chaque enregistrement est une ligne JSON avec id, eventType, timestamp et payload. raw : chaque enregistrement est le corps du message, sans saut de ligne à la fin.",
  "In the Amazon Data Firehose console, create a Firehose stream with the source Direct PUT and the destination of your choice.":
    "Dans la console Amazon Data Firehose, créez un flux Firehose avec la source *Direct PUT* et la destination de votre choix.",
  "In the IAM console, create a policy that allows firehose:PutRecordBatch on this resource only.":
    "Dans la console IAM, créez une politique qui autorise firehose:PutRecordBatch sur cette seule ressource.",
  "Enter the name of the Firehose stream.": "Saisissez le nom du flux Firehose.",
  "Archives events as objects in a bucket of Amazon S3, or of a service with its API. Each event is stored exactly once.":
    "Archive les événements sous forme d’objets dans un bucket Amazon S3, ou d’un service doté de cette API. Chaque événement est enregistré exactement une fois.",
  Bucket: "Bucket",
  "Name of the bucket.": "Nom du bucket.",
  "jsonLines: objects with one line of JSON for each message, with id, eventType, timestamp and payload. raw: one object for each message, with its exact body.":
    "jsonLines : objets contenant une ligne JSON par message, avec id, eventType, timestamp et payload. raw : un objet par message, avec son corps exact.",
  "Object key": "Clé d’objet",
  "Template for the keys of objects. {id} is required: the ID of the message, or the ID of the first message with the number of messages. {year}, {month}, {day}, {hour} and {minute} are the time of the first message in UTC; {eventType} is its type.":
    "Modèle des clés d’objets. {id} est obligatoire : l’ID du message, ou celui du premier message avec leur nombre. {year}, {month}, {day}, {hour} et {minute} sont l’heure du premier message en UTC ; {eventType} est son type.",
  "In the S3 console, create a bucket. Leave public access blocked.":
    "Dans la console S3, créez un bucket. Laissez l’accès public bloqué.",
  "In the IAM console, create a policy that allows s3:PutObject on this resource only.":
    "Dans la console IAM, créez une politique qui autorise s3:PutObject sur cette seule ressource.",
  "Enter the name of the bucket, and change the object key if you want other folders.":
    "Saisissez le nom du bucket, et modifiez la clé d’objet si vous voulez d’autres dossiers.",

  // Google
  "Publishes each event to a Google Cloud Pub/Sub topic, with its ID and type as attributes.":
    "Publie chaque événement dans un sujet Google Cloud Pub/Sub, avec son ID et son type comme attributs.",
  "Project ID": "ID du projet",
  "ID of the Google Cloud project that contains the topic.": "ID du projet Google Cloud qui contient le sujet.",
  "Topic ID": "ID du sujet",
  "ID of the topic, without projects/…/topics/ before it.": "ID du sujet, sans le préfixe projects/…/topics/.",
  "Service account key": "Clé du compte de service",
  "The complete JSON key file of a service account, from IAM & Admin → Service Accounts → Keys → Add key → Create new key → JSON.":
    "Le fichier de clé JSON complet d’un compte de service, sous *IAM & Admin → Service Accounts → Keys → Add key → Create new key → JSON*.",
  "URL of a regional endpoint, or of another service with the same API. Leave empty for Google.":
    "URL d’un point de terminaison régional, ou d’un autre service doté de la même API. Laissez vide pour Google.",
  "In the Google Cloud console, open Pub/Sub → Topics and create a topic.":
    "Dans la console Google Cloud, ouvrez *Pub/Sub → Topics* et créez un sujet.",
  "In the Google Cloud console, open IAM & Admin → Service Accounts and create a service account.":
    "Dans la console Google Cloud, ouvrez *IAM & Admin → Service Accounts* et créez un compte de service.",
  "Grant it the role Pub/Sub Publisher on the topic only, under Permissions of the topic.":
    "Accordez-lui le rôle *Pub/Sub Publisher* sur ce seul sujet, sous *Permissions* du sujet.",
  "Open the service account, choose Keys → Add key → Create new key → JSON, and paste the complete file here.":
    "Ouvrez le compte de service, choisissez *Keys → Add key → Create new key → JSON*, et collez ici le fichier complet.",
  "Enter the project ID and the topic ID.": "Saisissez l’ID du projet et l’ID du sujet.",
  "To keep the order, enable message ordering in the subscription, and enter a regional endpoint such as https://europe-west1-pubsub.googleapis.com.":
    "Pour conserver l’ordre, activez *Message ordering* dans l’abonnement, et saisissez un point de terminaison régional tel que https://europe-west1-pubsub.googleapis.com.",
  "Archives events as objects in a bucket of Google Cloud Storage. Each event is stored exactly once.":
    "Archive les événements sous forme d’objets dans un bucket Google Cloud Storage. Chaque événement est enregistré exactement une fois.",
  "In the Google Cloud console, open Cloud Storage → Buckets and create a bucket with public access prevention.":
    "Dans la console Google Cloud, ouvrez *Cloud Storage → Buckets* et créez un bucket avec *Public access prevention*.",
  "Grant it the role Storage Object Creator on the bucket only, under Permissions of the bucket.":
    "Accordez-lui le rôle *Storage Object Creator* sur ce seul bucket, sous *Permissions* du bucket.",

  // Azure
  "Sends each event to an Azure Service Bus queue or topic. The message ID lets the queue detect duplicates, and the ordering key is the session.":
    "Envoie chaque événement à une file ou à une rubrique Azure Service Bus. L’ID du message permet à la file de détecter les doublons, et la clé d’ordre est la session.",
  "Queue or topic": "File ou rubrique",
  "Name of the queue or topic.": "Nom de la file ou de la rubrique.",
  Namespace: "Espace de noms",
  "Host name of the namespace, from its Overview in the Azure portal.":
    "Nom d’hôte de l’espace de noms, sous *Overview* dans le portail Azure.",
  "Policy name": "Nom de la stratégie",
  "Name of the shared access policy, such as the SharedAccessKeyName in its connection string.":
    "Nom de la stratégie d’accès partagé : SharedAccessKeyName dans sa chaîne de connexion.",
  Key: "Clé",
  "Primary or secondary key of this policy, such as the SharedAccessKey in its connection string.":
    "Clé primaire ou secondaire de cette stratégie : SharedAccessKey dans sa chaîne de connexion.",
  "URL of a private endpoint or another service with the same API. Leave empty for Azure.":
    "URL d’un point de terminaison privé ou d’un autre service doté de la même API. Laissez vide pour Azure.",
  "In the Azure portal, open the Service Bus namespace and create a queue or topic. Enable duplicate detection for exactly-once delivery, and sessions to keep the order by key.":
    "Dans le portail Azure, ouvrez l’espace de noms Service Bus et créez une file ou une rubrique. Activez la détection des doublons pour une livraison exactement une fois, et les sessions pour conserver l’ordre par clé.",
  "Open the queue or topic, choose Shared access policies → Add, and create a policy with the claim Send only.":
    "Ouvrez la file ou la rubrique, choisissez *Shared access policies → Add*, et créez une stratégie avec la seule revendication *Send*.",
  "Enter the host name of the namespace, the name of the queue or topic, and the name and primary key of the policy.":
    "Saisissez le nom d’hôte de l’espace de noms, le nom de la file ou de la rubrique, ainsi que le nom et la clé primaire de la stratégie.",
  "Sends each event to an Azure event hub. The ordering key, or else the message ID, is the partition key.":
    "Envoie chaque événement à un event hub Azure. La clé de partition est la clé d’ordre, ou à défaut l’ID du message.",
  "Event hub": "Event hub",
  "Name of the event hub.": "Nom de l’event hub.",
  "In the Azure portal, open the Event Hubs namespace and create an event hub.":
    "Dans le portail Azure, ouvrez l’espace de noms Event Hubs et créez un event hub.",
  "Open the event hub, choose Shared access policies → Add, and create a policy with the claim Send only.":
    "Ouvrez l’event hub, choisissez *Shared access policies → Add*, et créez une stratégie avec la seule revendication *Send*.",
  "Enter the host name of the namespace, the name of the event hub, and the name and primary key of the policy.":
    "Saisissez le nom d’hôte de l’espace de noms, le nom de l’event hub, ainsi que le nom et la clé primaire de la stratégie.",
  "Publishes each event to an Azure Event Grid topic as a CloudEvent, under the ID of the message.":
    "Publie chaque événement dans une rubrique Azure Event Grid sous forme de CloudEvent, avec l’ID du message.",
  "Topic endpoint": "Point de terminaison de la rubrique",
  "URL of a custom topic or domain with the schema Cloud Event v1.0, from its Overview in the Azure portal.":
    "URL d’une rubrique personnalisée ou d’un domaine avec le schéma *Cloud Event v1.0*, sous *Overview* dans le portail Azure.",
  "Access key": "Clé d’accès",
  "Key 1 or key 2 of the topic, from the page Access keys.": "Clé 1 ou 2 de la rubrique, sur la page *Access keys*.",
  "Value of source in the events, which subscriptions can filter by. A URI or a path.":
    "Valeur de source dans les événements, que les abonnements peuvent filtrer : un URI ou un chemin.",
  "In the Azure portal, create an Event Grid topic, and choose Cloud Event Schema v1.0 on the tab Advanced. The schema cannot be changed later.":
    "Dans le portail Azure, créez une rubrique Event Grid, et choisissez *Cloud Event Schema v1.0* dans l’onglet *Advanced*. Le schéma ne peut plus être modifié ensuite.",
  "Copy the topic endpoint from Overview, and key 1 from Access keys, and enter both here.":
    "Copiez le point de terminaison de la rubrique depuis *Overview* et la clé 1 depuis *Access keys*, et saisissez-les ici.",
  "Subscriptions can filter by the event type and by the source. To recognise a repeated event, compare source and id.":
    "Les abonnements peuvent filtrer par type d’événement et par source. Pour reconnaître un événement répété, comparez source et id.",
  "Archives events as block blobs in a container of Azure Blob Storage. Each event is stored exactly once.":
    "Archive les événements sous forme d’objets blob de blocs dans un conteneur Azure Blob Storage. Chaque événement est enregistré exactement une fois.",
  "Storage account": "Compte de stockage",
  "Name of the storage account.": "Nom du compte de stockage.",
  "Key 1 or key 2 of the storage account, from Security + networking → Access keys.":
    "Clé 1 ou 2 du compte de stockage, sous *Security + networking → Access keys*.",
  Container: "Conteneur",
  "Name of the container.": "Nom du conteneur.",
  "URL of the Blob service in another cloud, or of an emulator. Leave empty for https://ACCOUNT.blob.core.windows.net.":
    "URL du service Blob dans un autre cloud, ou d’un émulateur. Laissez vide pour https://ACCOUNT.blob.core.windows.net.",
  "In the Azure portal, open the storage account, choose Data storage → Containers, and create a container without anonymous access.":
    "Dans le portail Azure, ouvrez le compte de stockage, choisissez *Data storage → Containers*, et créez un conteneur sans accès anonyme.",
  "Choose Security + networking → Access keys, and copy key 1. Storage account key access must be enabled under Settings → Configuration.":
    "Choisissez *Security + networking → Access keys* et copiez la clé 1. L’accès par clé de compte doit être activé sous *Settings → Configuration*.",
  "Enter the names of the account and the container, and the key.":
    "Saisissez les noms du compte et du conteneur, ainsi que la clé.",

  // ClickHouse
  "Inserts each event as a row into a ClickHouse table.":
    "Insère chaque événement comme une ligne dans une table ClickHouse.",
  "URL of the HTTP interface with its port: 8443 with TLS, as in ClickHouse Cloud, or 8123 without.":
    "URL de l’interface HTTP avec son port : 8443 avec TLS, comme dans ClickHouse Cloud, ou 8123 sans.",
  "User name": "Nom d’utilisateur",
  "A user who can insert into this table and do nothing else.":
    "Un utilisateur qui peut insérer dans cette table, et rien d’autre.",
  Password: "Mot de passe",
  "Password of this user.": "Mot de passe de cet utilisateur.",
  Database: "Base de données",
  "Name of the database.": "Nom de la base de données.",
  Table: "Table",
  "Name of the table.": "Nom de la table.",
  Row: "Ligne",
  "columns: the columns below are filled from the message. payload: the members of the payload, a JSON object, are the columns.":
    "columns : les colonnes ci-dessous sont remplies à partir du message. payload : les membres de la charge utile, un objet JSON, sont les colonnes.",
  Columns: "Colonnes",
  "Which part of the message goes into which column, as part=column, separated by commas. Parts: id, eventId, eventType, createdAt, contentType, payload, payloadEncoding. A payload that is not text is encoded in base64, as payloadEncoding shows.":
    "Quelle partie du message va dans quelle colonne, sous la forme partie=colonne, séparées par des virgules. Parties : id, eventId, eventType, createdAt, contentType, payload, payloadEncoding. Une charge utile qui n’est pas du texte est encodée en base64, comme l’indique payloadEncoding.",
  "Create a table, for example: CREATE TABLE events (id String, event_type LowCardinality(String), created_at DateTime64(3, 'UTC'), payload String) ENGINE = MergeTree ORDER BY created_at SETTINGS non_replicated_deduplication_window = 10000.":
    "Créez une table, par exemple : CREATE TABLE events (id String, event_type LowCardinality(String), created_at DateTime64(3, 'UTC'), payload String) ENGINE = MergeTree ORDER BY created_at SETTINGS non_replicated_deduplication_window = 10000.",
  "Create a user: CREATE USER webhooks IDENTIFIED BY '…'; GRANT INSERT ON events TO webhooks.":
    "Créez un utilisateur : CREATE USER webhooks IDENTIFIED BY '…'; GRANT INSERT ON events TO webhooks.",
  "Enter the URL of the HTTP interface, the user, and the names of the database and the table.":
    "Saisissez l’URL de l’interface HTTP, l’utilisateur, et les noms de la base de données et de la table.",
  "ClickHouse ignores repeated inserts within the deduplication window of the table. Replicated tables and ClickHouse Cloud have one by default.":
    "ClickHouse ignore les insertions répétées dans la fenêtre de déduplication de la table. Les tables répliquées et ClickHouse Cloud en ont une par défaut.",
};
