/** French for sentences of the server that customers see, by their stable code. See `de/server.ts`. */
export const server = {
  sentences: {
    attempt: {
      blocked_url:
        "Cette URL n’est pas autorisée. Utilisez une URL http ou https d’un hôte public, sur un port web courant et sans nom d’utilisateur.",
      blocked_address:
        "Cette cible est bloquée. Utilisez une URL accessible depuis l’Internet public, ou contactez l’opérateur.",
      blocked_proxy:
        "L’adresse du proxy est bloquée. Utilisez une adresse accessible depuis l’Internet public, ou contactez l’opérateur.",
      dns_not_found: "Le nom d’hôte n’existe pas. Vérifiez son orthographe et les enregistrements DNS.",
      dns_timeout: "Les serveurs de noms de cet hôte n’ont pas répondu à temps. Vérifiez le DNS du domaine.",
      dns_broken:
        "Les serveurs de noms de cet hôte signalent une erreur. Vérifiez le DNS du domaine, y compris DNSSEC.",
      dns_failed: "Notre résolveur DNS est en panne. Vous n’avez rien à faire.",
      connect_refused: "L’hôte a refusé la connexion. Vérifiez que le serveur fonctionne et qu’il écoute sur ce port.",
      connect_timeout:
        "L’hôte n’a pas accepté la connexion à temps. Vérifiez le pare-feu et que le serveur fonctionne.",
      connect_unreachable: "Aucune route ne mène à cet hôte. Vérifiez les adresses des enregistrements DNS.",
      tls_expired: "Le certificat TLS de l’hôte, ou l’un de sa chaîne, a expiré. Renouvelez-le.",
      tls_not_yet_valid:
        "Le certificat TLS de l’hôte n’est pas encore valable. Vérifiez ses dates et l’horloge du serveur.",
      tls_name:
        "Le certificat TLS de l’hôte porte un autre nom. Émettez-en un qui contient le nom d’hôte de cette URL.",
      tls_self_signed:
        "Le certificat TLS de l’hôte est auto-signé. Utilisez celui d’une autorité publique, ou ajoutez-le comme autorité reconnue.",
      tls_chain:
        "Le certificat TLS de l’hôte vient d’une autorité inconnue. Utilisez une autorité publique, ou ajoutez celle-ci comme autorité reconnue.",
      tls_incomplete_chain:
        "L’hôte n’envoie pas ses certificats intermédiaires. Configurez-le pour qu’il envoie la chaîne complète.",
      tls_revoked: "Le certificat TLS de l’hôte a été révoqué par son autorité. Remplacez-le.",
      tls_invalid:
        "Le certificat TLS de l’hôte est inadapté à un serveur, trop faible ou mal signé. Émettez-en un nouveau.",
      tls_pin:
        "Le certificat TLS de l’hôte ne correspond pas à l’empreinte attendue. Mettez l’empreinte à jour si le certificat a été renouvelé.",
      tls_client_certificate:
        "L’hôte exige un certificat client, ou a refusé celui qui a été envoyé. Configurez le bon certificat.",
      tls_version:
        "L’hôte ne prend pas en charge TLS 1.2 ou ultérieur avec un chiffrement utilisable. Mettez ses réglages TLS à jour.",
      tls_failed: "La négociation TLS avec l’hôte a échoué. Vérifiez que ce port utilise bien TLS.",
      timeout: "L’hôte n’a pas répondu à temps. Répondez d’abord avec un statut 2xx, puis traitez l’événement.",
      reset:
        "L’hôte a fermé la connexion avant de répondre. Cherchez dans ses journaux un plantage ou une limite du proxy.",
      protocol: "La réponse de l’hôte n’est pas du HTTP/1.1 valide. Vérifiez quel programme répond sur ce port.",
      headers_too_large: "Les en-têtes de la réponse sont trop volumineux. Envoyez-en moins, ou de plus courts.",
      proxy_failed: "Notre proxy sortant est en panne. Vous n’avez rien à faire.",
      proxy_denied: "Notre proxy sortant n’autorise pas cette cible. Contactez l’opérateur.",
      proxy_target:
        "Notre proxy sortant n’a pas pu joindre cet hôte. Vérifiez que le serveur fonctionne et qu’il est accessible.",
      auth_refused:
        "Le serveur de jetons a refusé le client. Vérifiez l’ID client, le secret et la portée de ce point de terminaison.",
      auth_unavailable:
        "Le serveur de jetons n’a pas fourni de jeton utilisable. Vérifiez son URL et qu’il fonctionne.",
      no_sockets: "Aucune connexion ne s’est libérée à temps. Vous n’avez rien à faire.",
      bad_request:
        "La requête n’a pas pu être construite. Vérifiez les en-têtes personnalisés de ce point de terminaison.",
      bad_tls_settings:
        "Les réglages TLS de ce point de terminaison sont inutilisables. Vérifiez l’autorité, le certificat et la clé.",
      stalled:
        "Notre processus a été bloqué plus longtemps que le délai imparti. La requête n’a pas été envoyée. Vous n’avez rien à faire.",
      shutdown: "L’expéditeur est en cours d’arrêt. La requête n’a pas été envoyée.",
      internal: "Une erreur inattendue s’est produite de notre côté. Vous n’avez rien à faire.",
      canceled: "La requête a été interrompue avant la fin.",
    },
    status: {
      "400":
        "400 Bad Request : votre point de terminaison n’a pas compris la requête. Consultez la réponse pour savoir ce qui manque.",
      "401":
        "401 Unauthorized : votre point de terminaison exige des identifiants, ou a refusé ceux qui ont été envoyés. Vérifiez les identifiants de ce point de terminaison.",
      "403":
        "403 Forbidden : votre point de terminaison a refusé la requête. Vérifiez ses règles d’accès et les identifiants de ce point de terminaison.",
      "404": "404 Not Found : il n’y a rien à cette URL. Vérifiez le chemin.",
      "405":
        "405 Method Not Allowed : cette URL n’accepte pas POST. Vérifiez le chemin, et que votre application traite POST.",
      "408":
        "408 Request Timeout : votre point de terminaison a cessé d’attendre la requête. Vérifiez le proxy qui le précède.",
      "409": "409 Conflict : votre point de terminaison signale un conflit. Lisez la cause dans la réponse.",
      "410":
        "410 Gone : votre point de terminaison indique qu’il n’existe plus. Supprimez-le, ou saisissez la nouvelle URL et réactivez-le.",
      "411":
        "411 Length Required : votre point de terminaison exige une longueur, qui a pourtant été envoyée. Vérifiez le proxy qui le précède.",
      "413":
        "413 Content Too Large : la charge utile est trop volumineuse pour votre point de terminaison. Relevez sa limite, ou envoyez des charges utiles plus petites.",
      "415": "415 Unsupported Media Type : votre point de terminaison n’accepte pas ce Content-Type.",
      "421":
        "421 Misdirected Request : le serveur n’est pas responsable de cet hôte. Vérifiez l’URL et les enregistrements DNS du domaine.",
      "422":
        "422 Unprocessable Content : votre point de terminaison a compris la requête et en a refusé le contenu. Lisez la raison dans la réponse.",
      "425": "425 Too Early : votre point de terminaison n’est pas encore prêt pour cette requête.",
      "429":
        "429 Too Many Requests : votre point de terminaison demande moins de requêtes. Limitez le débit du point de terminaison, ou relevez sa limite.",
      "500":
        "500 Internal Server Error : une erreur s’est produite dans votre application. Consultez ses journaux au moment de cette tentative.",
      "501": "501 Not Implemented : votre serveur ne prend pas en charge cette requête. Vérifiez l’URL.",
      "502":
        "502 Bad Gateway : un proxy placé devant votre serveur n’en a pas reçu de réponse valide. Vérifiez que votre application fonctionne.",
      "503":
        "503 Service Unavailable : votre serveur est indisponible pour le moment. Vérifiez qu’il fonctionne et qu’il dispose de ressources suffisantes.",
      "504":
        "504 Gateway Timeout : un proxy placé devant votre serveur l’a attendu trop longtemps. Répondez d’abord avec un statut 2xx, puis traitez l’événement.",
      "4xx": "Votre point de terminaison a refusé la requête. Lisez la raison dans la réponse.",
      "5xx": "Une erreur s’est produite sur votre serveur. Consultez ses journaux au moment de cette tentative.",
      other: "Ce statut ne compte pas comme une réussite. Vérifiez les règles de livraison de ce point de terminaison.",
    },
  },
  summaries: {
    attempt: {
      redirect:
        "L’URL redirige. Les redirections ne sont pas suivies. Saisissez la nouvelle URL dans le point de terminaison.",
      success_rule:
        "La réponse ne respecte pas la règle de réussite. Vérifiez les règles de livraison de ce point de terminaison.",
      transform_failed: "La transformation a échoué. Vérifiez son code.",
      format_failed: "La charge utile n’a pas pu être convertie au format de ce point de terminaison.",
      credentials_refused: "La cible a refusé les identifiants.",
      target_not_found: "La cible n’existe pas, ou n’accepte plus de messages.",
      message_too_large: "Le message est trop volumineux pour la cible.",
      message_invalid: "La cible a refusé le contenu du message.",
      rate_limited: "La cible demande moins de messages.",
      target_unavailable: "La cible est surchargée ou en panne.",
      connection_failed: "La connexion à la cible a échoué.",
      protocol_error: "La réponse de la cible ne respecte pas son protocole.",
    },
    warning: {
      certificate_expires: "Le certificat TLS du point de terminaison expire bientôt. Renouvelez-le.",
      success_doubtful: "Le statut est une réussite, mais la réponse ressemble à une erreur.",
      response_cut: "La réponse n’a pas été lue en entier.",
    },
  },
};
