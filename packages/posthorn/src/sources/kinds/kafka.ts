import { listeningKind } from "../kind.ts";
import { choice, clientCertificateProblem, messageTypeField, PASSWORD, TLS_FIELDS, USERNAME } from "./broker-fields.ts";

const BROKERS = "[^\\s,:/]+(?::\\d{1,5})?|\\[[0-9a-fA-F:]+\\](?::\\d{1,5})?";
const TOPIC = "[A-Za-z0-9._\\-]+";

export const KAFKA_SOURCE = listeningKind({
  family: "listen",
  title: "Apache Kafka",
  summary: "Consumes topics with a consumer group, and emits an event for each record.",
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
    topics: {
      type: "text",
      label: "Topics",
      help: "Names of existing topics, separated by commas.",
      required: true,
      secret: false,
      maxLength: 5000,
      pattern: `${TOPIC}(?:, ?${TOPIC})*`,
      example: "orders,payments",
    },
    start: choice({
      label: "First read",
      help: "`new`: only records that are written after the source is created. `all`: everything that the topics have.",
      choices: ["new", "all"],
      default: "new",
    }),
    groupId: {
      type: "text",
      label: "Consumer group",
      help: "ID of the consumer group. Leave it empty for a group of its own, which Posthorn removes with the source.",
      required: false,
      secret: false,
      maxLength: 255,
      pattern: "[A-Za-z0-9._\\-]+",
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
    eventType: messageTypeField("kafka.record", "topic"),
  },
  events: [{ type: "{eventType}", description: "A record of a topic: its exact value." }],
  repeats: "dropped",
  setup: [
    "Create an account for Posthorn and allow it to read the topics and the group (operations Read and Describe, and Delete for a group of its own).",
    "Make sure that the address that each broker advertises (advertised.listeners) can be reached from Posthorn.",
    "Enter brokers, topics and credentials here. `state` says whether the source is connected.",
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
  target: ({ brokers, groupId }) => `kafka://${brokers.split(/, ?/)[0]!}/${groupId ?? ""}`,
  // A group that existed before belongs to others.
  session: ({ brokers, groupId }) =>
    groupId === null ? { identity: `kafka://${brokers.split(/, ?/)[0]!}`, isNamedByUser: false } : null,
});
