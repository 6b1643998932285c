import { connectionKind } from "../kind.ts";
import { RABBITMQ_CLIENT, RABBITMQ_URI } from "./broker-connection.ts";
import { TLS_FIELDS } from "./connection-fields.ts";

export const RABBITMQ = connectionKind({
  family: "connection",
  title: "RabbitMQ",
  summary:
    "Publishes each message to an exchange, or directly to a queue, and waits until the broker has confirmed it.",
  group: "queue",
  fields: {
    uri: RABBITMQ_URI,
    exchange: {
      type: "text",
      label: "Exchange",
      help: "Name of an existing exchange. Leave it empty for the default exchange, which delivers to the queue that the routing key names.",
      required: false,
      secret: false,
      maxLength: 255,
    },
    routingKey: {
      type: "text",
      label: "Routing key",
      help: "Routing key of each message. With the default exchange, the name of the queue.",
      required: true,
      secret: false,
      maxLength: 255,
      example: "webhooks",
    },
    ...TLS_FIELDS,
  },
  limits: { bodyBytes: 16 * 1024 * 1024, batch: { items: 500, bytes: 4 * 1024 * 1024, isAtomic: false } },
  idempotency: "none",
  ordering: "all",
  setup: [
    "Declare a durable queue for the messages, and bind it to the exchange if you use one.",
    "Create a user with write permission on the exchange (amq.default for the default exchange).",
    "Enter the URI and the routing key here, and send a test event.",
  ],
  ...RABBITMQ_CLIENT,
  target: ({ uri, exchange, routingKey }) => {
    const { protocol, host, pathname } = new URL(uri);
    return `${protocol}//${host}${pathname}${pathname.endsWith("/") ? "" : "/"}${exchange ?? ""}#${routingKey}`;
  },
});
