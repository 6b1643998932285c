/** German for the declarations of table sources, by the English text. */
export const sourceTables: Readonly<Record<string, string>> = {
  "PostgreSQL table": "PostgreSQL-Tabelle",
  Application: "Anwendung",
  "Publishes changes of a table as messages of an application, in the transaction that makes them.":
    "Veröffentlicht Änderungen einer Tabelle als Nachrichten einer Anwendung, in der Transaktion, die sie vornimmt.",
  "Schema and name. The table needs a primary key, and is in the database of Posthorn.":
    "Schema und Name. Die Tabelle braucht einen Primärschlüssel und liegt in der Datenbank von Posthorn.",
  "Distinguishes several sources of one table (`--name`). Empty: the name of the table.":
    "Unterscheidet mehrere Quellen einer Tabelle (`--name`). Leer: der Name der Tabelle.",
  "`uid` or ID of the application that all events belong to (`--app`).":
    "`uid` oder ID der Anwendung, zu der alle Ereignisse gehören (`--app`).",
  "Application column": "Spalte der Anwendung",
  "Column with the application of each row (`--app-column`), instead of one application.":
    "Spalte mit der Anwendung jeder Zeile (`--app-column`), anstelle einer einzigen Anwendung.",
  Changes: "Änderungen",
  "Which changes are events, separated by commas (`--on`).":
    "Welche Änderungen Ereignisse sind, durch Kommas getrennt (`--on`).",
  "Columns in the payload, separated by commas (`--columns`). Empty: all columns.":
    "Spalten im Payload, durch Kommas getrennt (`--columns`). Leer: alle.",
  Condition: "Bedingung",
  "SQL condition on `new` and `old` (`--when`).": "SQL-Bedingung über `new` und `old` (`--when`).",
  "Type of the events (`--type`). `{event}` becomes `created`, `updated` or `deleted`.":
    "Typ der Ereignisse (`--type`). `{event}` wird zu `created`, `updated` oder `deleted`.",
  "JSON with values given as `{{SQL}}` (`--payload`).": "JSON mit Werten als `{{SQL}}` (`--payload`).",
  Strict: "Streng",
  "Turn on to let the change fail if its event cannot be published (`--strict`).":
    "Lässt die Änderung scheitern, wenn ihr Ereignis nicht veröffentlicht werden kann (`--strict`).",
  "Run `posthorn tables add shop.orders --app acme --dry-run` as the owner of the table. It tests the definition and prints the SQL.":
    "Führen Sie `posthorn tables add shop.orders --app acme --dry-run` als Eigentümer der Tabelle aus. Das prüft die Definition und gibt das SQL aus.",
  "Run it without `--dry-run`. The API lists the source with its state: `GET /ingest/api/v1/table-source`.":
    "Führen Sie es ohne `--dry-run` aus. Die API führt die Quelle mit ihrem Zustand auf: `GET /ingest/api/v1/table-source`.",
  "Conditions and payloads are SQL that runs with the rights of Posthorn's schema, so table sources cannot be added over the API.":
    "Bedingungen und Payloads sind SQL, das mit den Rechten von Posthorns Schema läuft. Darum lassen sich Tabellenquellen nicht über die API anlegen.",

  "A row was inserted, updated or deleted, and the transaction was committed.":
    "Eine Zeile wurde eingefügt, geändert oder gelöscht, und die Transaktion ist abgeschlossen.",
};
