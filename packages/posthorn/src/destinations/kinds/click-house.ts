import type { Fields, KindMessage, KindResponse } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { batchId } from "./archive.ts";
import { inOneLine, jsonObjectText, plainText } from "./cloud-body.ts";
import {
  bodyText,
  classOfStatus,
  failed,
  type Failure,
  type FailureClass,
  forAll,
  isSuccess,
  RATE_LIMITED,
  refused,
  type Refusal,
  UNAVAILABLE,
} from "./cloud-result.ts";

const TITLE = "ClickHouse";
const MAX_BYTES = 16_777_216;

const FIELDS = {
  url: {
    type: "url",
    label: "URL",
    help: "URL of the HTTP interface with its port: 8443 with TLS, as in ClickHouse Cloud, or 8123 without.",
    required: true,
    secret: false,
    isTarget: true,
    schemes: ["https:", "http:"],
    example: "https://abc123.eu-central-1.aws.clickhouse.cloud:8443",
  },
  username: {
    type: "text",
    label: "User name",
    help: "A user who can insert into this table and do nothing else.",
    required: true,
    secret: false,
    maxLength: 256,
    pattern: "[\\x20-\\x7e]+",
    example: "webhooks",
  },
  password: {
    type: "text",
    label: "Password",
    help: "Password of this user.",
    required: false,
    secret: true,
    maxLength: 256,
    pattern: "[\\x20-\\x7e]+",
  },
  database: {
    type: "text",
    label: "Database",
    help: "Name of the database.",
    required: true,
    secret: false,
    maxLength: 256,
    default: "default",
  },
  tableName: {
    type: "text",
    label: "Table",
    help: "Name of the table.",
    required: true,
    secret: false,
    maxLength: 256,
    example: "events",
  },
  row: {
    type: "choice",
    label: "Row",
    help: "columns: the columns below are filled from the message. payload: the members of the payload, a JSON object, are the columns.",
    required: true,
    secret: false,
    choices: ["columns", "payload"],
    default: "columns",
  },
  columns: {
    type: "text",
    label: "Columns",
    help: "Which part of the message goes into which column, as part=column, separated by commas. Parts: id, eventId, eventType, createdAt, contentType, payload, payloadEncoding. A payload that is not text is encoded in base64, as payloadEncoding shows.",
    required: true,
    secret: false,
    maxLength: 1000,
    default: "id=id, eventType=event_type, createdAt=created_at, payload=payload",
  },
} as const satisfies Fields;

type Part = (typeof PARTS)[number];

const PARTS = ["id", "eventId", "eventType", "createdAt", "contentType", "payload", "payloadEncoding"] as const;

/** Inserts messages as rows into a table of ClickHouse. */
export const CLICK_HOUSE = httpKind({
  family: "http",
  title: TITLE,
  summary: "Inserts each event as a row into a ClickHouse table.",
  group: "database",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 1000, bytes: MAX_BYTES, isAtomic: true, isIdentity: true } },
  idempotency: "key",
  ordering: "none",
  deduplication: "The table recognises a batch within its deduplication window.",
  setup: [
    "Create a table, for example: CREATE TABLE events (id String, event_type LowCardinality(String), created_at DateTime64(3, 'UTC'), payload String) ENGINE = MergeTree ORDER BY created_at SETTINGS non_replicated_deduplication_window = 10000.",
    "Create a user: CREATE USER webhooks IDENTIFIED BY '…'; GRANT INSERT ON events TO webhooks.",
    "Enter the URL of the HTTP interface, the user, and the names of the database and the table.",
    "ClickHouse ignores repeated inserts within the deduplication window of the table. Replicated tables and ClickHouse Cloud have one by default.",
  ],

  check({ columns, database, tableName }) {
    const mapping = columnsOf(columns);
    if (typeof mapping === "string") return { field: "columns", problem: mapping };
    const name = [database, tableName].findIndex((text) => text.includes("\0"));
    return name === -1
      ? null
      : { field: name === 0 ? "database" : "tableName", problem: "The name contains a null character." };
  },

  target: ({ url, database, tableName }) =>
    `${new URL(url).origin}/${encodeURIComponent(database)}/${encodeURIComponent(tableName)}`,

  request(config, messages) {
    const mapping = columnsOf(config.columns);
    if (typeof mapping === "string") return refused("message_invalid", mapping);
    const rows = messages.map((message) =>
      config.row === "payload" ? payloadRow(message) : columnRow(mapping, message),
    );
    const lines: string[] = [];
    for (const row of rows) {
      if (typeof row !== "string") return row;
      lines.push(row);
    }
    const names = config.row === "payload" ? "" : ` (${[...mapping.values()].map(identifier).join(", ")})`;
    const url = new URL(config.url);
    const parameters = {
      database: config.database,
      query: `INSERT INTO ${identifier(config.tableName)}${names} FORMAT JSONEachRow`,
      insert_deduplicate: "1",
      insert_deduplication_token: batchId(messages),
      // Without it, ClickHouse responds before the insert is complete, and a failed insert looks like a success.
      wait_end_of_query: "1",
      async_insert: "0",
      date_time_input_format: "best_effort",
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return {
      method: "POST",
      url: url.href,
      headers: [
        "content-type",
        "application/x-ndjson",
        "x-clickhouse-user",
        config.username,
        ...(config.password === null ? [] : ["x-clickhouse-key", config.password]),
      ],
      secretHeaders: ["x-clickhouse-key"],
      body: Buffer.from(`${lines.join("\n")}\n`),
      auth: null,
    };
  },

  classify(response, messages) {
    const code =
      response.headers["x-clickhouse-exception-code"] ?? /^Code: (\d+)\./.exec(bodyText(response))?.[1] ?? "";
    // Errors that occur after the response headers were sent are in a body with status 200.
    if (isSuccess(response) && code === "") {
      return forAll(messages, { kind: "ok", reference: response.headers["x-clickhouse-query-id"] ?? null });
    }
    return forAll(messages, failureOf(response, code));
  },
});

