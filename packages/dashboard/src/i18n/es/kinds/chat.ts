/** Spanish for the declarations of chat, paging and automation, by the English text. Names in `*stars*` stay English. */
export const chat: Readonly<Record<string, string>> = {
  // Cards
  "Webhook URL": "URL del webhook",
  Title: "Título",
  "Template of the title. Without one, the event type in words.":
    "Plantilla del título. Sin plantilla: el tipo de evento en palabras.",
  Text: "Texto",
  "Template of the text. Without one, the message or description in the event.":
    "Plantilla del texto. Sin plantilla: el mensaje o la descripción que contiene el evento.",
  Fields: "Campos",
  "One field per line: a name, a colon and a template. Lines without a value are left out. Without a template, the values at the top level of the event.":
    "Un campo por línea: un nombre, dos puntos y una plantilla. Las líneas sin valor se omiten. Sin plantilla: los valores del primer nivel del evento.",
  Link: "Enlace",
  "Template of the URL that the card links to. Without one, the URL in the event.":
    "Plantilla de la URL a la que enlaza la tarjeta. Sin plantilla: la URL que contiene el evento.",
  Severity: "Gravedad",
  "Template that returns info, success, warning, error or critical, which sets the colour. Without one, it is derived from the event and its type.":
    "Plantilla que devuelve info, success, warning, error o critical y determina el color. Sin plantilla, la gravedad se deduce del evento y de su tipo.",

  // Slack
  "Posts each event as a message to a Slack channel.": "Publica cada evento como un mensaje en un canal de Slack.",
  "The URL of an incoming webhook, from the page Incoming Webhooks of your Slack app.":
    "La URL de un webhook entrante, en la página *Incoming Webhooks* de su aplicación de Slack.",
  Thread: "Hilo",
  "Timestamp of a message. Events are posted as replies to it. Copy the link of the message: the digits after the p, with a dot before the last six.":
    "Marca de tiempo de un mensaje. Los eventos se publican como respuestas a él. Copie el enlace del mensaje: son los dígitos que siguen a la p, con un punto antes de los seis últimos.",
  "Open https://api.slack.com/apps and select Create New App, then From scratch. Enter a name and select your workspace.":
    "Abra https://api.slack.com/apps y elija *Create New App* y, después, *From scratch*. Introduzca un nombre y seleccione su espacio de trabajo.",
  "Select Incoming Webhooks in the menu and switch on Activate Incoming Webhooks.":
    "Elija *Incoming Webhooks* en el menú y active *Activate Incoming Webhooks*.",
  "Select Add New Webhook to Workspace, select the channel, and select Allow.":
    "Elija *Add New Webhook to Workspace*, seleccione el canal y elija *Allow*.",
  "Copy the webhook URL from the table and enter it here.": "Copie la URL del webhook de la tabla e introdúzcala aquí.",

  // Discord
  "Posts each event as a message to a Discord channel, thread or forum.":
    "Publica cada evento como un mensaje en un canal, un hilo o un foro de Discord.",
  "The URL of the webhook, from the settings of the channel under Integrations.":
    "La URL del webhook, en los ajustes del canal, dentro de *Integrations*.",
  Name: "Nombre",
  "Name shown as the author of messages, instead of the name of the webhook.":
    "Nombre que aparece como autor de los mensajes, en lugar del nombre del webhook.",
  "Thread ID": "ID del hilo",
  "ID of an existing thread or forum post to write to. With Developer Mode on, right-click it and select Copy Thread ID.":
    "ID de un hilo o de una publicación de foro existente. Active *Developer Mode*, haga clic con el botón derecho y elija *Copy Thread ID*.",
  "Forum post": "Publicación de foro",
  "For forum channels: template of the title of the post that is created for each event.":
    "Para canales de foro: plantilla del título de la publicación que se crea para cada evento.",
  "In Discord, open the settings of the channel (the gear icon) and select Integrations, then Webhooks.":
    "En Discord, abra los ajustes del canal (el icono de engranaje) y elija *Integrations* y, después, *Webhooks*.",
  "Select New Webhook, give it a name, and select Save Changes.":
    "Elija *New Webhook*, póngale un nombre y elija *Save Changes*.",
  "Select Copy Webhook URL and enter the URL here.": "Elija *Copy Webhook URL* e introduzca aquí la URL.",
  "For a forum channel, also enter a thread ID or a template for the title of forum posts.":
    "Para un canal de foro, introduzca también el ID de un hilo o una plantilla para el título de las publicaciones.",

  // Microsoft Teams
  "Posts each event as a card to a Teams channel or chat, through a workflow.":
    "Publica cada evento como una tarjeta en un canal o un chat de Teams, mediante un flujo de trabajo.",
  "Workflow URL": "URL del flujo de trabajo",
  "The URL that Teams shows after you have created the workflow.":
    "La URL que Teams muestra después de crear el flujo de trabajo.",
  "In Teams, select More options (…) next to the channel or chat, and select Workflows.":
    "En Teams, elija *More options (…)* junto al canal o al chat y, después, *Workflows*.",
  'Search for "webhook" and select the template "Send webhook alerts to a channel" (or "to a chat").':
    "Busque «webhook» y seleccione la plantilla *Send webhook alerts to a channel* (o *to a chat*).",
  "Sign in if Teams asks for it, select Next, select the team and the channel, and select Add workflow.":
    "Inicie sesión si Teams lo pide, elija *Next*, seleccione el equipo y el canal y elija *Add workflow*.",
  "Copy the URL that is shown and enter it here.": "Copie la URL que se muestra e introdúzcala aquí.",
  "A workflow belongs to the person who created it. Add a second owner, so that it continues to run when that person leaves.":
    "Un flujo de trabajo pertenece a la persona que lo creó. Añada un segundo propietario para que siga funcionando si esa persona se va.",

  // Google Chat
  "Posts each event as a card to a Google Chat space.":
    "Publica cada evento como una tarjeta en un espacio de Google Chat.",
  "The URL of the webhook, from the apps and integrations of the space.":
    "La URL del webhook, en las aplicaciones e integraciones del espacio.",
  "Thread key": "Clave del hilo",
  "Template of a key. Events with the same key are replies in one thread.":
    "Plantilla de una clave. Los eventos con la misma clave son respuestas en un mismo hilo.",
  "Open the space in Google Chat in a browser. Webhooks need a Google Workspace account, and an administrator can forbid them.":
    "Abra el espacio de Google Chat en un navegador. Los webhooks requieren una cuenta de Google Workspace, y un administrador puede prohibirlos.",
  "Select the arrow next to the name of the space, then Apps & integrations, then Add webhooks.":
    "Elija la flecha junto al nombre del espacio y, después, *Apps & integrations* y *Add webhooks*.",
  "Enter a name and select Save.": "Introduzca un nombre y elija *Save*.",
  "Select Copy link in the menu of the webhook and enter the URL here.":
    "Elija *Copy link* en el menú del webhook e introduzca aquí la URL.",

  // Telegram
  "Sends each event as a message of your bot to a Telegram chat, group or channel.":
    "Envía cada evento como un mensaje de su bot a un chat, un grupo o un canal de Telegram.",
  "Bot token": "Token del bot",
  "The token that BotFather gave you for the bot.": "El token que BotFather le dio para el bot.",
  "Chat ID": "ID del chat",
  "The number of the chat, which is negative for groups and channels, or the @name of a public channel.":
    "El número del chat, que es negativo para grupos y canales, o el @name de un canal público.",
  "For groups with topics: the number of the topic, which is the last number in the link of one of its messages.":
    "Para grupos con temas: el número del tema, que es el último número del enlace de uno de sus mensajes.",
  Silent: "Silencioso",
  "Sends messages without a sound.": "Envía los mensajes sin sonido.",
  "API server": "Servidor de API",
  "Change it only if you run your own Bot API server.": "Cámbielo solo si tiene su propio servidor de Bot API.",
  "In Telegram, open a chat with @BotFather, send /newbot, and follow its questions. Enter the token that it returns here.":
    "En Telegram, abra un chat con @BotFather, envíe /newbot y responda a sus preguntas. Introduzca aquí el token que devuelve.",
  "Add the bot to the group, or to the channel as an administrator. For a private chat, send the bot a message first.":
    "Añada el bot al grupo, o al canal como administrador. Para un chat privado, envíe primero un mensaje al bot.",
  "Send a message to the chat, then open https://api.telegram.org/bot<token>/getUpdates in a browser and copy the number at chat, id.":
    "Envíe un mensaje al chat, abra https://api.telegram.org/bot<token>/getUpdates en un navegador y copie el número que aparece en chat, id.",
  "Enter that number as the chat ID. For a public channel, enter its @name.":
    "Introduzca ese número como ID del chat. Para un canal público, introduzca su @name.",

  // Mattermost and Rocket.Chat
  "Posts each event as a message to a Mattermost channel.":
    "Publica cada evento como un mensaje en un canal de Mattermost.",
  "The URL of an incoming webhook of your Mattermost server.":
    "La URL de un webhook entrante de su servidor Mattermost.",
  Channel: "Canal",
  "Name of another channel to post to, as in its URL, or @name for a direct message. The webhook must not be locked to its channel.":
    "Nombre de otro canal, tal como aparece en su URL, o @name para un mensaje directo. El webhook no debe estar restringido a su canal.",
  "In Mattermost, open the product menu and select Integrations, then Incoming Webhooks. If it is missing, a system administrator must enable it.":
    "En Mattermost, abra el menú de productos y elija *Integrations* y, después, *Incoming Webhooks*. Si no aparece, un administrador del sistema debe activarlo.",
  "Select Add Incoming Webhook, enter a title, select the channel, and select Save.":
    "Elija *Add Incoming Webhook*, introduzca un título, seleccione el canal y elija *Save*.",
  "Posts each event as a message to a Rocket.Chat channel.":
    "Publica cada evento como un mensaje en un canal de Rocket.Chat.",
  "The webhook URL of an incoming integration of your Rocket.Chat workspace.":
    "La URL del webhook de una integración entrante de su espacio de trabajo de Rocket.Chat.",
  "Another channel to post to: #name, or @name for a direct message. The integration must allow it.":
    "Otro canal: #name, o @name para un mensaje directo. La integración debe permitirlo.",
  "In Rocket.Chat, open Administration (Workspace) and select Integrations, then New, then Incoming.":
    "En Rocket.Chat, abra *Administration (Workspace)* y elija *Integrations* y, después, *New* e *Incoming*.",
  "Switch on Enabled, enter a name, the channel to post to, and the user to post as, and select Save.":
    "Active *Enabled*, introduzca un nombre, el canal y el usuario en cuyo nombre se publica, y elija *Save*.",
  "Copy the webhook URL that is shown and enter it here.":
    "Copie la URL del webhook que se muestra e introdúzcala aquí.",

  // PagerDuty
  "Triggers, acknowledges and resolves PagerDuty alerts.": "Activa, confirma y resuelve alertas de PagerDuty.",
  "Integration key": "Clave de integración",
  "The integration key of the service, of the type Events API V2.":
    "La clave de integración del servicio, del tipo *Events API V2*.",
  "Service region of your PagerDuty account: eu if its address contains .eu.pagerduty.com.":
    "Región de su cuenta de PagerDuty: eu si su dirección contiene .eu.pagerduty.com.",
  Action: "Acción",
  "Template that returns trigger, acknowledge or resolve. Any other result triggers an alert, so that none is missed.":
    "Plantilla que devuelve trigger, acknowledge o resolve. Cualquier otro resultado activa una alerta, para que no se pierda ninguna.",
  "Deduplication key": "Clave de deduplicación",
  "Template of the key of the alert. Events with the same key change the same alert, so use an ID that the resolving event also contains. Without one, each event creates a new alert.":
    "Plantilla de la clave de la alerta. Los eventos con la misma clave modifican la misma alerta, así que use un ID que contenga también el evento que la resuelve. Sin plantilla, cada evento crea una alerta nueva.",
  "Template of the system that has the problem.": "Plantilla del nombre del sistema que tiene el problema.",
  "In PagerDuty, open Services, then Service Directory, and select the service.":
    "En PagerDuty, abra *Services* y, después, *Service Directory*, y seleccione el servicio.",
  "Select the tab Integrations, then Add an integration.":
    "Elija la pestaña *Integrations* y, después, *Add an integration*.",
  "Select Events API V2 and select Add.": "Elija *Events API V2* y, después, *Add*.",
  "Copy the integration key and enter it here. Select the region eu if the address of your account contains .eu.pagerduty.com.":
    "Copie la clave de integración e introdúzcala aquí. Elija la región eu si la dirección de su cuenta contiene .eu.pagerduty.com.",

  // Zapier and IFTTT
  "Starts a Zap for each event, through a Catch Hook.": "Inicia un Zap con cada evento, mediante un Catch Hook.",
  "The URL of the trigger Catch Hook of the Zap.": "La URL del disparador *Catch Hook* del Zap.",
  Content: "Contenido",
  "event sends the event as it is. card sends title, text, fields, link and severity, which need no mapping of nested values in the Zap.":
    "event envía el evento tal cual. card envía título, texto, campos, enlace y gravedad, de modo que en el Zap no hay que asignar valores anidados.",
  "In Zapier, select Create, then Zaps, and select Trigger.": "En Zapier, elija *Create*, después *Zaps* y *Trigger*.",
  "Search for Webhooks by Zapier, select the event Catch Hook, and select Continue.":
    "Busque *Webhooks by Zapier*, seleccione el evento *Catch Hook* y elija *Continue*.",
  "Copy the webhook URL from the step Test and enter it here.":
    "Copie la URL del webhook del paso *Test* e introdúzcala aquí.",
  "Send a test event, then select Test trigger in Zapier, so that it learns the fields.":
    "Envíe un evento de prueba y elija *Test trigger* en Zapier, para que reconozca los campos.",
  "Add the actions of the Zap and select Publish.": "Añada las acciones del Zap y elija *Publish*.",
  "Runs an IFTTT applet with each event.": "Ejecuta un applet de IFTTT con cada evento.",
  "The key of your Webhooks service in IFTTT.": "La clave de su servicio *Webhooks* en IFTTT.",
  "Event name": "Nombre del evento",
  "The event name of the applet's trigger: letters, digits and underscores.":
    "El *Event Name* del disparador del applet: letras, dígitos y guiones bajos.",
  "values is for the trigger Receive a web request. json sends the event as it is, for the trigger Receive a web request with a JSON payload.":
    "values es para el disparador *Receive a web request*. json envía el evento tal cual, para el disparador *Receive a web request with a JSON payload*.",
  "Value 1": "Valor 1",
  "Template of value1. Without one, the title of the event.":
    "Plantilla de value1. Sin plantilla: el título del evento.",
  "Value 2": "Valor 2",
  "Template of value2. Without one, the text and the fields of the event.":
    "Plantilla de value2. Sin plantilla: el texto y los campos del evento.",
  "Value 3": "Valor 3",
  "Template of value3. Without one, the link of the event.":
    "Plantilla de value3. Sin plantilla: el enlace del evento.",
  "Open https://ifttt.com/maker_webhooks, connect the service Webhooks, and select Documentation. Enter the key that is shown here.":
    "Abra https://ifttt.com/maker_webhooks, conecte el servicio *Webhooks* y elija *Documentation*. Introduzca aquí la clave que se muestra.",
  "In IFTTT, select Create, then If This, and search for Webhooks.":
    "En IFTTT, elija *Create* y, después, *If This*, y busque *Webhooks*.",
  "Select the trigger Receive a web request, or Receive a web request with a JSON payload, and enter an event name. Enter the same name here.":
    "Elija el disparador *Receive a web request* o *Receive a web request with a JSON payload* e introduzca un *Event Name*. Introduzca aquí el mismo nombre.",
  "Select Then That, add the action, and use the values in it.":
    "Elija *Then That*, añada la acción y use en ella los valores.",
};
