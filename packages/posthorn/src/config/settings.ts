/** All settings of a node: name, parser, default and help. This file does not read the environment. */
import { parseAllowList, parseDenyList, parseNoProxy } from "@posthorn/egress";
import { COLOUR_PATTERN, FONT_PATTERN, LOGO_PATTERN } from "../domain/portal/look.ts";
import {
  parseAddresses,
  parseContacts,
  parseAddress,
  parseChoice,
  parseDecimal,
  parseDestinations,
  parseDomain,
  parseSourceKinds,
  parseFrameAncestors,
  parseInteger,
  parseList,
  parsePattern,
  parseProxyUrl,
  parseSchedule,
  parseSwitch,
  parseText,
  parseTraceUrl,
  parseUrlList,
} from "./parse.ts";
import { parseMailAddress, parseMailUrl } from "./mail.ts";
import { setting } from "./setting.ts";
import { telemetrySettings } from "./telemetry-settings.ts";
import { SIGNATURE_STYLES } from "../domain/policy/signature-style.ts";
import { VERIFICATION_METHODS } from "../domain/policy/verification-method.ts";

const ENVIRONMENT_PATTERN = "^[A-Za-z0-9 ._-]{1,40}$";
const VERIFICATIONS = ["off", ...VERIFICATION_METHODS] as const;
const EGRESS_CLIENTS = ["builtin", "undici"] as const;
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const LOG_FORMATS = ["json", "pretty"] as const;

