import { connectionKind } from "../kind.ts";
import { choice, clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

export const POSTGRES = connectionKind({
  family: "connection",
  title: "PostgreSQL",
  summary: "Inserts each message as a row into a table, exactly once.",
  group: "database",
  fields: {
    url: {
      type: "url",
      label: "URL",
      help: "Protocol, host, port and database, without user name and password.",
      required: true,
      secret: false,
      isTarget: true,
      schemes: ["postgres:", "postgresql:"],
      example: "postgres://db.example.com:5432/events",
    },
    username: { ...USERNAME, required: true, help: "Role that may insert into the table." },
    password: PASSWORD,
    tableName: {
      type: "text",
      label: "Table",
      help: "Table of the rows, with its schema if it is not on the search path.",
      required: true,
      secret: false,
      maxLength: 127,
      pattern: "[^.\\u0000]{1,63}(?:\\.[^.\\u0000]{1,63})?",
      example: "public.webhooks",
    },
    tls: choice({
      label: "TLS",
      help: "verify-full requires TLS and a certificate for the host; disable connects without encryption.",
      choices: ["verify-full", "disable"],
      default: "verify-full",
    }),
    ...TLS_FIELDS,
  },
  limits: { bodyBytes: 16 * 1024 * 1024, batch: { items: 500, bytes: 4 * 1024 * 1024, isAtomic: true } },
  idempotency: "key",
  ordering: "all",
  deduplication: "The table recognises an ID as long as its row exists.",
  setup: [
    "Create the table: CREATE TABLE webhooks (id text PRIMARY KEY, event_type text NOT NULL, event_id text, created_at timestamptz NOT NULL, content_type text NOT NULL, headers jsonb NOT NULL, payload bytea NOT NULL). Payloads that are always JSON can be stored as jsonb instead of bytea.",
    "Create a role that may insert rows: GRANT INSERT, SELECT (id) ON webhooks TO webhooks_writer.",
    "Enter the URL, the credentials and the table here, and send a test event.",
  ],
  packages: ["pg@8"],
  ports: [5432, 6432],
  check: clientCertificateProblem,
  target: ({ url, tableName }) => `${url.replace(/\/$/, "")}#${tableName}`,
});
