import { connectionKind } from "../kind.ts";
import { KAFKA_BROKERS, KAFKA_CLIENT, KAFKA_SECURITY, kafkaSecurityProblem } from "./broker-connection.ts";

export const KAFKA = connectionKind({
  family: "connection",
  title: "Apache Kafka",
  summary: "Produces each message to a topic, with the ordering key as the record's key.",
  group: "stream",
  fields: {
    brokers: KAFKA_BROKERS,
    topic: {
      type: "text",
      label: "Topic",
      help: "Name of an existing topic. Missing topics are not created.",
      required: true,
      secret: false,
      maxLength: 249,
      pattern: "[A-Za-z0-9._\\-]+",
      example: "webhooks",
    },
    ...KAFKA_SECURITY,
  },
  // The default limit of brokers, less the envelope of a record.
  limits: { bodyBytes: 1_000_000, batch: { items: 500, bytes: 1_000_000, isAtomic: false } },
  idempotency: "none",
  ordering: "key",
  setup: [
    "Create the topic, for example with kafka-topics.sh --create --topic webhooks.",
    "Create an account that may write to the topic (operations Write, Describe and IdempotentWrite).",
    "Make sure that the address that each broker advertises (advertised.listeners) is reachable from this server.",
    "Enter the brokers, the topic and the credentials here, and send a test event.",
  ],
  ...KAFKA_CLIENT,
  check: kafkaSecurityProblem,
  target: ({ brokers, topic }) => `kafka://${brokers.split(/, ?/)[0]!}/${topic}`,
});
