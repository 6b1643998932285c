import { listeningKind } from "../kind.ts";
import { RABBITMQ_CLIENT, RABBITMQ_URI } from "../../destinations/kinds/broker-connection.ts";
import { choice, messageTypeField, TLS_FIELDS } from "./broker-fields.ts";

export const RABBITMQ_SOURCE = listeningKind({
  family: "listen",
  title: "RabbitMQ",
  summary: "Consumes a queue of RabbitMQ or another AMQP 0.9.1 broker, and emits an event for each message.",
  group: "queue",
  fields: {
    uri: RABBITMQ_URI,
    queue: {
      type: "text",
      label: "Queue",
      help: "Name of an existing queue. Posthorn does not declare queues.",
      required: true,
      secret: false,
      maxLength: 255,
      example: "orders",
    },
    identity: choice({
      label: "Identity of messages",
      help: "`message-id`: a message is dropped if its message ID is already stored. `none`: each delivery is an event, even if the broker delivers a message again.",
      choices: ["message-id", "none"],
      default: "message-id",
    }),
    ...TLS_FIELDS,
    eventType: messageTypeField("rabbitmq.message", "routing key"),
  },
  events: [{ type: "{eventType}", description: "A message of the queue: its exact body." }],
  repeats: "possible",
  setup: [
    "Declare a durable queue, and bind it to the exchanges whose messages should become events.",
    "Create a user for Posthorn with read permission on the queue.",
    "Enter the URI and the queue here. `state` says whether the source is connected.",
    "Have publishers set a unique message ID, so that repeated deliveries are recognised.",
  ],
  ...RABBITMQ_CLIENT,
  target: ({ uri, queue }) => {
    const { protocol, host, pathname } = new URL(uri);
    return `${protocol}//${host}${pathname}#${queue}`;
  },
});
