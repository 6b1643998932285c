import { listeningKind } from "../kind.ts";
import { choice, clientCertificateProblem, messageTypeField, PASSWORD, TLS_FIELDS, USERNAME } from "./broker-fields.ts";

export const AMQP_SOURCE = listeningKind({
  family: "listen",
  title: "AMQP 1.0",
  summary:
    "Receives from an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid, Azure Service Bus or RabbitMQ 4, and emits an event for each message.",
  group: "queue",
  fields: {
    url: {
      type: "url",
      label: "URL",
      help: "Protocol, host and port of the broker. Use amqps for TLS.",
      required: true,
      secret: false,
      isTarget: true,
      schemes: ["amqp:", "amqps:"],
      example: "amqps://broker.example.com:5671",
    },
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
      help: "`message-id`: a message with a message ID that is stored already is dropped. `none`: each delivery is an event, also when the broker delivers a message again.",
      choices: ["message-id", "none"],
      default: "message-id",
    }),
    username: {
      ...USERNAME,
      help: "User name for SASL PLAIN. Leave it empty for ANONYMOUS, or EXTERNAL with a client certificate.",
    },
    password: PASSWORD,
    ...TLS_FIELDS,
    eventType: messageTypeField("amqp.message", "subject"),
  },
  events: [{ type: "{eventType}", description: "A message of the address: its exact body." }],
  repeats: "possible",
  setup: [
    "Create the queue or subscription in the broker.",
    "Create an account that may receive from it.",
    "Enter URL, address and credentials here. `state` says whether the source is connected.",
    "Let senders set a unique message ID, so that a message that is delivered again is recognised.",
  ],
  packages: ["rhea@3"],
  ports: [5671, 5672],
  check: clientCertificateProblem,
  target: ({ url, address }) => `${url.replace(/\/$/, "")}/${address.replace(/^\//, "")}`,
});
