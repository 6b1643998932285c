/** Where data is stored, how it is encrypted, and how long it is kept. */
import { parseDecimal, parseInteger, parseList, parseText } from "../parse.ts";
import { setting } from "../setting.ts";

export const storageSettings = {
  dataDir: setting({
    name: "POSTHORN_DATA_DIR",
    help: "Folder for the embedded database and for the secrets that Posthorn generates.",
    default: "./data",
    parse: parseText,
  }),
  databaseUrl: setting({
    name: "POSTHORN_DATABASE_URL",
    help: "Where messages are stored: sqlite:path, or postgres://user:password@host/database, with several hosts separated by commas (a,b). Empty: SQLite in the data folder.",
    default: "",
    secret: true,
    parse: parseText,
  }),
  databaseDirectUrl: setting({
    name: "POSTHORN_DATABASE_DIRECT_URL",
    help: "Direct URL of the same PostgreSQL, if POSTHORN_DATABASE_URL points to a connection pooler. Empty: there is no pooler.",
    default: "",
    secret: true,
    parse: parseText,
  }),
  databaseConnections: setting({
    name: "POSTHORN_DATABASE_CONNECTIONS",
    help: "Maximum number of PostgreSQL connections for queries. Deliveries and look-ups use eight more for each thread.",
    default: "8",
    parse: (text) => parseInteger(text, { min: 2, max: 200 }),
  }),
  databaseTimeout: setting({
    name: "POSTHORN_DATABASE_TIMEOUT",
    help: "Seconds to wait for a PostgreSQL response. After that, requests that need the database get 503, and connections are reopened.",
    default: "5",
    parse: (text) => parseDecimal(text, { min: 0.5, max: 60 }),
  }),
  databaseWait: setting({
    name: "POSTHORN_DATABASE_WAIT",
    help: "Seconds to wait at startup for a PostgreSQL that cannot be reached, before the process exits. 0: do not wait.",
    default: "300",
    parse: (text) => parseDecimal(text, { min: 0, max: 86_400 }),
  }),
  jwtSecret: setting({
    name: "POSTHORN_JWT_SECRET",
    help: "Secret that signs HS256 tokens, at least 32 characters. Empty: generated once and stored in the data folder.",
    default: "",
    secret: true,
    made: true,
    parse: parseText,
  }),
  encryptionKey: setting({
    name: "POSTHORN_ENCRYPTION_KEY",
    help: "Root key of the encryption at rest: 32 bytes in base64, or `file:`, `command:`, `awskms:` or `vault:` followed by its location. Must be the same on all nodes. Empty: generated once and stored in the data folder.",
    default: "",
    secret: true,
    made: true,
    parse: parseText,
  }),
  encryptionKeyPrevious: setting({
    name: "POSTHORN_ENCRYPTION_KEY_PREVIOUS",
    help: "Earlier values of POSTHORN_ENCRYPTION_KEY, separated by commas, until `posthorn keys rotate` has replaced them. Empty: none.",
    default: "",
    secret: true,
    parse: parseList,
  }),
  payloadRetentionDays: setting({
    name: "POSTHORN_PAYLOAD_RETENTION_DAYS",
    help: "Days to keep payloads, unless the message sets its own retention.",
    default: "90",
    parse: (text) => parseInteger(text, { min: 1, max: 3650 }),
  }),
  attemptRetentionDays: setting({
    name: "POSTHORN_ATTEMPT_RETENTION_DAYS",
    help: "Days to keep the attempts of successful deliveries. Messages and deliveries are kept as long as their payload or their attempts.",
    default: "90",
    parse: (text) => parseInteger(text, { min: 1, max: 3650 }),
  }),
  failureRetentionDays: setting({
    name: "POSTHORN_FAILURE_RETENTION_DAYS",
    help: "Days to keep failed deliveries with their messages and attempts; at least POSTHORN_ATTEMPT_RETENTION_DAYS.",
    default: "180",
    parse: (text) => parseInteger(text, { min: 1, max: 3650 }),
  }),
  auditRetentionDays: setting({
    name: "POSTHORN_AUDIT_RETENTION_DAYS",
    help: "Days to keep the entries of the audit log. 0: without limit.",
    default: "400",
    parse: (text) => parseInteger(text, { min: 0, max: 36_500 }),
  }),
  requestLogDays: setting({
    name: "POSTHORN_REQUEST_LOG_DAYS",
    help: "Days to keep the log of API requests, up to 100,000 entries per organisation. 0: requests are not logged, and earlier entries are deleted.",
    default: "7",
    parse: (text) => parseInteger(text, { min: 0, max: 90 }),
  }),
} as const;
