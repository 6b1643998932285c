/** Every setting of a node: its name, how its text is read, its default and what it means. Nothing here reads anything. */
import { parseAllowList, parseDenyList, parseNoProxy } from "@posthorn/egress";
import { COLOUR_PATTERN, FONT_PATTERN, LOGO_PATTERN } from "../domain/portal/look.ts";
import {
  parseAddresses,
  parseAddress,
  parseChoice,
  parseDecimal,
  parseFrameAncestors,
  parseInteger,
  parseList,
  parsePattern,
  parseProxyUrl,
  parseSchedule,
  parseSwitch,
  parseText,
} from "./parse.ts";
import { SIGNATURE_STYLES } from "../domain/policy/signature-style.ts";
import { VERIFICATION_METHODS } from "../domain/policy/verification-method.ts";

/** One setting. The same name serves the environment and the file; the flag is the name in kebab-case without the prefix. */
export interface Setting<T> {
  readonly name: string;
  readonly help: string;
  readonly default: string;
  /** What `start --dev` uses in place of the default. */
  readonly devDefault?: string;
  /** Masked wherever settings are printed. */
  readonly secret?: true;
  /** A secret that, when empty, is made once and kept in the data folder (see `secrets.ts`). */
  readonly made?: true;
  /** Reads the text, or throws an `Error` whose message completes the sentence "NAME is wrong: …". */
  readonly parse: (text: string) => T;
}

const VERIFICATIONS = ["off", ...VERIFICATION_METHODS] as const;
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export const LOG_FORMATS = ["json", "pretty"] as const;

function setting<T>(entry: Setting<T>): Setting<T> {
  return entry;
}

