import { listeningKind } from "../kind.ts";
import {
  KAFKA_BROKERS,
  KAFKA_CLIENT,
  KAFKA_SECURITY,
  kafkaSecurityProblem,
} from "../../destinations/kinds/broker-connection.ts";
import { choice, messageTypeField } from "./broker-fields.ts";

const TOPIC = "[A-Za-z0-9._\\-]+";

export const KAFKA_SOURCE = listeningKind({
  family: "listen",
  title: "Apache Kafka",
  summary: "Consumes topics with a consumer group, and emits an event for each record.",
  group: "stream",
  fields: {
    brokers: KAFKA_BROKERS,
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
      help: "`new`: only records that are written after the source is created. `all`: everything in the topics.",
      choices: ["new", "all"],
      default: "new",
    }),
    groupId: {
      type: "text",
      label: "Consumer group",
      help: "ID of the consumer group. Leave it empty to let Posthorn create a group and remove it with the source.",
      required: false,
      secret: false,
      maxLength: 255,
      pattern: "[A-Za-z0-9._\\-]+",
    },
    ...KAFKA_SECURITY,
    eventType: messageTypeField("kafka.record", "topic"),
  },
  events: [{ type: "{eventType}", description: "A record of a topic: its exact value." }],
  repeats: "dropped",
  setup: [
    "Create an account for Posthorn and allow it to read the topics and the group (operations Read and Describe, and Delete if Posthorn creates the group).",
    "Make sure that the address that each broker advertises (advertised.listeners) is reachable from this server.",
    "Enter the brokers, the topics and the credentials here. `state` says whether the source is connected.",
  ],
  ...KAFKA_CLIENT,
  check: kafkaSecurityProblem,
  target: ({ brokers, groupId }) => `kafka://${brokers.split(/, ?/)[0]!}/${groupId ?? ""}`,
  // A group that existed before belongs to others.
  session: ({ brokers, groupId }) =>
    groupId === null ? { identity: `kafka://${brokers.split(/, ?/)[0]!}`, isNamedByUser: false } : null,
});
