import { connectionKind } from "../kind.ts";
import { REDIS_URL } from "./broker-connection.ts";
import { clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

export const REDIS = connectionKind({
  family: "connection",
  title: "Redis streams",
  summary: "Appends each message to a stream of Redis or Valkey.",
  group: "stream",
  fields: {
    url: REDIS_URL,
    stream: {
      type: "text",
      label: "Stream",
      help: "Key of the stream. Redis creates it with the first message.",
      required: true,
      secret: false,
      maxLength: 500,
      example: "webhooks",
    },
    maxLength: {
      type: "integer",
      label: "Maximum length",
      help: "Approximate number of entries to keep. Redis removes older ones. Leave it empty to keep all.",
      required: false,
      secret: false,
      minimum: 1,
      maximum: 1_000_000_000,
    },
    username: { ...USERNAME, help: "User name of an ACL user. Leave it empty for the default user." },
    password: PASSWORD,
    ...TLS_FIELDS,
  },
  limits: { bodyBytes: 16 * 1024 * 1024, batch: { items: 500, bytes: 4 * 1024 * 1024, isAtomic: false } },
  idempotency: "none",
  ordering: "all",
  setup: [
    "Create an ACL user that may run XADD on the stream: ACL SETUSER webhooks on >PASSWORD ~webhooks +xadd, and +select for a database other than 0.",
    "Set appendonly to yes, and appendfsync to always if a confirmed message must survive a crash of the server.",
    "Enter the URL, the stream and the credentials here, and send a test event.",
  ],
  packages: ["ioredis@6"],
  ports: [6379, 6380],
  check: clientCertificateProblem,
  target: ({ url, stream }) => `${url.replace(/\/$/, "")}#${stream}`,
});
