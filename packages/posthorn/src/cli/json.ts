/** JSON schemas (2020-12) of output that is not a response of the API. Plain objects, so that a command loads no library for them. */

export type JsonSchema = Readonly<Record<string, unknown>>;

const text = (description: string): JsonSchema => ({ type: "string", description });
const integer = (description: string): JsonSchema => ({ type: "integer", description });
const yesOrNo = (description: string): JsonSchema => ({ type: "boolean", description });
const textOrNull = (description: string): JsonSchema => ({ type: ["string", "null"], description });
const oneOf = (values: readonly string[], description: string): JsonSchema => ({ enum: values, description });
const list = (items: JsonSchema, description: string): JsonSchema => ({ type: "array", items, description });

/** An object with these fields and no others. Names that end with `?` are optional. */
function object(fields: Readonly<Record<string, JsonSchema>>, more: JsonSchema = {}): JsonSchema {
  const names = Object.keys(fields);
  return {
    type: "object",
    required: names.filter((name) => !name.endsWith("?")),
    properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name.replace("?", ""), field])),
    additionalProperties: false,
    ...more,
  };
}

const OPEN = { additionalProperties: true };

/** Of commands that delete something. */
export const DELETED = object({
  id: text("ID or name of what was deleted"),
  deleted: { const: true, description: "always true" },
});

/** Of commands that print an address. */
export const ADDRESS = object({ url: text("the address") });

export const SIGNED_IN = object({
  profile: text("name of the profile"),
  url: text("server"),
  file: text("file that has the token"),
});

export const PROFILES = object({
  current: textOrNull("name of the current profile; null: none"),
  profiles: list(object({ name: text("name"), url: text("server") }), "servers with their names"),
});

export const RESENT = object({
  id: text("ID of the message"),
  endpoints: list(text("ID"), "endpoints that it was sent to again"),
});

export const TOKEN = object({ token: text("the token") });

export const HEALTH = object({
  healthy: { const: true, description: "always true: otherwise the command fails" },
  paused: yesOrNo("whether deliveries have been paused since a restore"),
  threads: list(
    object({ thread: integer("number of the thread"), state: text("`hung`, or `ended` until it runs again") }),
    "threads of the process that do not respond or do not run",
  ),
});

/** `posthorn trigger`. */
export const TRIGGERED = object({
  "events?": list(
    object({ provider: text("ID of the provider"), event: text("event type") }),
    "without a provider: events with a prepared body",
  ),
  "status?": integer("status of the response"),
  "body?": text("first 1000 characters of the response"),
});

export const SOURCE_READ = object({ newEvents: integer("events that were read") });

/** `posthorn audit verify`. */
export const INTACT = object({
  intact: yesOrNo("whether no entry was changed, removed, inserted or moved"),
  entries: integer("entries that were verified"),
  problems: list(object({ code: text("stable code"), message: text("what is wrong") }), "what is wrong"),
  head: textOrNull("sequence and hash of the head, for --expect; null: the log is empty"),
});

/** `posthorn migrate`. */
export const MIGRATIONS = object({
  migrations: list(
    object({
      version: integer("number of the step"),
      name: text("name of the step"),
      applied: yesOrNo("whether it was applied to the database"),
    }),
    "with --status all steps, with --plan those that would be run, otherwise those that were run",
  ),
});

export const TABLE_SOURCE = object({
  name: text("name of the source"),
  sql: textOrNull("with --dry-run: the SQL; null: it was run"),
});

/** `posthorn backup` and `backup verify`. */
export const MANIFEST = object(
  {
    format: integer("format of the backup"),
    version: text("version of Posthorn that made it"),
    at: text("when (ISO 8601)"),
    database: oneOf(["sqlite", "postgres"], "kind of the database"),
    schema: integer("version of the schema"),
    includesKeys: yesOrNo("whether it contains keys"),
    files: list(object({}, OPEN), "files with sizes and checksums"),
    tables: object({}, { description: "rows of each table", additionalProperties: { type: "integer" } }),
    checksum: text("SHA-256 of everything else"),
  },
  OPEN,
);

