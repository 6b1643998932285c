import { connectionKind } from "../kind.ts";
import { MQTT_URL } from "./broker-connection.ts";
import { clientCertificateProblem, PASSWORD, TLS_FIELDS, USERNAME } from "./connection-fields.ts";

export const MQTT = connectionKind({
  family: "connection",
  title: "MQTT",
  summary: "Publishes each message to a topic of an MQTT 5 broker with QoS 1.",
  group: "queue",
  fields: {
    url: MQTT_URL,
    topic: {
      type: "text",
      label: "Topic",
      help: "Topic of each message, without wildcards.",
      required: true,
      secret: false,
      maxLength: 1000,
      pattern: "[^+#\\u0000]+",
      example: "webhooks/invoices",
    },
    retain: {
      type: "boolean",
      label: "Retain",
      help: "Turn on if the broker should keep the last message for new subscribers.",
      required: false,
      secret: false,
      default: false,
    },
    username: USERNAME,
    password: PASSWORD,
    ...TLS_FIELDS,
  },
  limits: { bodyBytes: 16 * 1024 * 1024, batch: { items: 100, bytes: 4 * 1024 * 1024, isAtomic: false } },
  idempotency: "none",
  ordering: "all",
  setup: [
    "Create a user that may publish to the topic.",
    "Make sure that a consumer has a persistent session. Brokers discard messages that have no subscriber.",
    "Enter the URL, the topic and the credentials here, and send a test event.",
  ],
  packages: ["mqtt@5"],
  ports: [1883, 8883],
  check: clientCertificateProblem,
  target: ({ url, topic }) => `${url.replace(/\/$/, "")}/${topic.replace(/^\//, "")}`,
});
