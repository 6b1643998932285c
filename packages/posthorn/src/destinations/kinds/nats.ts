import { connectionKind } from "../kind.ts";
import { NATS_CLIENT, NATS_SECURITY, NATS_SERVERS, natsSecurityProblem } from "./broker-connection.ts";

export const NATS = connectionKind({
  family: "connection",
  title: "NATS JetStream",
  summary: "Publishes each message to a JetStream subject, which recognises messages that are sent again.",
  group: "stream",
  fields: {
    servers: NATS_SERVERS,
    subject: {
      type: "text",
      label: "Subject",
      help: "Subject of each message. A stream must store it.",
      required: true,
      secret: false,
      maxLength: 500,
      pattern: "[^\\s.*>]+(?:\\.[^\\s.*>]+)*",
      example: "webhooks.invoices",
    },
    ...NATS_SECURITY,
  },
  limits: { bodyBytes: 1_000_000, batch: { items: 500, bytes: 4 * 1024 * 1024, isAtomic: false } },
  idempotency: "key",
  ordering: "all",
  deduplication: "The stream recognises an ID within its duplicate window, which is 2 minutes by default.",
  setup: [
    "Create a stream whose subjects include the subject, for example with nats stream add.",
    "Create a user that may publish to the subject and subscribe to _INBOX.>.",
    "Enter the servers, the subject and the credentials here, and send a test event.",
  ],
  ...NATS_CLIENT,
  check: natsSecurityProblem,
  target: ({ servers, subject, tls }) => `${tls ? "tls" : "nats"}://${servers.split(/, ?/)[0]!}/${subject}`,
});