/** `posthorn restore`. */
export const RESTORED = object({
  at: text("when the backup was made (ISO 8601)"),
  replaced: textOrNull("location of the replaced data; null: there was none"),
  keyFiles: list(text("name"), "key files that were copied"),
  deliveries: { const: "paused", description: "until `posthorn resume`" },
});

/** `posthorn copy`. */
export const COPY = object({
  from: text("source"),
  to: text("target"),
  dryRun: yesOrNo("whether nothing was copied"),
  tables: list(
    object({ name: text("name"), rows: integer("rows"), "digest?": text("digest of the rows, the same in both") }),
    "tables with rows",
  ),
});

/** `posthorn tables list`. */
export const TABLE_SOURCES = list(
  object(
    { name: text("name of the source"), table: text("name of the table"), type: text("type of its events") },
    OPEN,
  ),
  "tables whose changes are events",
);

/** One line of `posthorn export app`. */
export const EXPORT_LINE = object({
  type: oneOf(["application", "endpoint", "message", "end"], "content of the line"),
  data: object({}, { ...OPEN, description: "the object, as the API returns it" }),
});

/** One line of `posthorn audit export`. The first one has the head instead of an entry. */
export const AUDIT_LINE = object(
  {},
  { ...OPEN, description: "an entry of the audit log; the first line has the head" },
);

/** One line of `posthorn tail`. */
export const LIVE_EVENT = object(
  {
    type: oneOf(["message.accepted", "attempt.recorded"], "what happened"),
    appId: text("application"),
    msgId: text("message"),
    eventType: text("event type"),
    timestamp: text("when (ISO 8601)"),
  },
  OPEN,
);

/** `posthorn verify`. */
export const VERIFIED = object(
  {
    verified: yesOrNo("whether the signature is valid"),
    "scheme?": text("scheme of the signature"),
    "signedAt?": text("signed time (ISO 8601)"),
    "code?": text("why it is not valid: a stable code"),
    "message?": text("why it is not valid"),
  },
  OPEN,
);

/** `posthorn doctor`. */
export const FINDINGS = object({
  findings: list(
    object({
      check: text("stable name, such as disk.space"),
      status: oneOf(["ok", "warning", "problem", "skipped"], "result"),
      found: text("what was found"),
      fix: textOrNull("what to do; null: nothing"),
    }),
    "results of all checks",
  ),
  problems: integer("findings that are problems"),
  warnings: integer("findings that are warnings"),
});

/** `posthorn config`. */
export const SETTINGS = list(
  object(
    {
      name: text("name of the variable"),
      value: text("its value; secrets are hidden"),
      origin: text("where the value comes from"),
      help: text("what it is for"),
    },
    OPEN,
  ),
  "all settings",
);

/** `posthorn connectors`. */
export const CONNECTORS = list(
  object({ kind: text("kind of destination or source") }, OPEN),
  "kinds and their packages",
);

/** One line of `posthorn listen --output json`. */
export const LISTEN_LINE = object(
  {
    at: text("when (ISO 8601)"),
    type: oneOf(["state", "request", "response", "error", "note"], "what the line is about"),
    "id?": text("request, response and error: the attempt"),
    "messageId?": text("response and error: the message"),
    "connection?": oneOf(["connecting", "connected", "waiting"], "state: the connection"),
    "transport?": oneOf(["websocket", "event-stream"], "state: how it is connected"),
    "backlog?": { type: ["integer", "null"], description: "state: deliveries that wait; null: not known" },
    "method?": text("request: HTTP method"),
    "path?": text("request: path and query"),
    "headers?": list(list(text("name or value"), "name and value"), "request and response: headers"),
    "body?": text("request and response: the body in base64"),
    "message?": { description: "request: the message, with its ID and event type; error: what went wrong" },
    "status?": integer("response: status of the local server"),
    "durationMs?": integer("response and error: milliseconds"),
    "text?": text("note: text for people"),
  },
  OPEN,
);