/** The parts in the order of their columns, or what is wrong. */
function columnsOf(text: string): ReadonlyMap<Part, string> | string {
  const mapping = new Map<Part, string>();
  for (const entry of text.split(",")) {
    const [part = "", column = ""] = entry.split(/=(.*)/s).map((side) => side.trim());
    const known = PARTS.find((name) => name === part);
    if (known === undefined || column === "") {
      return `"${entry.trim()}" is not a part of the message with a column. Use part=column with one of: ${PARTS.join(", ")}.`;
    }
    if (mapping.has(known)) return `${known} occurs twice.`;
    mapping.set(known, column);
  }
  return new Set(mapping.values()).size === mapping.size ? mapping : "A column occurs twice.";
}

/** A name in backquotes, in which ClickHouse reads escapes as in strings. */
export function identifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, (character) => `\\${character}`)}\``;
}

function columnRow(mapping: ReadonlyMap<Part, string>, message: KindMessage): string | Refusal {
  const { id, eventId, eventType, createdAt, contentType, body } = message;
  const { text, isBase64 } = plainText(body);
  if (isBase64 && !mapping.has("payloadEncoding")) {
    return refused(
      "message_invalid",
      "The body of this message is not text. Add a column for payloadEncoding, so that it can be stored in base64.",
    );
  }
  const values: Readonly<Record<Part, string>> = {
    id,
    eventId: eventId ?? "",
    eventType,
    createdAt: new Date(createdAt).toISOString(),
    contentType,
    payload: text,
    payloadEncoding: isBase64 ? "base64" : "",
  };
  return JSON.stringify(Object.fromEntries([...mapping].map(([part, column]) => [column, values[part]])));
}

function payloadRow({ body }: KindMessage): string | Refusal {
  const text = jsonObjectText(body);
  return text === null
    ? refused(
        "message_invalid",
        "The body of this message is not a JSON object, so it has no columns. Choose the row columns.",
      )
    : inOneLine(text);
}

const closed = (code: FailureClass["code"], advice: string): FailureClass => ({ kind: "closed", code, advice });
const USER = closed("credentials_refused", "Check user name and password.");
const GRANT = closed("credentials_refused", "Grant the user INSERT on the table.");
const TABLE = closed("target_not_found", "Check the names of database, table and columns.");
const ROW: FailureClass = {
  kind: "refused",
  code: "message_invalid",
  advice: "The row does not fit the columns of the table. Change the message, the columns or the table.",
};

/** Numbers of ClickHouse's exceptions. */
const CLASSES: Readonly<Record<string, FailureClass>> = {
  // Data: cannot parse, unknown type, type mismatch, value out of range, constraint violated, unknown field.
  ...byNumber(ROW, [6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 349, 376, 441, 467, 469, 675, 691]),
  // NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_IDENTIFIER, UNKNOWN_TABLE, UNKNOWN_DATABASE, TABLE_IS_DROPPED
  ...byNumber(TABLE, [16, 47, 60, 81, 218]),
  // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, IP_ADDRESS_NOT_ALLOWED, AUTHENTICATION_FAILED
  ...byNumber(USER, [192, 193, 194, 195, 516]),
  // READONLY, ACCESS_DENIED, DATABASE_ACCESS_DENIED
  ...byNumber(GRANT, [164, 291, 497]),
  // QUOTA_EXPIRED, TOO_MANY_SIMULTANEOUS_QUERIES, MEMORY_LIMIT_EXCEEDED, NOT_ENOUGH_SPACE, TOO_MANY_PARTS
  ...byNumber(RATE_LIMITED, [201, 202, 241, 243, 252]),
  // TIMEOUT_EXCEEDED, SOCKET_TIMEOUT, NETWORK_ERROR, NO_ZOOKEEPER, TABLE_IS_READ_ONLY, ALL_CONNECTION_TRIES_FAILED,
  // TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM, UNKNOWN_STATUS_OF_INSERT, QUERY_WAS_CANCELLED, KEEPER_EXCEPTION
  ...byNumber(UNAVAILABLE, [159, 209, 210, 225, 242, 279, 285, 286, 319, 394, 999]),
};

function byNumber(found: FailureClass, numbers: readonly number[]): Record<string, FailureClass> {
  return Object.fromEntries(numbers.map((number) => [String(number), found]));
}

function failureOf(response: KindResponse, code: string): Failure {
  const { status, headers } = response;
  const text = bodyText(response);
  const message = /DB::Exception: (.*)/s.exec(text)?.[1] ?? text;
  const said = { service: TITLE, code: code === "" ? `HTTP ${status}` : `error ${code}`, message };
  return failed(CLASSES[code] ?? (isSuccess(response) ? UNAVAILABLE : classOfStatus(status)), said, headers);
}