export const settings = {
  listen: setting({
    name: "POSTHORN_LISTEN",
    help: "Address and port of the HTTP API, as host:port. Port 0 takes a free one.",
    default: "127.0.0.1:8071",
    parse: parseAddress,
  }),
  metricsListen: setting({
    name: "POSTHORN_METRICS_LISTEN",
    help: "Address and port of the metrics for Prometheus, as host:port; they are served there without a token. Empty: none.",
    default: "",
    parse: (text) => (text === "" ? null : parseAddress(text)),
  }),
  publicUrl: setting({
    name: "POSTHORN_PUBLIC_URL",
    help: "The URL under which customers reach this server, used in links. Empty: made from POSTHORN_LISTEN.",
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
    help: "Folder of the embedded database and of the secrets that Posthorn makes for itself.",
    default: "./data",
    parse: parseText,
  }),
  databaseUrl: setting({
    name: "POSTHORN_DATABASE_URL",
    help: "Where messages are stored: sqlite:path, or postgres://user:password@host/database, where several hosts may stand (a,b). Empty: sqlite in the data folder.",
    default: "",
    secret: true,
    parse: parseText,
  }),
  databaseDirectUrl: setting({
    name: "POSTHORN_DATABASE_DIRECT_URL",
    help: "The same PostgreSQL without a pooler in between, when POSTHORN_DATABASE_URL leads through one. Empty: it does not.",
    default: "",
    secret: true,
    parse: parseText,
  }),
  databaseConnections: setting({
    name: "POSTHORN_DATABASE_CONNECTIONS",
    help: "Connections to PostgreSQL for queries, at most; eight more are for deliveries and look-ups.",
    default: "8",
    parse: (text) => parseInteger(text, { min: 2, max: 200 }),
  }),
  databaseTimeout: setting({
    name: "POSTHORN_DATABASE_TIMEOUT",
    help: "Seconds that PostgreSQL may take to answer; then requests that need it are answered 503, and connections are opened anew.",
    default: "5",
    parse: (text) => parseDecimal(text, { min: 0.5, max: 60 }),
  }),
  databaseWait: setting({
    name: "POSTHORN_DATABASE_WAIT",
    help: "Seconds that a start waits for a PostgreSQL that cannot be reached yet; then the process ends. 0: not at all.",
    default: "300",
    parse: (text) => parseDecimal(text, { min: 0, max: 86_400 }),
  }),
  jwtSecret: setting({
    name: "POSTHORN_JWT_SECRET",
    help: "Secret of the HS256 tokens, at least 32 characters. Empty: made once and kept in the data folder.",
    default: "",
    secret: true,
    made: true,
    parse: parseText,
  }),
  encryptionKey: setting({
    name: "POSTHORN_ENCRYPTION_KEY",
    help: "Key that encrypts endpoint secrets and headers at rest, 32 bytes in base64. Empty: made once and kept in the data folder.",
    default: "",
    secret: true,
    made: true,
    parse: parseText,
  }),
  retrySchedule: setting({
    name: "POSTHORN_RETRY_SCHEDULE",
    help: "Seconds to wait before each retry, with commas; decimals are allowed. Empty: no retries.",
    default: "5,300,1800,7200,18000,36000,36000",
    parse: parseSchedule,
  }),
  requestTimeout: setting({
    name: "POSTHORN_REQUEST_TIMEOUT",
    help: "Seconds an attempt may take in all: name look-up, connection, TLS, answer and its body.",
    default: "15",
    parse: (text) => parseDecimal(text, { min: 0.1, max: 300 }),
  }),
  maxRequestTimeout: setting({
    name: "POSTHORN_MAX_REQUEST_TIMEOUT",
    help: "Seconds that the policy of an endpoint or application may let an attempt take at most.",
    default: "60",
    parse: (text) => parseDecimal(text, { min: 0.1, max: 300 }),
  }),
  autoDisableHours: setting({
    name: "POSTHORN_AUTO_DISABLE_HOURS",
    help: "Hours after which an endpoint that only fails is switched off; 0: never. Policies of endpoints and applications can say otherwise.",
    default: "120",
    parse: (text) => parseDecimal(text, { min: 0, max: 8760 }),
  }),
  signatureStyle: setting({
    name: "POSTHORN_SIGNATURE_STYLE",
    help: `How deliveries are signed unless a policy says otherwise: ${SIGNATURE_STYLES.join(", ")}.`,
    default: "standard",
    parse: (text) => parseChoice(text, SIGNATURE_STYLES),
  }),
  signatureHeader: setting({
    name: "POSTHORN_SIGNATURE_HEADER",
    help: "Name of the header with the signature, for the styles github, shopify, slack and stripe. Empty: the name that the style has.",
    default: "",
    parse: (text) =>
      parsePattern(text, "^[A-Za-z0-9][A-Za-z0-9-]{0,99}$", "the name of a header, such as X-Acme-Signature"),
  }),
  endpointVerification: setting({
    name: "POSTHORN_ENDPOINT_VERIFICATION",
    help: `How new endpoints must prove that they want deliveries: ${VERIFICATIONS.join(", ")}. Those that exist are left alone.`,
    default: "off",
    parse: (text) => parseChoice(text, VERIFICATIONS),
  }),
  egressAllow: setting({
    name: "POSTHORN_EGRESS_ALLOW",
    help: "Targets that deliveries may reach: words external, private, loopback, a CIDR range or a host pattern, with commas.",
    default: "external",
    devDefault: "external,loopback",
    parse: (text) => parseAllowList(text).text,
  }),
  egressTenantAllow: setting({
    name: "POSTHORN_EGRESS_TENANT_ALLOW",
    help: "Targets that rules and proxies of applications and endpoints may open beyond POSTHORN_EGRESS_ALLOW, in the same words. Empty: none.",
    default: "",
    parse: (text) => parseAllowList(text).text,
  }),
  egressDeny: setting({
    name: "POSTHORN_EGRESS_DENY",
    help: "Targets that are never reached, whatever is allowed: CIDR ranges and host patterns, with commas.",
    default: "",
    parse: (text) => parseDenyList(text).text,
  }),
  egressProxy: setting({
    name: "POSTHORN_EGRESS_PROXY",
    help: "Proxy that deliveries go through, as http://, https:// or socks5:// with user and password if it wants them. Empty: none.",
    default: "",
    secret: true,
    parse: parseProxyUrl,
  }),
  egressNoProxy: setting({
    name: "POSTHORN_EGRESS_NO_PROXY",
    help: "Targets that are called without POSTHORN_EGRESS_PROXY, as in NO_PROXY: host, .suffix, *.suffix, address, CIDR range or *, with :port where needed, with commas.",
    default: "",
    parse: (text) => parseNoProxy(text).text,
  }),
  httpsOnly: setting({
    name: "POSTHORN_HTTPS_ONLY",
    help: "Refuse endpoints and deliveries whose URL is http.",
    default: "false",
    parse: parseSwitch,
  }),
  sourceAddresses: setting({
    name: "POSTHORN_SOURCE_ADDRESSES",
    help: "Addresses and CIDR ranges that deliveries come from, with commas; served at /.well-known/webhook-sources.json.",
    default: "",
    parse: parseAddresses,
  }),
  maxPayloadBytes: setting({
    name: "POSTHORN_MAX_PAYLOAD_BYTES",
    help: "Largest payload of a message, in bytes. Larger ones are answered with 413.",
    default: "1048576",
    parse: (text) => parseInteger(text, { min: 1024, max: 64 * 1024 * 1024 }),
  }),
  maxInboundBytes: setting({
    name: "POSTHORN_MAX_INBOUND_BYTES",
    help: "Largest body of an inbound webhook, in bytes. Larger ones are answered with 413.",
    default: "26214400",
    parse: (text) => parseInteger(text, { min: 1024, max: 67_108_864 }),
  }),
  maxBatchBytes: setting({
    name: "POSTHORN_MAX_BATCH_BYTES",
    help: "Largest request of a batch of messages, in bytes. Larger ones are answered with 413.",
    default: "16777216",
    parse: (text) => parseInteger(text, { min: 65_536, max: 256 * 1024 * 1024 }),
  }),
  payloadRetentionDays: setting({
    name: "POSTHORN_PAYLOAD_RETENTION_DAYS",
    help: "Days a payload is kept when the message does not say so itself.",
    default: "90",
    parse: (text) => parseInteger(text, { min: 1, max: 3650 }),
  }),
  attemptRetentionDays: setting({
    name: "POSTHORN_ATTEMPT_RETENTION_DAYS",
    help: "Days the attempts of deliveries that ended well are kept. Messages and deliveries stand as long as their payload or their attempts.",
    default: "90",
    parse: (text) => parseInteger(text, { min: 1, max: 3650 }),
  }),
  failureRetentionDays: setting({
    name: "POSTHORN_FAILURE_RETENTION_DAYS",
    help: "Days that deliveries which failed are kept, with their messages and attempts; at least as long as attempts.",
    default: "180",
    parse: (text) => parseInteger(text, { min: 1, max: 3650 }),
  }),
  concurrency: setting({
    name: "POSTHORN_CONCURRENCY",
    help: "Attempts in flight at once, over all endpoints.",
    default: "512",
    parse: (text) => parseInteger(text, { min: 1, max: 10_000 }),
  }),
  endpointConcurrency: setting({
    name: "POSTHORN_ENDPOINT_CONCURRENCY",
    help: "Attempts in flight at once to one endpoint.",
    default: "16",
    parse: (text) => parseInteger(text, { min: 1, max: 1000 }),
  }),
  transformThreads: setting({
    name: "POSTHORN_TRANSFORM_THREADS",
    help: "Threads that run the code of transformations. They start when the first one runs.",
    default: "2",
    parse: (text) => parseInteger(text, { min: 1, max: 64 }),
  }),
  transformCpuMs: setting({
    name: "POSTHORN_TRANSFORM_CPU_MS",
    help: "Milliseconds of processor time that a transformation may take for one message.",
    default: "500",
    parse: (text) => parseInteger(text, { min: 10, max: 10_000 }),
  }),
  secondHeaderFamily: setting({
    name: "POSTHORN_SECOND_HEADER_FAMILY",
    help: "Send id, timestamp and signature also under the second family of header names (docs/compatibility.md).",
    default: "true",
    parse: parseSwitch,
  }),
  trustedProxies: setting({
    name: "POSTHORN_TRUSTED_PROXIES",
    help: "Addresses and networks of your own proxies, with commas. Their X-Forwarded-For gives the address of a sender, and X-Forwarded-Host the host. If empty, the connection counts.",
    default: "",
    parse: parseAddresses,
  }),
  corsOrigins: setting({
    name: "POSTHORN_CORS_ORIGINS",
    help: "Origins whose pages may call the API, with commas; * is every origin (calls carry a token, never a cookie).",
    default: "*",
    parse: parseList,
  }),
  portalFrameAncestors: setting({
    name: "POSTHORN_PORTAL_FRAME_ANCESTORS",
    help: "Origins whose pages may show the customer portal in a frame, with commas; * is every origin (a frame has no session but by the link it is given), empty is none.",
    default: "*",
    parse: parseFrameAncestors,
  }),
  portalName: setting({
    name: "POSTHORN_PORTAL_NAME",
    help: "Name of your product, at the top of the customer portal. A link can say another (docs/portal.md).",
    default: "",
    parse: parseText,
  }),
  portalLogo: setting({
    name: "POSTHORN_PORTAL_LOGO",
    help: "The https URL of your logo, at the top of the customer portal.",
    default: "",
    parse: (text) => parsePattern(text, LOGO_PATTERN, "an https URL"),
  }),
  portalColour: setting({
    name: "POSTHORN_PORTAL_COLOUR",
    help: "Colour of buttons and links in the customer portal, as #rrggbb. It is darkened or lightened where it could not be read.",
    default: "",
    parse: (text) => parsePattern(text, COLOUR_PATTERN, "a colour such as #0a7d5c"),
  }),
  portalFont: setting({
    name: "POSTHORN_PORTAL_FONT",
    help: "Font families of the customer portal, with commas, of those that the reader's device has.",
    default: "",
    parse: (text) => parsePattern(text, FONT_PATTERN, "a list of font families"),
  }),
  shutdownTimeout: setting({
    name: "POSTHORN_SHUTDOWN_TIMEOUT",
    help: "Seconds that a stopping process waits for attempts in flight before they go back to pending.",
    default: "20",
    parse: (text) => parseDecimal(text, { min: 0, max: 600 }),
  }),
  logLevel: setting({
    name: "POSTHORN_LOG_LEVEL",
    help: `Least severity that is logged: ${LOG_LEVELS.join(", ")}.`,
    default: "info",
    parse: (text) => parseChoice(text, LOG_LEVELS),
  }),
  logFormat: setting({
    name: "POSTHORN_LOG_FORMAT",
    help: "Form of the log: json, one object a line, or pretty for people.",
    default: "json",
    devDefault: "pretty",
    parse: (text) => parseChoice(text, LOG_FORMATS),
  }),
} as const;

export type SettingKey = keyof typeof settings;

/** The typed values of all settings. */
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof settings)[K]["parse"]> };

/** The flag of a setting: `POSTHORN_DATA_DIR` is `--data-dir`. */
export function flagOf(name: string): string {
  return `--${name
    .replace(/^POSTHORN_/, "")
    .toLowerCase()
    .replaceAll("_", "-")}`;
}
