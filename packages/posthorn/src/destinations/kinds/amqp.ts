import { connectionKind } from "../kind.ts";
import { AMQP_CLIENT, AMQP_SECURITY, AMQP_URL, amqpTarget } from "./broker-connection.ts";

export const AMQP = connectionKind({
  family: "connection",
  title: "AMQP 1.0",
  summary: "Sends each message to an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid or RabbitMQ 4.",
  group: "queue",
  fields: {
    url: AMQP_URL,
    address: {
      type: "text",
      label: "Address",
      help: "Queue or topic, in the form that the broker uses, for example /queues/webhooks in RabbitMQ 4.",
      required: true,
      secret: false,
      maxLength: 500,
      example: "webhooks",
    },
    ...AMQP_SECURITY,
  },
  limits: { bodyBytes: 16 * 1024 * 1024, batch: { items: 500, bytes: 4 * 1024 * 1024, isAtomic: false } },
  idempotency: "none",
  ordering: "all",
  setup: [
    "Create the queue or topic in the broker.",
    "Create an account that may send to it.",
    "Enter the URL, the address and the credentials here, and send a test event.",
  ],
  ...AMQP_CLIENT,
  target: amqpTarget,
});
