import { doctor } from "./doctor.ts";

/**
 * Sentences of the server by their stable code. Texts under `sentences` say all that the English sentence says. Texts under `summaries`
 * are followed by the English sentence, which has details such as names and values. English pages show only the server's sentences.
 */
export const server = {
  sentences: {
    doctor: doctor.sentences,
    hub: {
      wrong_challenge: "Der Callback hat mit einem Erfolgsstatus geantwortet, aber sein Body ist nicht die Challenge.",
      topic_full: "Das Topic hat bereits so viele Abonnements, wie sein Herausgeber erlaubt.",
      topic_disabled: "Das Topic nimmt keine Abonnements an.",
    },
    hubHint: {
      temporary_error: "Prüfen Sie den Server hinter dem Callback, und abonnieren Sie dann erneut.",
      redirected: "Posthorn folgt Weiterleitungen von Callbacks nicht. Abonnieren Sie mit der endgültigen URL.",
      not_confirmed:
        "Der Abonnent hat diese Anfrage nicht beabsichtigt, oder sein Callback wertet hub.mode nicht aus. Prüfen Sie URL und Query.",
      address_refused:
        "Verwenden Sie einen Callback mit öffentlicher Adresse, oder bitten Sie den Betreiber, diese zu erlauben.",
      unreachable:
        "Prüfen Sie, ob sich der Hostname auflösen lässt und der Server Verbindungen von Posthorn annimmt, und abonnieren Sie dann erneut.",
      wrong_challenge:
        "Der Callback muss den Wert von hub.challenge als ganzen Body zurückgeben, ohne Anführungszeichen und Zeilenumbrüche.",
      topic_full: "Erhöhen Sie maxSubscriptions für das Topic, oder löschen Sie Abonnements.",
      topic_disabled: "Aktivieren Sie das Topic. Der Abonnent muss danach erneut abonnieren.",
    },
    attempt: {
      blocked_url:
        "Diese URL ist nicht erlaubt. Verwenden Sie eine http- oder https-URL eines öffentlichen Hosts auf einem üblichen Web-Port, ohne Benutzernamen.",
      blocked_address:
        "Dieses Ziel ist gesperrt. Verwenden Sie eine URL, die im öffentlichen Internet erreichbar ist, oder wenden Sie sich an den Betreiber.",
      blocked_proxy:
        "Die Adresse des Proxys ist gesperrt. Verwenden Sie eine, die im öffentlichen Internet erreichbar ist, oder wenden Sie sich an den Betreiber.",
      dns_not_found: "Der Hostname existiert nicht. Prüfen Sie die Schreibweise und die DNS-Einträge.",
      dns_timeout: "Die Nameserver dieses Hosts haben nicht rechtzeitig geantwortet. Prüfen Sie das DNS der Domain.",
      dns_broken: "Die Nameserver dieses Hosts melden einen Fehler. Prüfen Sie das DNS der Domain, auch DNSSEC.",
      dns_failed: "Unser DNS-Resolver ist ausgefallen. Sie müssen nichts tun.",
      connect_refused:
        "Der Host hat die Verbindung abgelehnt. Prüfen Sie, ob der Server läuft und auf diesem Port lauscht.",
      connect_timeout:
        "Der Host hat die Verbindung nicht rechtzeitig angenommen. Prüfen Sie die Firewall und ob der Server läuft.",
      connect_unreachable: "Es gibt keine Route zu diesem Host. Prüfen Sie die Adressen in den DNS-Einträgen.",
      tls_expired: "Das TLS-Zertifikat des Hosts oder eines in seiner Kette ist abgelaufen. Erneuern Sie es.",
      tls_not_yet_valid:
        "Das TLS-Zertifikat des Hosts ist noch nicht gültig. Prüfen Sie seine Daten und die Uhr des Servers.",
      tls_name:
        "Das TLS-Zertifikat des Hosts gilt für einen anderen Namen. Stellen Sie eines aus, das den Hostnamen dieser URL enthält.",
      tls_self_signed:
        "Das TLS-Zertifikat des Hosts ist selbst signiert. Verwenden Sie eines einer öffentlichen Zertifizierungsstelle, oder hinterlegen Sie es als eigene Zertifizierungsstelle.",
      tls_chain:
        "Das TLS-Zertifikat des Hosts stammt von einer unbekannten Zertifizierungsstelle. Verwenden Sie eine öffentliche, oder hinterlegen Sie diese als eigene Zertifizierungsstelle.",
      tls_incomplete_chain:
        "Der Host sendet seine Zwischenzertifikate nicht. Konfigurieren Sie ihn so, dass er die vollständige Kette sendet.",
      tls_revoked: "Das TLS-Zertifikat des Hosts wurde von seiner Zertifizierungsstelle widerrufen. Ersetzen Sie es.",
      tls_invalid:
        "Das TLS-Zertifikat des Hosts ist für Server ungeeignet, zu schwach oder falsch signiert. Stellen Sie ein neues aus.",
      tls_pin:
        "Das TLS-Zertifikat des Hosts entspricht nicht dem Pin. Aktualisieren Sie den Pin, wenn das Zertifikat erneuert wurde.",
      tls_client_certificate:
        "Der Host verlangt ein Client-Zertifikat oder hat das gesendete abgelehnt. Hinterlegen Sie das richtige Zertifikat.",
      tls_version:
        "Der Host unterstützt TLS 1.2 oder neuer nicht mit einem verwendbaren Verfahren. Aktualisieren Sie seine TLS-Einstellungen.",
      tls_failed:
        "Der TLS-Handshake mit dem Host ist fehlgeschlagen. Prüfen Sie, ob auf diesem Port TLS gesprochen wird.",
      timeout:
        "Der Host hat nicht rechtzeitig geantwortet. Antworten Sie zuerst mit 2xx, und erledigen Sie die Arbeit danach.",
      reset:
        "Der Host hat die Verbindung vor der Antwort geschlossen. Suchen Sie in seinen Logs nach einem Absturz oder einer Grenze des Proxys.",
      protocol:
        "Die Antwort des Hosts ist kein gültiges HTTP/1.1. Prüfen Sie, welches Programm auf diesem Port antwortet.",
      headers_too_large: "Die Header der Antwort sind zu groß. Senden Sie weniger oder kürzere Header.",
      proxy_failed: "Unser ausgehender Proxy ist ausgefallen. Sie müssen nichts tun.",
      proxy_denied: "Unser ausgehender Proxy erlaubt dieses Ziel nicht. Wenden Sie sich an den Betreiber.",
      proxy_target:
        "Unser ausgehender Proxy konnte diesen Host nicht erreichen. Prüfen Sie, ob der Server läuft und erreichbar ist.",
      auth_refused:
        "Der Token-Endpunkt hat den Client abgelehnt. Prüfen Sie Client-ID, Secret und Scope dieses Endpunkts.",
      auth_unavailable:
        "Der Token-Endpunkt hat kein verwendbares Token geliefert. Prüfen Sie seine URL und ob der Server läuft.",
      no_sockets: "Es war nicht rechtzeitig eine Verbindung frei. Sie müssen nichts tun.",
      bad_request: "Die Anfrage konnte nicht erstellt werden. Prüfen Sie die eigenen Header dieses Endpunkts.",
      bad_tls_settings:
        "Die TLS-Einstellungen dieses Endpunkts sind unbrauchbar. Prüfen Sie Zertifizierungsstelle, Zertifikat und Schlüssel.",
      stalled:
        "Unser Prozess war länger blockiert als das Zeitlimit. Die Anfrage wurde nicht gesendet. Sie müssen nichts tun.",
      shutdown: "Der Absender wird gerade beendet. Die Anfrage wurde nicht gesendet.",
      internal: "Auf unserer Seite ist ein unerwarteter Fehler aufgetreten. Sie müssen nichts tun.",
      canceled: "Die Anfrage wurde abgebrochen, bevor sie fertig war.",
    },
    status: {
      "400": "400 Bad Request: Ihr Endpunkt hat die Anfrage nicht verstanden. Lesen Sie in der Antwort, was fehlt.",
      "401":
        "401 Unauthorized: Ihr Endpunkt verlangt Zugangsdaten oder hat die gesendeten abgelehnt. Prüfen Sie die Zugangsdaten dieses Endpunkts.",
      "403":
        "403 Forbidden: Ihr Endpunkt hat die Anfrage abgelehnt. Prüfen Sie seine Zugriffsregeln und die Zugangsdaten dieses Endpunkts.",
      "404": "404 Not Found: Unter dieser URL gibt es keine Ressource. Prüfen Sie den Pfad.",
      "405":
        "405 Method Not Allowed: Diese URL nimmt kein POST an. Prüfen Sie den Pfad und ob Ihre Anwendung POST verarbeitet.",
      "408": "408 Request Timeout: Ihr Endpunkt hat nicht länger auf die Anfrage gewartet. Prüfen Sie den Proxy davor.",
      "409": "409 Conflict: Ihr Endpunkt hat einen Konflikt gemeldet. Lesen Sie die Ursache in der Antwort.",
      "410":
        "410 Gone: Ihr Endpunkt meldet, dass es ihn nicht mehr gibt. Löschen Sie ihn, oder tragen Sie die neue URL ein und aktivieren Sie ihn wieder.",
      "411":
        "411 Length Required: Ihr Endpunkt verlangt eine Längenangabe, die gesendet wurde. Prüfen Sie den Proxy davor.",
      "413":
        "413 Content Too Large: Der Payload ist für Ihren Endpunkt zu groß. Erhöhen Sie seine Grenze, oder senden Sie kleinere Payloads.",
      "415": "415 Unsupported Media Type: Ihr Endpunkt nimmt diesen Content-Type nicht an.",
      "421":
        "421 Misdirected Request: Der Server ist für diesen Host nicht zuständig. Prüfen Sie die URL und die DNS-Einträge der Domain.",
      "422":
        "422 Unprocessable Content: Ihr Endpunkt hat die Anfrage verstanden und ihren Inhalt abgelehnt. Lesen Sie den Grund in der Antwort.",
      "425": "425 Too Early: Ihr Endpunkt ist für diese Anfrage noch nicht bereit.",
      "429":
        "429 Too Many Requests: Ihr Endpunkt verlangt weniger Anfragen. Begrenzen Sie die Rate des Endpunkts, oder erhöhen Sie seine Grenze.",
      "500":
        "500 Internal Server Error: In Ihrer Anwendung ist ein Fehler aufgetreten. Prüfen Sie ihre Logs zur Zeit dieses Versuchs.",
      "501": "501 Not Implemented: Ihr Server unterstützt diese Anfrage nicht. Prüfen Sie die URL.",
      "502":
        "502 Bad Gateway: Ein Proxy vor Ihrem Server hat von ihm keine gültige Antwort erhalten. Prüfen Sie, ob Ihre Anwendung läuft.",
      "503":
        "503 Service Unavailable: Ihr Server ist zurzeit nicht verfügbar. Prüfen Sie, ob er läuft und Kapazität hat.",
      "504":
        "504 Gateway Timeout: Ein Proxy vor Ihrem Server hat zu lange auf ihn gewartet. Antworten Sie zuerst mit 2xx, und erledigen Sie die Arbeit danach.",
      "4xx": "Ihr Endpunkt hat die Anfrage abgelehnt. Lesen Sie den Grund in der Antwort.",
      "5xx": "In Ihrem Server ist ein Fehler aufgetreten. Prüfen Sie seine Logs zur Zeit dieses Versuchs.",
      other: "Dieser Status gilt nicht als Erfolg. Prüfen Sie die Richtlinie dieses Endpunkts.",
    },
  },
  summaries: {
    doctor: doctor.summaries,
    hub: {
      temporary_error: "Der Callback hat mit einem vorübergehenden Fehler geantwortet.",
      redirected: "Der Callback hat mit einer Weiterleitung geantwortet.",
      not_confirmed: "Der Callback hat die Anfrage nicht bestätigt.",
      address_refused: "Posthorn ruft diese Adresse nicht auf.",
      unreachable: "Der Callback war nicht erreichbar.",
    },
    api: {
      bad_request: "Die Anfrage ist nicht lesbar.",
      validation: "Bitte korrigieren Sie diese Angaben:",
      egress_not_allowed: "Diese Adresse ist nicht erlaubt.",
      invalid_range: "Der Zeitraum ist ungültig.",
      limit_reached: "Eine Obergrenze ist erreicht.",
      missing_payload: "Der Payload dieser Nachricht wurde gelöscht.",
      message_body_destroyed:
        "Der genaue Inhalt dieser Nachricht wurde nach der letzten Zustellung vernichtet, weil Schwärzungsregeln für sie gelten. Veröffentlichen Sie sie erneut.",
      message_expired: "Diese Nachricht ist abgelaufen.",
      no_example: "Für diesen Ereignistyp gibt es kein Beispiel.",
      endpoint_disabled: "Dieser Endpunkt ist deaktiviert. Aktivieren Sie ihn zuerst.",
      authentication_failed: "Die Anmeldung ist fehlgeschlagen.",
      bad_token: "Das Token ist ungültig oder abgelaufen.",
      "insufficient access": "Ihr Token hat dafür keine Berechtigung.",
      separate_origin_required: "Dafür muss der Server eine eigene Adresse für eingehende Anfragen haben.",
      not_found: "Dieses Objekt existiert nicht, oder Sie haben keinen Zugriff darauf.",
      not_supported: "Das ist auf diesem Server nicht möglich.",
      request_timeout: "Die Anfrage kam nicht rechtzeitig vollständig an. Versuchen Sie es noch einmal.",
      conflict: "Die Änderung steht im Konflikt mit dem aktuellen Stand.",
      event_type_exists: "Diesen Ereignistyp gibt es schon.",
      wrong_origin: "Diese Adresse des Servers ist dafür nicht vorgesehen.",
      payload_too_large: "Der Inhalt ist zu groß.",
      cursor_expired: "Diese Position ist abgelaufen, weil ihre Nachrichten gelöscht wurden. Beginnen Sie neu.",
      sign_in_failed: "E-Mail-Adresse oder Passwort ist falsch.",
      second_factor_failed: "Der Code ist falsch oder wurde schon verwendet.",
      second_factor_required:
        "Diese Organisation verlangt einen zweiten Faktor. Richten Sie Einmalcodes oder einen Passkey ein, oder melden Sie sich damit an.",
      link_invalid: "Der Link ist ungültig, abgelaufen oder wurde schon verwendet. Bitten Sie um einen neuen.",
      cross_origin: "Die Anfrage kam von einer anderen Website und wurde abgelehnt.",
      too_many_sign_ins: "Zu viele fehlgeschlagene Anmeldungen. Versuchen Sie es später noch einmal.",
      sign_in_busy: "Der Server prüft gerade zu viele Passwörter. Versuchen Sie es in einigen Sekunden noch einmal.",
      dry_runs_busy: "Es laufen schon mehrere Testläufe von Filtern. Versuchen Sie es in einigen Sekunden noch einmal.",
      too_many_requests: "Zu viele Anfragen. Versuchen Sie es in einer Minute noch einmal.",
      backlog_full: "Zu viele Zustellungen stehen aus. Versuchen Sie es später noch einmal.",
      listener_connected: "Ein anderer Listener ist bereits mit diesem Endpunkt verbunden.",
      too_many_listeners: "Zu viele Listener sind verbunden.",
      too_many_streams: "Zu viele Live-Verbindungen sind offen.",
      source_secret_invalid: "Mit dem Secret dieser Quelle lässt sich keine Testanfrage signieren.",
      source_setting_missing: "Der Quelle fehlt eine Einstellung, ohne die sie keine Anfrage prüfen kann.",
      signing_key_unavailable:
        "Nur der Anbieter kann solche Anfragen signieren. Senden Sie ein Testereignis aus seinen Einstellungen.",
      diagnosis_running: "Eine Diagnose läuft bereits. Warten Sie, bis sie fertig ist.",
      too_many_organisation_streams: "Zu viele Live-Verbindungen dieser Organisation sind offen.",
      too_many_application_streams: "Zu viele Live-Verbindungen dieser Anwendung sind offen.",
      identity_refused: "Der Identitätsanbieter hat Sie angemeldet, aber Sie haben hier keinen Zugang.",
      passkeys_unavailable: "Passkeys sind auf diesem Server nicht möglich.",
      identity_provider_failed: "Der Identitätsanbieter hat nicht wie erwartet geantwortet.",
      transforms_busy: "Der Server führt gerade zu viele Transformationen aus. Versuchen Sie es gleich noch einmal.",
      storage_full: "Der Speicher des Servers ist voll.",
      storage_corrupt: "Die Daten des Servers sind beschädigt.",
      storage_failed: "Der Server konnte nicht speichern. Versuchen Sie es noch einmal.",
      storage_unavailable:
        "Die Datenbank des Servers ist zurzeit nicht erreichbar. Versuchen Sie es gleich noch einmal.",
      shard_lost: "Ein anderer Knoten hat diese Daten gerade übernommen. Versuchen Sie es noch einmal.",
      internal_error: "Auf dem Server ist ein unerwarteter Fehler aufgetreten.",
    },
    kind: {
      kind_unavailable: "Auf dem Server fehlt ein Paket für dieses Ziel.",
    },
    reading: {
      credentials_refused: "Die Gegenseite hat die Zugangsdaten abgelehnt.",
      target_not_found: "Auf der Gegenseite existiert das zu lesende Objekt nicht.",
      target_refused: "Die Gegenseite hat die Anfrage abgelehnt.",
      target_unavailable: "Die Gegenseite ist zurzeit nicht verfügbar.",
      rate_limited: "Die Gegenseite nimmt zurzeit keine weiteren Anfragen an.",
      address_refused: "Posthorn ruft diese Adresse nicht auf.",
      connection_failed: "Die Verbindung ist nicht zustande gekommen oder wurde beendet.",
      timeout: "Das Lesen hat zu lange gedauert.",
      response_too_large: "Die Antwort ist zu groß.",
      unreadable: "Die Antwort ist nicht lesbar.",
      protocol_error: "Die Gegenseite hat etwas gesendet, das nicht zum Protokoll dieser Art von Quelle passt.",
      internal: "Posthorn konnte die Quelle wegen eines eigenen Fehlers nicht lesen.",
      quota_exceeded: "Das Tageskontingent der Quelle ist erreicht. Posthorn liest morgen weiter.",
      kind_unknown: "Diese Version des Servers kennt die Art der Quelle nicht.",
      kind_not_allowed: "Der Betreiber erlaubt diese Art von Quelle nicht.",
      kind_unavailable: "Auf dem Server fehlt ein Paket für diese Art von Quelle.",
      trigger_missing: "Trigger der Tabelle wurden gelöscht oder deaktiviert.",
      event_missed: "Ein Ereignis konnte nicht veröffentlicht werden.",
    },
    readingHint: {
      credentials_refused: "Prüfen Sie die Zugangsdaten der Quelle und die Rechte des Kontos.",
      target_not_found: "Prüfen Sie die URL und die Namen in der Konfiguration der Quelle.",
      target_refused: "Prüfen Sie die URL und die Felder der Quelle.",
      target_unavailable: "Posthorn versucht es weiter. Prüfen Sie die Gegenseite, wenn das andauert.",
      rate_limited: "Lesen Sie seltener.",
      address_refused:
        "Verwenden Sie eine öffentliche Adresse, oder bitten Sie den Betreiber, diese Adresse zu erlauben.",
      connection_failed: "Prüfen Sie Adresse und Port, und ob die Gegenseite Verbindungen von Posthorn annimmt.",
      timeout: "Prüfen Sie, ob die Gegenseite überlastet ist.",
      response_too_large: "Lesen Sie eine URL mit einer kleineren Antwort oder Teile davon.",
      unreadable: "Prüfen Sie, ob die URL zu dieser Art von Quelle passt.",
      protocol_error: "Prüfen Sie, ob die URL zu dieser Art von Quelle passt.",
      internal: "Melden Sie diesen Fehler.",
      quota_exceeded: "Erhöhen Sie das Tageskontingent der Quelle.",
      trigger_missing: "Entfernen Sie die Quelle mit „posthorn tables remove“, und fügen Sie sie neu hinzu.",
      event_missed:
        "„posthorn tables list“ zeigt den Zeitpunkt. Mit „--strict“ scheitert eine solche Änderung, statt ohne Ereignis zu bleiben.",
    },
    attempt: {
      redirect:
        "Die URL leitet weiter. Weiterleitungen werden nicht verfolgt. Tragen Sie die neue URL im Endpunkt ein.",
      success_rule: "Die Antwort erfüllt die Erfolgsregel nicht. Prüfen Sie die Richtlinie dieses Endpunkts.",
      transform_failed: "Die Transformation ist fehlgeschlagen. Prüfen Sie ihren Code.",
      format_failed: "Der Payload konnte nicht in das Format dieses Endpunkts umgewandelt werden.",
      credentials_refused: "Das Ziel hat die Zugangsdaten abgelehnt.",
      target_not_found: "Das Ziel existiert nicht oder nimmt keine Nachrichten mehr an.",
      message_too_large: "Die Nachricht ist für das Ziel zu groß.",
      message_invalid: "Das Ziel hat den Inhalt der Nachricht abgelehnt.",
      rate_limited: "Das Ziel verlangt weniger Nachrichten.",
      target_unavailable: "Das Ziel ist überlastet oder ausgefallen.",
      connection_failed: "Die Verbindung zum Ziel ist fehlgeschlagen.",
      protocol_error: "Die Antwort des Ziels entspricht nicht seinem Protokoll.",
    },
    warning: {
      certificate_expires: "Das TLS-Zertifikat des Endpunkts läuft bald ab. Erneuern Sie es.",
      success_doubtful: "Der Status ist ein Erfolg, aber die Antwort sieht nach einem Fehler aus.",
      response_cut: "Die Antwort wurde nicht vollständig gelesen.",
    },
    quarantine: {
      missing_header: "Ein Header, den das Verfahren verlangt, fehlt.",
      malformed_header: "Ein Header ist vorhanden, aber nicht lesbar.",
      missing_field: "Ein Feld, ein Parameter oder ein Claim, den das Verfahren verlangt, fehlt.",
      unknown_version: "Die Anfrage hat nur Signaturen unbekannter Versionen.",
      unsupported_algorithm: "Der Algorithmus wird nicht akzeptiert.",
      body_invalid: "Der Body oder seine Kodierung hat nicht die verlangte Form.",
      body_too_large: "Der Body überschreitet die erlaubte Größe.",
      body_already_read: "Der Body wurde bereits gelesen.",
      body_unavailable: "Die Verbindung endete, bevor der ganze Body angekommen war.",
      signature_mismatch: "Keine Signatur stimmt überein.",
      digest_mismatch: "Der Hash in einem Header oder Token passt nicht zum Body.",
      origin_not_allowed:
        "Ein Absender bittet um Erlaubnis und gehört nicht zu den erlaubten Origins. Geben Sie die Anfrage frei, um sie zu erteilen.",
      credential_mismatch: "Ein Token oder Passwort stimmt nicht überein.",
      url_mismatch: "Die Signatur gilt für eine andere URL.",
      id_invalid: "Die ID der Nachricht enthält einen Punkt, der den signierten Text mehrdeutig macht.",
      timestamp_invalid: "Der signierte Zeitstempel fehlt oder ist nicht lesbar.",
      timestamp_too_old: "Die Anfrage wurde vor zu langer Zeit signiert.",
      timestamp_too_new: "Der Zeitstempel der Signatur liegt in der Zukunft.",
      token_invalid: "Ein JSON Web Token ist fehlerhaft oder hat einen falschen Claim.",
      token_expired: "Ein Token oder eine Signatur ist abgelaufen.",
      token_not_yet_valid: "Ein Token ist noch nicht gültig.",
      certificate_untrusted: "Ein Zertifikat oder seine URL gehört nicht zum Anbieter.",
      key_untrusted: "Der öffentliche Schlüssel ist nicht unter den vertrauenswürdigen.",
      replayed: "Derselbe signierte Body ist schon unter einer anderen ID eingegangen.",
      unverifiable: "Der Anbieter signiert seine Anfragen nicht.",
      secret_invalid: "Ein Secret oder Schlüssel ist unbrauchbar.",
      config_missing: "Eine Einstellung, die das Verfahren verlangt, fehlt.",
      key_unavailable: "Der Schlüssel für diese Signatur fehlt oder konnte nicht geladen werden.",
      argument_invalid: "Eine Einstellung der Quelle ist ungültig.",
      runtime_unsupported: "Die Laufzeitumgebung unterstützt dieses Verfahren nicht.",
      appointment_unreadable: "Ein Termin ist nicht lesbar.",
      item_without_id: "Ein Eintrag hat keine ID an der angegebenen Stelle.",
      mail_unreadable: "Eine E-Mail ist nicht lesbar.",
      message_unreadable: "Eine Nachricht ist nicht lesbar. Sie ist bestätigt und wird nicht erneut gelesen.",
      not_stored: "Die Datenbank konnte das Event nicht speichern.",
      too_large: "Eine Nachricht ist größer, als die Quelle zulässt.",
      event_invalid: "Der Payload entspricht nicht dem Schema seines Event-Typs.",
    },
  },
} as const;
