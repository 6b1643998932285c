import { connectionKind } from "../kind.ts";
import { clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

export const AMQP = connectionKind({
  family: "connection",
  title: "AMQP 1.0",
  summary: "Sends each message to an address of an AMQP 1.0 broker, such as ActiveMQ Artemis, Qpid or RabbitMQ 4.",
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
      help: "Queue or topic, in the form that the broker uses, for example /queues/webhooks in RabbitMQ 4.",
      required: true,
      secret: false,
      maxLength: 500,
      example: "webhooks",
    },
    username: {
      ...USERNAME,
      help: "User name for SASL PLAIN. Leave it empty for ANONYMOUS, or EXTERNAL with a client certificate.",
    },
    password: PASSWORD,
    ...TLS_FIELDS,
  },
  limits: { bodyBytes: 16 * 1024 * 1024, batch: { items: 500, bytes: 4 * 1024 * 1024, isAtomic: false } },
  idempotency: "none",
  ordering: "all",
  setup: [
    "Create the queue or topic in the broker.",
    "Create an account that may send to it.",
    "Enter URL, address and credentials here, and send a test event.",
  ],
  packages: ["rhea@3"],
  ports: [5671, 5672],
  check: clientCertificateProblem,
  target: ({ url, address }) => `${url.replace(/\/$/, "")}/${address.replace(/^\//, "")}`,
});
