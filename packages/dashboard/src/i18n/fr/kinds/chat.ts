/** French for the declarations of chat, paging and automation, by the English text. Names in `*stars*` stay English. */
export const chat: Readonly<Record<string, string>> = {
  // Cards
  "Webhook URL": "URL du webhook",
  Title: "Titre",
  "Template of the title. Without one, the event type in words.":
    "Modèle du titre. Sans modèle : le type d’événement en toutes lettres.",
  Text: "Texte",
  "Template of the text. Without one, the message or description in the event.":
    "Modèle du texte. Sans modèle : le message ou la description que contient l’événement.",
  Fields: "Champs",
  "One field per line: a name, a colon and a template. Lines without a value are left out. Without a template, the values at the top level of the event.":
    "Un champ par ligne : un nom, un deux-points et un modèle. Les lignes sans valeur sont omises. Sans modèle : les valeurs du premier niveau de l’événement.",
  Link: "Lien",
  "Template of the URL that the card links to. Without one, the URL in the event.":
    "Modèle de l’URL vers laquelle renvoie la carte. Sans modèle : l’URL que contient l’événement.",
  Severity: "Gravité",
  "Template that returns info, success, warning, error or critical, which sets the colour. Without one, it is derived from the event and its type.":
    "Modèle qui renvoie info, success, warning, error ou critical et détermine la couleur. Sans modèle, la gravité est déduite de l’événement et de son type.",

  // Slack
  "Posts each event as a message to a Slack channel.":
    "Publie chaque événement sous forme de message dans un canal Slack.",
  "The URL of an incoming webhook, from the page Incoming Webhooks of your Slack app.":
    "L’URL d’un webhook entrant, sur la page *Incoming Webhooks* de votre application Slack.",
  Thread: "Fil de discussion",
  "Timestamp of a message. Events are posted as replies to it. Copy the link of the message: the digits after the p, with a dot before the last six.":
    "Horodatage d’un message. Les événements sont publiés en réponse à celui-ci. Copiez le lien du message : ce sont les chiffres qui suivent le p, avec un point avant les six derniers.",
  "Open https://api.slack.com/apps and select Create New App, then From scratch. Enter a name and select your workspace.":
    "Ouvrez https://api.slack.com/apps et choisissez *Create New App*, puis *From scratch*. Saisissez un nom et sélectionnez votre espace de travail.",
  "Select Incoming Webhooks in the menu and switch on Activate Incoming Webhooks.":
    "Dans le menu, choisissez *Incoming Webhooks* et activez *Activate Incoming Webhooks*.",
  "Select Add New Webhook to Workspace, select the channel, and select Allow.":
    "Choisissez *Add New Webhook to Workspace*, sélectionnez le canal, puis choisissez *Allow*.",
  "Copy the webhook URL from the table and enter it here.":
    "Copiez l’URL du webhook depuis le tableau et saisissez-la ici.",

  // Discord
  "Posts each event as a message to a Discord channel, thread or forum.":
    "Publie chaque événement sous forme de message dans un salon, un fil ou un forum Discord.",
  "The URL of the webhook, from the settings of the channel under Integrations.":
    "L’URL du webhook, dans les paramètres du salon, sous *Integrations*.",
  Name: "Nom",
  "Name shown as the author of messages, instead of the name of the webhook.":
    "Nom affiché comme auteur des messages, à la place du nom du webhook.",
  "Thread ID": "ID du fil",
  "ID of an existing thread or forum post to write to. With Developer Mode on, right-click it and select Copy Thread ID.":
    "ID d’un fil ou d’un post de forum existant dans lequel écrire. Activez *Developer Mode*, faites un clic droit dessus et choisissez *Copy Thread ID*.",
  "Forum post": "Post de forum",
  "For forum channels: template of the title of the post that is created for each event.":
    "Pour les salons de type forum : modèle du titre du post créé pour chaque événement.",
  "In Discord, open the settings of the channel (the gear icon) and select Integrations, then Webhooks.":
    "Dans Discord, ouvrez les paramètres du salon (la roue dentée) et choisissez *Integrations*, puis *Webhooks*.",
  "Select New Webhook, give it a name, and select Save Changes.":
    "Choisissez *New Webhook*, donnez-lui un nom, puis choisissez *Save Changes*.",
  "Select Copy Webhook URL and enter the URL here.": "Choisissez *Copy Webhook URL* et saisissez l’URL ici.",
  "For a forum channel, also enter a thread ID or a template for the title of forum posts.":
    "Pour un salon de type forum, saisissez aussi l’ID d’un fil ou un modèle pour le titre des posts.",

  // Microsoft Teams
  "Posts each event as a card to a Teams channel or chat, through a workflow.":
    "Publie chaque événement sous forme de carte dans un canal ou une conversation Teams, au moyen d’un workflow.",
  "Workflow URL": "URL du workflow",
  "The URL that Teams shows after you have created the workflow.":
    "L’URL que Teams affiche après la création du workflow.",
  "In Teams, select More options (…) next to the channel or chat, and select Workflows.":
    "Dans Teams, choisissez *More options (…)* à côté du canal ou de la conversation, puis *Workflows*.",
  'Search for "webhook" and select the template "Send webhook alerts to a channel" (or "to a chat").':
    "Recherchez « webhook » et sélectionnez le modèle *Send webhook alerts to a channel* (ou *to a chat*).",
  "Sign in if Teams asks for it, select Next, select the team and the channel, and select Add workflow.":
    "Connectez-vous si Teams le demande, choisissez *Next*, sélectionnez l’équipe et le canal, puis choisissez *Add workflow*.",
  "Copy the URL that is shown and enter it here.": "Copiez l’URL affichée et saisissez-la ici.",
  "A workflow belongs to the person who created it. Add a second owner, so that it continues to run when that person leaves.":
    "Un workflow appartient à la personne qui l’a créé. Ajoutez un second propriétaire pour qu’il continue de fonctionner si cette personne part.",

  // Google Chat
  "Posts each event as a card to a Google Chat space.":
    "Publie chaque événement sous forme de carte dans un espace Google Chat.",
  "The URL of the webhook, from the apps and integrations of the space.":
    "L’URL du webhook, dans les applications et intégrations de l’espace.",
  "Thread key": "Clé du fil",
  "Template of a key. Events with the same key are replies in one thread.":
    "Modèle d’une clé. Les événements de même clé sont des réponses dans un même fil.",
  "Open the space in Google Chat in a browser. Webhooks need a Google Workspace account, and an administrator can forbid them.":
    "Ouvrez l’espace de Google Chat dans un navigateur. Les webhooks exigent un compte Google Workspace, et un administrateur peut les interdire.",
  "Select the arrow next to the name of the space, then Apps & integrations, then Add webhooks.":
    "Choisissez la flèche à côté du nom de l’espace, puis *Apps & integrations* et *Add webhooks*.",
  "Enter a name and select Save.": "Saisissez un nom et choisissez *Save*.",
  "Select Copy link in the menu of the webhook and enter the URL here.":
    "Dans le menu du webhook, choisissez *Copy link* et saisissez l’URL ici.",

  // Telegram
  "Sends each event as a message of your bot to a Telegram chat, group or channel.":
    "Envoie chaque événement sous forme de message de votre bot dans une conversation, un groupe ou un canal Telegram.",
  "Bot token": "Jeton du bot",
  "The token that BotFather gave you for the bot.": "Le jeton que BotFather vous a donné pour le bot.",
  "Chat ID": "ID de la conversation",
  "The number of the chat, which is negative for groups and channels, or the @name of a public channel.":
    "Le numéro de la conversation, négatif pour les groupes et les canaux, ou le @name d’un canal public.",
  "For groups with topics: the number of the topic, which is the last number in the link of one of its messages.":
    "Pour les groupes avec des sujets : le numéro du sujet, c’est-à-dire le dernier nombre du lien de l’un de ses messages.",
  Silent: "Silencieux",
  "Sends messages without a sound.": "Envoie les messages sans notification sonore.",
  "API server": "Serveur d’API",
  "Change it only if you run your own Bot API server.":
    "À modifier seulement si vous exploitez votre propre serveur Bot API.",
  "In Telegram, open a chat with @BotFather, send /newbot, and follow its questions. Enter the token that it returns here.":
    "Dans Telegram, ouvrez une conversation avec @BotFather, envoyez /newbot et répondez à ses questions. Saisissez ici le jeton qu’il renvoie.",
  "Add the bot to the group, or to the channel as an administrator. For a private chat, send the bot a message first.":
    "Ajoutez le bot au groupe, ou au canal comme administrateur. Pour une conversation privée, envoyez d’abord un message au bot.",
  "Send a message to the chat, then open https://api.telegram.org/bot<token>/getUpdates in a browser and copy the number at chat, id.":
    "Envoyez un message dans la conversation, puis ouvrez https://api.telegram.org/bot<token>/getUpdates dans un navigateur et copiez le nombre sous chat, id.",
  "Enter that number as the chat ID. For a public channel, enter its @name.":
    "Saisissez ce nombre comme ID de la conversation. Pour un canal public, saisissez son @name.",

  // Mattermost and Rocket.Chat
  "Posts each event as a message to a Mattermost channel.":
    "Publie chaque événement sous forme de message dans un canal Mattermost.",
  "The URL of an incoming webhook of your Mattermost server.":
    "L’URL d’un webhook entrant de votre serveur Mattermost.",
  Channel: "Canal",
  "Name of another channel to post to, as in its URL, or @name for a direct message. The webhook must not be locked to its channel.":
    "Nom d’un autre canal, tel que dans son URL, ou @name pour un message direct. Le webhook ne doit pas être verrouillé sur son canal.",
  "In Mattermost, open the product menu and select Integrations, then Incoming Webhooks. If it is missing, a system administrator must enable it.":
    "Dans Mattermost, ouvrez le menu des produits et choisissez *Integrations*, puis *Incoming Webhooks*. Si l’entrée manque, un administrateur système doit l’activer.",
  "Select Add Incoming Webhook, enter a title, select the channel, and select Save.":
    "Choisissez *Add Incoming Webhook*, saisissez un titre, sélectionnez le canal, puis choisissez *Save*.",
  "Posts each event as a message to a Rocket.Chat channel.":
    "Publie chaque événement sous forme de message dans un canal Rocket.Chat.",
  "The webhook URL of an incoming integration of your Rocket.Chat workspace.":
    "L’URL du webhook d’une intégration entrante de votre espace de travail Rocket.Chat.",
  "Another channel to post to: #name, or @name for a direct message. The integration must allow it.":
    "Un autre canal : #name, ou @name pour un message direct. L’intégration doit l’autoriser.",
  "In Rocket.Chat, open Administration (Workspace) and select Integrations, then New, then Incoming.":
    "Dans Rocket.Chat, ouvrez *Administration (Workspace)* et choisissez *Integrations*, puis *New* et *Incoming*.",
  "Switch on Enabled, enter a name, the channel to post to, and the user to post as, and select Save.":
    "Activez *Enabled*, saisissez un nom, le canal et l’utilisateur au nom duquel publier, puis choisissez *Save*.",
  "Copy the webhook URL that is shown and enter it here.": "Copiez l’URL du webhook affichée et saisissez-la ici.",

  // PagerDuty
  "Triggers, acknowledges and resolves PagerDuty alerts.": "Déclenche, acquitte et clôt des alertes PagerDuty.",
  "Integration key": "Clé d’intégration",
  "The integration key of the service, of the type Events API V2.":
    "La clé d’intégration du service, de type *Events API V2*.",
  "Service region of your PagerDuty account: eu if its address contains .eu.pagerduty.com.":
    "Région de votre compte PagerDuty : eu si son adresse contient .eu.pagerduty.com.",
  Action: "Action",
  "Template that returns trigger, acknowledge or resolve. Any other result triggers an alert, so that none is missed.":
    "Modèle qui renvoie trigger, acknowledge ou resolve. Tout autre résultat déclenche une alerte, pour qu’aucune ne soit manquée.",
  "Deduplication key": "Clé de déduplication",
  "Template of the key of the alert. Events with the same key change the same alert, so use an ID that the resolving event also contains. Without one, each event creates a new alert.":
    "Modèle de la clé de l’alerte. Les événements de même clé modifient la même alerte : utilisez donc un ID que contient aussi l’événement qui la clôt. Sans modèle, chaque événement crée une alerte.",
  "Template of the system that has the problem.": "Modèle du nom du système concerné par le problème.",
  "In PagerDuty, open Services, then Service Directory, and select the service.":
    "Dans PagerDuty, ouvrez *Services*, puis *Service Directory*, et sélectionnez le service.",
  "Select the tab Integrations, then Add an integration.":
    "Choisissez l’onglet *Integrations*, puis *Add an integration*.",
  "Select Events API V2 and select Add.": "Choisissez *Events API V2*, puis *Add*.",
  "Copy the integration key and enter it here. Select the region eu if the address of your account contains .eu.pagerduty.com.":
    "Copiez la clé d’intégration et saisissez-la ici. Choisissez la région eu si l’adresse de votre compte contient .eu.pagerduty.com.",

  // Zapier and IFTTT
  "Starts a Zap for each event, through a Catch Hook.": "Lance un Zap pour chaque événement, au moyen d’un Catch Hook.",
  "The URL of the trigger Catch Hook of the Zap.": "L’URL du déclencheur *Catch Hook* du Zap.",
  Content: "Contenu",
  "event sends the event as it is. card sends title, text, fields, link and severity, which need no mapping of nested values in the Zap.":
    "event envoie l’événement tel quel. card envoie le titre, le texte, les champs, le lien et la gravité : il n’y a alors pas de valeurs imbriquées à associer dans le Zap.",
  "In Zapier, select Create, then Zaps, and select Trigger.":
    "Dans Zapier, choisissez *Create*, puis *Zaps* et *Trigger*.",
  "Search for Webhooks by Zapier, select the event Catch Hook, and select Continue.":
    "Recherchez *Webhooks by Zapier*, sélectionnez l’événement *Catch Hook*, puis choisissez *Continue*.",
  "Copy the webhook URL from the step Test and enter it here.":
    "Copiez l’URL du webhook depuis l’étape *Test* et saisissez-la ici.",
  "Send a test event, then select Test trigger in Zapier, so that it learns the fields.":
    "Envoyez un événement de test, puis choisissez *Test trigger* dans Zapier pour qu’il connaisse les champs.",
  "Add the actions of the Zap and select Publish.": "Ajoutez les actions du Zap et choisissez *Publish*.",
  "Runs an IFTTT applet with each event.": "Exécute une applet IFTTT à chaque événement.",
  "The key of your Webhooks service in IFTTT.": "La clé de votre service *Webhooks* dans IFTTT.",
  "Event name": "Nom de l’événement",
  "The event name of the applet's trigger: letters, digits and underscores.":
    "Le *Event Name* du déclencheur de l’applet : lettres, chiffres et tirets bas.",
  "values is for the trigger Receive a web request. json sends the event as it is, for the trigger Receive a web request with a JSON payload.":
    "values convient au déclencheur *Receive a web request*. json envoie l’événement tel quel, pour le déclencheur *Receive a web request with a JSON payload*.",
  "Value 1": "Valeur 1",
  "Template of value1. Without one, the title of the event.":
    "Modèle de value1. Sans modèle : le titre de l’événement.",
  "Value 2": "Valeur 2",
  "Template of value2. Without one, the text and the fields of the event.":
    "Modèle de value2. Sans modèle : le texte et les champs de l’événement.",
  "Value 3": "Valeur 3",
  "Template of value3. Without one, the link of the event.": "Modèle de value3. Sans modèle : le lien de l’événement.",
  "Open https://ifttt.com/maker_webhooks, connect the service Webhooks, and select Documentation. Enter the key that is shown here.":
    "Ouvrez https://ifttt.com/maker_webhooks, connectez le service *Webhooks* et choisissez *Documentation*. Saisissez ici la clé affichée.",
  "In IFTTT, select Create, then If This, and search for Webhooks.":
    "Dans IFTTT, choisissez *Create*, puis *If This*, et recherchez *Webhooks*.",
  "Select the trigger Receive a web request, or Receive a web request with a JSON payload, and enter an event name. Enter the same name here.":
    "Choisissez le déclencheur *Receive a web request* ou *Receive a web request with a JSON payload*, et saisissez un *Event Name*. Saisissez le même nom ici.",
  "Select Then That, add the action, and use the values in it.":
    "Choisissez *Then That*, ajoutez l’action et utilisez-y les valeurs.",
};