export const settings = {
  listen: setting({
    name: "POSTHORN_LISTEN",
    help: "Address and port of the HTTP API, as host:port. Port 0 chooses a free port.",
    default: "127.0.0.1:8071",
    parse: parseAddress,
  }),
  metricsListen: setting({
    name: "POSTHORN_METRICS_LISTEN",
    help: "Address and port of the metrics for Prometheus, as host:port. They need no token. Empty: no metrics.",
    default: "",
    parse: (text) => (text === "" ? null : parseAddress(text)),
  }),
  smtpListen: setting({
    name: "POSTHORN_SMTP_LISTEN",
    help: "Address and port at which emails for `email` sources are received, as host:port, such as 0.0.0.0:25. Empty: this node receives no emails. Requires POSTHORN_SMTP_DOMAIN and the npm package smtp-server.",
    default: "",
    parse: (text) => (text === "" ? null : parseAddress(text)),
  }),
  smtpDomain: setting({
    name: "POSTHORN_SMTP_DOMAIN",
    help: "Domain of the addresses of `email` sources, such as in.example.com. Its MX record must point to the nodes with POSTHORN_SMTP_LISTEN. Must be the same on all nodes. Empty: there are no such sources.",
    default: "",
    parse: parseDomain,
  }),
  smtpTlsCert: setting({
    name: "POSTHORN_SMTP_TLS_CERT",
    help: "File with the certificate chain for STARTTLS in PEM. It is read again when it changes. Empty: emails are received without encryption.",
    default: "",
    parse: parseText,
  }),
  smtpTlsKey: setting({
    name: "POSTHORN_SMTP_TLS_KEY",
    help: "File with the private key of POSTHORN_SMTP_TLS_CERT in PEM.",
    default: "",
    parse: parseText,
  }),
  mailUrl: setting({
    name: "POSTHORN_MAIL_URL",
    help: "Mail server for invitations and reset links: smtp://user:password@host (STARTTLS) or smtps:// (TLS). Empty: no email is sent, and links are shown to the administrator (docs/operations/users.md).",
    default: "",
    secret: true,
    parse: parseMailUrl,
  }),
  mailFrom: setting({
    name: "POSTHORN_MAIL_FROM",
    help: "Sender address of these emails, such as posthorn@example.com. The mail server must accept it.",
    default: "",
    parse: parseMailAddress,
  }),
  environment: setting({
    name: "POSTHORN_ENVIRONMENT",
    help: "Name of this installation, such as production or staging. The dashboard shows it below the name of the server.",
    default: "",
    parse: (text) =>
      parsePattern(
        text,
        ENVIRONMENT_PATTERN,
        "a name of up to 40 letters, digits, spaces, dots, dashes and underscores",
      ),
  }),
  publicUrl: setting({
    name: "POSTHORN_PUBLIC_URL",
    help: "The URL at which customers reach this server, used in links. Empty: derived from POSTHORN_LISTEN.",
    default: "",
    parse: parseText,
  }),
  ingestUrl: setting({
    name: "POSTHORN_INGEST_URL",
    help: "A separate origin for inbound webhooks, such as https://hooks.example.com. Recommended; required for several organisations (docs/receiving.md). Empty: POSTHORN_PUBLIC_URL.",
    default: "",
    parse: parseText,
  }),
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
  retrySchedule: setting({
    name: "POSTHORN_RETRY_SCHEDULE",
    help: "Seconds to wait before each retry, separated by commas; decimals are allowed. Empty: no retries.",
    default: "5,300,1800,7200,18000,36000,36000",
    parse: parseSchedule,
  }),
  requestTimeout: setting({
    name: "POSTHORN_REQUEST_TIMEOUT",
    help: "Timeout of an attempt in seconds: DNS, connection, TLS, response headers and body together.",
    default: "15",
    parse: (text) => parseDecimal(text, { min: 0.1, max: 300 }),
  }),
  maxRequestTimeout: setting({
    name: "POSTHORN_MAX_REQUEST_TIMEOUT",
    help: "Longest timeout in seconds that the policy of an endpoint or application may set.",
    default: "60",
    parse: (text) => parseDecimal(text, { min: 0.1, max: 300 }),
  }),
  autoDisableHours: setting({
    name: "POSTHORN_AUTO_DISABLE_HOURS",
    help: "Hours of failing attempts after which an endpoint is auto-disabled; 0: never. Policies of endpoints and applications can override it.",
    default: "120",
    parse: (text) => parseDecimal(text, { min: 0, max: 8760 }),
  }),
  signatureStyle: setting({
    name: "POSTHORN_SIGNATURE_STYLE",
    help: `Signature format of deliveries, unless a policy sets another one: ${SIGNATURE_STYLES.join(", ")}.`,
    default: "standard",
    parse: (text) => parseChoice(text, SIGNATURE_STYLES),
  }),
  signatureHeader: setting({
    name: "POSTHORN_SIGNATURE_HEADER",
    help: "Name of the signature header for the styles asana, github, shopify, slack and stripe. Empty: the default name of the style.",
    default: "",
    parse: (text) =>
      parsePattern(text, "^[A-Za-z0-9][A-Za-z0-9-]{0,99}$", "the name of a header, such as X-Acme-Signature"),
  }),
  endpointVerification: setting({
    name: "POSTHORN_ENDPOINT_VERIFICATION",
    help: `How new endpoints are verified before they receive deliveries: ${VERIFICATIONS.join(", ")}. Existing endpoints are not affected.`,
    default: "off",
    parse: (text) => parseChoice(text, VERIFICATIONS),
  }),
  egressAllow: setting({
    name: "POSTHORN_EGRESS_ALLOW",
    help: "Targets that deliveries may reach: the words external, private and loopback, CIDR ranges and host patterns, separated by commas.",
    default: "external",
    devDefault: "external,loopback",
    parse: (text) => parseAllowList(text).text,
  }),
  destinations: setting({
    name: "POSTHORN_DESTINATIONS",
    help: "Destination kinds that endpoints may have: `all`, or names separated by commas, such as http,slack,sqs. Webhooks (http) are always allowed.",
    default: "all",
    parse: parseDestinations,
  }),
  sourceKinds: setting({
    name: "POSTHORN_SOURCE_KINDS",
    help: "Source kinds that may be created and read: `all`, or names separated by commas, such as schedule,http. Webhooks (webhook) are always allowed.",
    default: "all",
    parse: parseSourceKinds,
  }),
  sourceQuota: setting({
    name: "POSTHORN_SOURCE_QUOTA",
    help: "Maximum number of sources that Posthorn reads for one organisation: those of other kinds than webhooks.",
    default: "1000",
    parse: (text) => parseInteger(text, { min: 0, max: 1_000_000 }),
  }),
  googleTokenUrls: setting({
    name: "POSTHORN_GOOGLE_TOKEN_URLS",
    help: "URLs beyond Google's own that key files of service accounts may name as token_uri, separated by commas. Empty: none.",
    default: "",
    parse: parseUrlList,
  }),
  egressTenantAllow: setting({
    name: "POSTHORN_EGRESS_TENANT_ALLOW",
    help: "Targets beyond POSTHORN_EGRESS_ALLOW that applications and endpoints may allow or use as a proxy, in the same format. Empty: none.",
    default: "",
    parse: (text) => parseAllowList(text).text,
  }),
  egressDeny: setting({
    name: "POSTHORN_EGRESS_DENY",
    help: "Targets that are always refused, even if allowed elsewhere: CIDR ranges and host patterns, separated by commas.",
    default: "",
    parse: (text) => parseDenyList(text).text,
  }),
  egressProxy: setting({
    name: "POSTHORN_EGRESS_PROXY",
    help: "Proxy for deliveries: an http://, https:// or socks5:// URL, with user and password if required. Empty: none.",
    default: "",
    secret: true,
    parse: parseProxyUrl,
  }),
  egressNoProxy: setting({
    name: "POSTHORN_EGRESS_NO_PROXY",
    help: "Targets that bypass POSTHORN_EGRESS_PROXY, as in NO_PROXY: host, .suffix, *.suffix, address, CIDR range or *, each with an optional :port, separated by commas.",
    default: "",
    parse: (text) => parseNoProxy(text).text,
  }),
  egressClient: setting({
    name: "POSTHORN_EGRESS_CLIENT",
    help: `HTTP client of deliveries, for troubleshooting: ${EGRESS_CLIENTS.join(" or ")}. Deliveries through a proxy always use undici.`,
    default: "builtin",
    parse: (text) => parseChoice(text, EGRESS_CLIENTS),
  }),
  httpsOnly: setting({
    name: "POSTHORN_HTTPS_ONLY",
    help: "Refuse endpoints and deliveries with an http URL.",
    default: "false",
    parse: parseSwitch,
  }),
  sourceAddresses: setting({
    name: "POSTHORN_SOURCE_ADDRESSES",
    help: "Addresses and CIDR ranges from which deliveries are sent, separated by commas; published at /.well-known/webhook-sources.json.",
    default: "",
    parse: parseAddresses,
  }),
  maxPayloadBytes: setting({
    name: "POSTHORN_MAX_PAYLOAD_BYTES",
    help: "Maximum payload size of a message in bytes. Larger payloads get 413.",
    default: "1048576",
    parse: (text) => parseInteger(text, { min: 1024, max: 64 * 1024 * 1024 }),
  }),
  maxInboundBytes: setting({
    name: "POSTHORN_MAX_INBOUND_BYTES",
    help: "Maximum body size of an inbound webhook in bytes. Larger bodies get 413.",
    default: "26214400",
    parse: (text) => parseInteger(text, { min: 1024, max: 67_108_864 }),
  }),
  maxBatchBytes: setting({
    name: "POSTHORN_MAX_BATCH_BYTES",
    help: "Maximum size of a batch request in bytes. Larger requests get 413.",
    default: "16777216",
    parse: (text) => parseInteger(text, { min: 65_536, max: 256 * 1024 * 1024 }),
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
  userAgent: setting({
    name: "POSTHORN_USER_AGENT",
    help: "User-Agent header of deliveries, endpoint verifications, requests to subscribers, and reads of the metadata documents of MCP clients, such as `Acme-Webhooks/1.0`, so that customers read the name of your product. Empty: `Posthorn` with its version.",
    default: "",
    parse: (text) => parsePattern(text, "^([!-~]([ -~]{0,198}[!-~])?)?$", "up to 200 printable ASCII characters"),
  }),
  requestLogDays: setting({
    name: "POSTHORN_REQUEST_LOG_DAYS",
    help: "Days to keep the log of API requests, of which each organisation has up to 100,000 entries. 0: requests are not logged, and earlier entries are deleted.",
    default: "7",
    parse: (text) => parseInteger(text, { min: 0, max: 90 }),
  }),
  concurrency: setting({
    name: "POSTHORN_CONCURRENCY",
    help: "Maximum number of concurrent attempts, over all endpoints.",
    default: "512",
    parse: (text) => parseInteger(text, { min: 1, max: 10_000 }),
  }),
  threads: setting({
    name: "POSTHORN_THREADS",
    help: "Threads that accept requests, sign and send, each on one core at most: 1 to 64 (docs/operations/threads.md).",
    default: "1",
    parse: (text) => parseInteger(text, { min: 1, max: 64 }),
  }),
  maxBacklog: setting({
    name: "POSTHORN_MAX_BACKLOG",
    help: "Maximum number of deliveries waiting to be sent. While there are more, publishing returns 429 to the applications with the most of them. 0: unlimited.",
    default: "0",
    parse: (text) => parseInteger(text, { min: 0, max: 1_000_000_000 }),
  }),
  maxWatches: setting({
    name: "POSTHORN_MAX_WATCHES",
    help: "Maximum number of watches of an organisation.",
    default: "1000",
    parse: (text) => parseInteger(text, { min: 0, max: 100_000 }),
  }),
  maxWatchKeys: setting({
    name: "POSTHORN_MAX_WATCH_KEYS",
    help: "Maximum number of keys, such as devices, of all watches of an organisation. A watch ignores new keys beyond it.",
    default: "100000",
    parse: (text) => parseInteger(text, { min: 1, max: 10_000_000 }),
  }),
  endpointConcurrency: setting({
    name: "POSTHORN_ENDPOINT_CONCURRENCY",
    help: "Maximum number of concurrent attempts to one endpoint.",
    default: "16",
    parse: (text) => parseInteger(text, { min: 1, max: 1000 }),
  }),
  transformThreads: setting({
    name: "POSTHORN_TRANSFORM_THREADS",
    help: "Threads that run transformations. They start with the first transformation.",
    default: "2",
    parse: (text) => parseInteger(text, { min: 1, max: 64 }),
  }),
  transformCpuMs: setting({
    name: "POSTHORN_TRANSFORM_CPU_MS",
    help: "CPU time limit of a transformation for one message, in milliseconds.",
    default: "500",
    parse: (text) => parseInteger(text, { min: 10, max: 10_000 }),
  }),
  secondHeaderFamily: setting({
    name: "POSTHORN_SECOND_HEADER_FAMILY",
    help: "Also send ID, timestamp and signature under the second family of header names (docs/compatibility.md).",
    default: "true",
    parse: parseSwitch,
  }),
  trustedProxies: setting({
    name: "POSTHORN_TRUSTED_PROXIES",
    help: "Addresses and networks of your proxies, separated by commas. Posthorn takes the client address from their X-Forwarded-For and the host from their X-Forwarded-Host. Empty: the address of the connection is used.",
    default: "",
    parse: parseAddresses,
  }),
  corsOrigins: setting({
    name: "POSTHORN_CORS_ORIGINS",
    help: "Origins whose pages may call the API, separated by commas; * allows every origin (requests carry a token, never a cookie).",
    default: "*",
    parse: parseList,
  }),
  securityContacts: setting({
    name: "POSTHORN_SECURITY_CONTACTS",
    help: "Where to report vulnerabilities of this server, as mailto:, https: or tel: URIs separated by commas, the preferred one first. They are published at /.well-known/security.txt. Empty: not published.",
    default: "",
    parse: parseContacts,
  }),
  docs: setting({
    name: "POSTHORN_DOCS",
    help: "Who may read the documentation at /docs: public (everyone who reaches the server), signed-in (users with a session, and callers with a token) or off.",
    default: "public",
    parse: (text) => parseChoice(text, ["public", "signed-in", "off"]),
  }),
  mcp: setting({
    name: "POSTHORN_MCP",
    help: "MCP endpoints for agents, at /mcp and /mcp/app/{app}: read (tools that read), write (also tools that change something) or off.",
    default: "read",
    parse: (text) => parseChoice(text, ["read", "write", "off"]),
  }),
  listenTokens: setting({
    name: "POSTHORN_LISTEN_TOKENS",
    help: "Whether listeners that cannot send an API key may connect to /api/v1/listen/ with a listen token (docs/features/listen-tokens.md).",
    default: "false",
    parse: parseSwitch,
  }),
  mcpOauth: setting({
    name: "POSTHORN_MCP_OAUTH",
    help: "Whether MCP clients connect with OAuth, with only the URL of /mcp: on, documents (only clients that publish a metadata document) or off. Needs HTTPS in POSTHORN_PUBLIC_URL, except on this machine.",
    default: "on",
    parse: (text) => parseChoice(text, ["on", "documents", "off"]),
  }),
  customerAlerts: setting({
    name: "POSTHORN_CUSTOMER_ALERTS",
    help: "Whether customers may set up alerts about their failing endpoints in the portal. Emails need POSTHORN_MAIL_URL and POSTHORN_PUBLIC_URL. The policy of an application can override it.",
    default: "true",
    parse: parseSwitch,
  }),
  portalFrameAncestors: setting({
    name: "POSTHORN_PORTAL_FRAME_ANCESTORS",
    help: "Origins whose pages may embed the customer portal in a frame, separated by commas. *: every origin (a frame gets its session only from its link). Empty: none.",
    default: "*",
    parse: parseFrameAncestors,
  }),
  portalName: setting({
    name: "POSTHORN_PORTAL_NAME",
    help: "Name of your product, shown at the top of the customer portal. A portal link can override it (docs/portal.md).",
    default: "",
    parse: parseText,
  }),
  portalLogo: setting({
    name: "POSTHORN_PORTAL_LOGO",
    help: "The https URL of your logo, shown at the top of the customer portal.",
    default: "",
    parse: (text) => parsePattern(text, LOGO_PATTERN, "an https URL"),
  }),
  portalColour: setting({
    name: "POSTHORN_PORTAL_COLOUR",
    help: "Colour of buttons and links in the customer portal, as #rrggbb. It is darkened or lightened where the contrast would be too low.",
    default: "",
    parse: (text) => parsePattern(text, COLOUR_PATTERN, "a colour such as #0a7d5c"),
  }),
  portalFont: setting({
    name: "POSTHORN_PORTAL_FONT",
    help: "Font families of the customer portal, separated by commas. They must be installed on the device of the reader.",
    default: "",
    parse: (text) => parsePattern(text, FONT_PATTERN, "a list of font families"),
  }),
  portalDocs: setting({
    name: "POSTHORN_PORTAL_DOCS",
    help: "The https URL of your own webhook documentation. The customer portal links to it. Empty: no link.",
    default: "",
    parse: (text) => parsePattern(text, LOGO_PATTERN, "an https URL"),
  }),
  shutdownTimeout: setting({
    name: "POSTHORN_SHUTDOWN_TIMEOUT",
    help: "Seconds that a stopping process waits for attempts in flight. Those still running then return to pending.",
    default: "20",
    parse: (text) => parseDecimal(text, { min: 0, max: 600 }),
  }),
  logLevel: setting({
    name: "POSTHORN_LOG_LEVEL",
    help: `Minimum severity that is logged: ${LOG_LEVELS.join(", ")}.`,
    default: "info",
    parse: (text) => parseChoice(text, LOG_LEVELS),
  }),
  logFormat: setting({
    name: "POSTHORN_LOG_FORMAT",
    help: "Log format: json (one object per line) or pretty (for reading in a terminal).",
    default: "json",
    devDefault: "pretty",
    parse: (text) => parseChoice(text, LOG_FORMATS),
  }),
  traceUrl: setting({
    name: "POSTHORN_TRACE_URL",
    help: "Link from messages and attempts to your tracing tool, with {traceId} and optionally {spanId}, such as https://jaeger.example.com/trace/{traceId}. Shown to the organisation only. Empty: no links.",
    default: "",
    parse: parseTraceUrl,
  }),
  traceSlow: setting({
    name: "POSTHORN_TRACE_SLOW",
    help: "Seconds from which on an attempt is slow: slow and failed attempts are exported whatever OTEL_TRACES_SAMPLER says.",
    default: "5",
    parse: (text) => parseDecimal(text, { min: 0, max: 600 }),
  }),
  ...telemetrySettings,
} as const;

export type SettingKey = keyof typeof settings;

/** Typed values of all settings. */
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof settings)[K]["parse"]> };

/** The flag of a setting: `POSTHORN_DATA_DIR` is `--data-dir`. */
export function flagOf(name: string): string {
  return `--${name
    .replace(/^POSTHORN_/, "")
    .toLowerCase()
    .replaceAll("_", "-")}`;
}
