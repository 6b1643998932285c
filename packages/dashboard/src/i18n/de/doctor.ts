/** Findings of the signature doctor by code. See `server.ts` for the two groups. */
export const doctor = {
  sentences: {
    secret_whitespace:
      "Vor oder nach dem Secret stehen Leerzeichen oder Zeilenumbrüche. Kopieren Sie nur das Secret selbst.",
    secret_with_name: "Vor dem Secret steht der Name seiner Variablen. Kopieren Sie nur das Secret selbst.",
    body_whitespace: "Der Leerraum um den Body wurde nicht mitsigniert. Verwenden Sie den Body genau so, wie er ankam.",
    body_byte_order_mark:
      "Der Body beginnt mit einem Byte Order Mark, das nicht mitsigniert wurde. Speichern Sie den aufgezeichneten Body als UTF-8 ohne BOM.",
    body_form_reserialised: "Das Formular wurde gelesen und neu geschrieben. Prüfen Sie den Body, wie er ankam.",
    body_character_set:
      "Der Body wurde als Latin-1 gelesen und als UTF-8 geschrieben. Lesen Sie ihn als Bytes, oder dekodieren Sie ihn als UTF-8.",
    body_base64:
      "Der Body ist noch in Base64 kodiert. Dekodieren Sie ihn zuerst (AWS Lambda meldet das mit isBase64Encoded).",
    body_quoted:
      "Der Body ist ein JSON-String, der den eigentlichen Body enthält. JSON.stringify wurde einmal zu oft aufgerufen; übergeben Sie den inneren Text.",
    body_emptied:
      "Der Absender hat einen leeren Body signiert, und ein Parser hat ihn ersetzt. Prüfen Sie den Body, wie er ankam.",
    body_too_deep:
      "Der Body ist zu tief verschachtelt, um ihn zu parsen. Mögliche Änderungen durch einen Parser wurden deshalb nicht untersucht.",
    header_names: "Die Header haben CGI-Variablennamen (HTTP_X_…). Übergeben Sie die HTTP-Namen.",
    header_quoted: "Der Wert des Signatur-Headers steht in Anführungszeichen. Entfernen Sie sie.",
    url_host:
      "Der Absender hat einen anderen Host aufgerufen als den in der geprüften URL. Oft ändert ihn ein Proxy vor Ihrem Server.",
    url_port: "Die vom Absender aufgerufene URL hat keinen Port. Oft ergänzt ihn ein Proxy vor Ihrem Server.",
    url_trailing_slash:
      "Die URL des Absenders und die geprüfte URL unterscheiden sich im Schrägstrich am Ende. Verwenden Sie die URL, wie sie beim Absender eingetragen ist.",
    url_query: "Der Absender hat die URL ohne Query signiert. Prüfen Sie sie ohne Query.",
    url_encoding: "Der Absender hat die URL ohne Prozentkodierung signiert. Dekodieren Sie sie vor der Prüfung.",
    url_of_request:
      "Die URL in den Einstellungen ist nicht die, die der Absender aufruft. Mit der URL der Anfrage stimmt die Signatur.",
  },
  summaries: {
    clock: "Die Signatur stimmt, aber ihr Zeitstempel liegt außerhalb der Toleranz.",
    secret_newline: "Das Secret beim Absender endet mit einem Zeilenumbruch. Tragen Sie es dort ohne ein.",
    secret_quoted: "Das Secret steht in Anführungszeichen.",
    secret_escaped: "Das Secret enthält maskierte Zeichen. Dekodieren Sie es.",
    secret_encoding: "Das Secret ist anders kodiert, als das Verfahren es erwartet.",
    secret_prefix: "Das Präfix whsec_ fehlt am Secret, oder es gehört nicht dazu.",
    secret_of_other_environment:
      "Ein anderes Secret passt: Die Anfrage kommt aus einer anderen Umgebung oder von einem anderen Endpunkt.",
    secret_looks_wrong: "Das Secret sieht nicht wie ein Signatur-Secret aus.",
    body_newline: "Am Ende des Bodys ist ein Zeilenumbruch zu viel, oder einer fehlt.",
    body_line_endings: "Die Zeilenenden im Body wurden geändert.",
    body_reserialised: "Das JSON wurde gelesen und neu geschrieben. Prüfen Sie den Body, wie er ankam.",
    header_family: "Die Anfrage hat Header mit einem anderen Präfix, als die Prüfung liest.",
    signature_prefix: "Das Präfix im Wert des Signatur-Headers fehlt, oder es gehört nicht dazu.",
    signature_encoding: "Die Signatur ist anders kodiert, als das Verfahren vorsieht.",
    url_scheme: "Der Absender hat die URL mit einem anderen Schema aufgerufen (http oder https).",
  },
} as const;
