import { connectionKind } from "../kind.ts";
import { clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

export const NATS = connectionKind({
  family: "connection",
  title: "NATS JetStream",
  summary: "Publishes each message to a JetStream subject, which recognises messages that are sent again.",
  group: "stream",
  fields: {
    servers: {
      type: "text",
      label: "Servers",
      help: "Hosts and ports of one or more servers, separated by commas. Posthorn connects to these only, not to servers that they announce.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 2000,
      pattern: "[^\\s,/]+(?:, ?[^\\s,/]+)*",
      example: "nats.example.com:4222",
    },
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
    tls: {
      type: "boolean",
      label: "TLS",
      help: "Turn on to require TLS.",
      required: false,
      secret: false,
      default: true,
      isTarget: true,
    },
    username: USERNAME,
    password: PASSWORD,
    token: {
      type: "text",
      label: "Token",
      help: "Token of servers that authenticate by token.",
      required: false,
      secret: true,
      maxLength: 1024,
    },
    nkeySeed: {
      type: "text",
      label: "NKey seed",
      help: "Seed of a user's NKey. It starts with SU.",
      required: false,
      secret: true,
      maxLength: 256,
      pattern: "SU[A-Z2-7]{56}",
      example: "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
    },
    credentials: {
      type: "text",
      label: "Credentials file",
      help: "Contents of a .creds file with a user's JWT and seed.",
      required: false,
      secret: true,
      multiline: true,
      maxLength: 10_000,
    },
    ...TLS_FIELDS,
  },
  limits: { bodyBytes: 1_000_000, batch: { items: 500, bytes: 4 * 1024 * 1024, isAtomic: false } },
  idempotency: "key",
  ordering: "all",
  deduplication: "The stream recognises an ID within its duplicate window, which is 2 minutes by default.",
  setup: [
    "Create a stream whose subjects include the subject, for example with nats stream add.",
    "Create a user that may publish to the subject and subscribe to _INBOX.>.",
    "Enter servers, subject and credentials here, and send a test event.",
  ],
  packages: ["@nats-io/transport-node@3", "@nats-io/jetstream@3"],
  ports: [4222, 4223, 4443],
  check: (config) => {
    const given = [config.username, config.token, config.nkeySeed, config.credentials].filter(
      (value) => value !== null,
    );
    if (given.length > 1) {
      return {
        field: "username",
        problem: "Enter only one of user name, token, NKey seed and credentials file.",
      };
    }
    return clientCertificateProblem(config);
  },
  target: ({ servers, subject, tls }) => `${tls ? "tls" : "nats"}://${servers.split(/, ?/)[0]!}/${subject}`,
});
