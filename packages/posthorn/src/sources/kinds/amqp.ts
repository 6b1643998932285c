import { listeningKind } from "../kind.ts";
import { AMQP_CLIENT, AMQP_SECURITY, AMQP_URL, amqpTarget } from "../../destinations/kinds/broker-connection.ts";
import { choice, messageTypeField } from "./broker-fields.ts";

export const AMQP_SOURCE = listeningKind({
  family: "listen",
  title: "AMQP 1.0",
  summary:
    "Receives from an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid, Azure Service Bus or RabbitMQ 4, and emits an event for each message.",
  group: "queue",
  fields: {
    url: AMQP_URL,
    address: {
      type: "text",
      label: "Address",
      help: "Queue or subscription, in the form that the broker uses, for example /queues/orders in RabbitMQ 4.",
      required: true,
      secret: false,
      maxLength: 500,
      example: "orders",
    },
    identity: choice({
      label: "Identity of messages",
      help: "`message-id`: a message is dropped if its message ID is already stored. `none`: each delivery is an event, even if the broker delivers a message again.",
      choices: ["message-id", "none"],
      default: "message-id",
    }),
    ...AMQP_SECURITY,
    eventType: messageTypeField("amqp.message", "subject"),
  },
  events: [{ type: "{eventType}", description: "A message of the address: its exact body." }],
  repeats: "possible",
  setup: [
    "Create the queue or subscription in the broker.",
    "Create an account that may receive from it.",
    "Enter the URL, the address and the credentials here. `state` says whether the source is connected.",
    "Have senders set a unique message ID, so that repeated deliveries are recognised.",
  ],
  ...AMQP_CLIENT,
  target: amqpTarget,
});
