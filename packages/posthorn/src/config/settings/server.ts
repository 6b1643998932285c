/** Addresses, origins and access of the server. */
import {
  parseAddress,
  parseAddresses,
  parseChoice,
  parseContacts,
  parseDecimal,
  parseList,
  parsePattern,
  parseSwitch,
  parseText,
  parseThreads,
} from "../parse.ts";
import { setting } from "../setting.ts";

const ENVIRONMENT_PATTERN = "^[A-Za-z0-9 ._-]{1,40}$";

export const serverSettings = {
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
  mcpOauth: setting({
    name: "POSTHORN_MCP_OAUTH",
    help: "Whether MCP clients connect with OAuth, with only the URL of /mcp: on, documents (only clients that publish a metadata document) or off. Needs HTTPS in POSTHORN_PUBLIC_URL, except on this machine.",
    default: "on",
    parse: (text) => parseChoice(text, ["on", "documents", "off"]),
  }),
  listenTokens: setting({
    name: "POSTHORN_LISTEN_TOKENS",
    help: "Whether listeners that cannot send an API key may connect to /api/v1/listen/ with a listen token (docs/features/listen-tokens.md).",
    default: "false",
    parse: parseSwitch,
  }),
  threads: setting({
    name: "POSTHORN_THREADS",
    help: "Threads that accept requests, sign and send, each on one core at most: 1 to 64. auto: one, and more on other cores while the running ones are busy (docs/operations/threads.md).",
    default: "auto",
    parse: parseThreads,
  }),
  shutdownTimeout: setting({
    name: "POSTHORN_SHUTDOWN_TIMEOUT",
    help: "Seconds that a stopping process waits for attempts in flight. Those still running then return to pending.",
    default: "20",
    parse: (text) => parseDecimal(text, { min: 0, max: 600 }),
  }),
} as const;
