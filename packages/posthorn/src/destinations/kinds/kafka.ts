import { connectionKind } from "../kind.ts";
import { choice, clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

const BROKERS = "[^\\s,:/]+(?::\\d{1,5})?|\\[[0-9a-fA-F:]+\\](?::\\d{1,5})?";

export const KAFKA = connectionKind({
  family: "connection",
  title: "Apache Kafka",
  summary: "Produces each message to a topic, with the ordering key as the record's key.",
  group: "stream",
  fields: {
    brokers: {
      type: "text",
      label: "Bootstrap brokers",
      help: "Hosts and ports of one or more brokers, separated by commas. Posthorn also connects to the other brokers that these advertise.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 2000,
      pattern: `(?:${BROKERS})(?:, ?(?:${BROKERS}))*`,
      example: "broker-1.example.com:9092,broker-2.example.com:9092",
    },
    topic: {
      type: "text",
      label: "Topic",
      help: "Name of an existing topic. Posthorn does not create topics.",
      required: true,
      secret: false,
      maxLength: 249,
      pattern: "[A-Za-z0-9._\\-]+",
      example: "webhooks",
    },
    tls: {
      type: "boolean",
      label: "TLS",
      help: "Turn on if the brokers use TLS (security protocol SSL or SASL_SSL).",
      required: false,
      secret: false,
      default: true,
      isTarget: true,
    },
    saslMechanism: choice({
      label: "SASL mechanism",
      help: "How Posthorn authenticates. Choose none for listeners without authentication or with client certificates.",
      choices: ["none", "plain", "scram-sha-256", "scram-sha-512"],
      default: "none",
    }),
    username: USERNAME,
    password: PASSWORD,
    ...TLS_FIELDS,
  },
  // The default limit of brokers, less the envelope of a record.
  limits: { bodyBytes: 1_000_000, batch: { items: 500, bytes: 1_000_000, isAtomic: false } },
  idempotency: "none",
  ordering: "key",
  setup: [
    "Create the topic, for example with kafka-topics.sh --create --topic webhooks.",
    "Create an account for Posthorn and allow it to write to the topic (operations Write, Describe and IdempotentWrite).",
    "Make sure that the address that each broker advertises (advertised.listeners) can be reached from Posthorn.",
    "Enter brokers, topic and credentials here, and send a test event.",
  ],
  packages: ["@platformatic/kafka@2"],
  ports: [9092, 9093, 9094, 9095, 9096, 9097, 9098],
  check: (config) => {
    if (config.saslMechanism !== "none") {
      if (config.username === null) return { field: "username", problem: "SASL needs a user name." };
      if (config.password === null) return { field: "password", problem: "SASL needs a password." };
    }
    return clientCertificateProblem(config);
  },
  target: ({ brokers, topic }) => `kafka://${brokers.split(/, ?/)[0]!}/${topic}`,
});
