import { checkCredentials, GOOGLE_FIELDS, googleSetup } from "../../destinations/kinds/google.ts";
import { listeningKind } from "../kind.ts";
import { messageTypeField } from "./broker-fields.ts";

export const GOOGLE_PUB_SUB_SOURCE = listeningKind({
  family: "listen",
  title: "Google Cloud Pub/Sub",
  summary: "Pulls the messages of a subscription of Google Cloud Pub/Sub, and emits an event for each.",
  group: "queue",
  fields: {
    projectId: {
      type: "text",
      label: "Project ID",
      help: "ID of the Google Cloud project that contains the subscription.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 100,
      pattern: "[a-z][a-z0-9.:-]{4,98}[a-z0-9]",
      example: "acme-prod-123456",
    },
    subscriptionId: {
      type: "text",
      label: "Subscription ID",
      help: "ID of a pull subscription, without projects/…/subscriptions/ before it.",
      required: true,
      secret: false,
      isTarget: true,
      maxLength: 255,
      pattern: "[A-Za-z][A-Za-z0-9._~+%-]{2,254}",
      example: "orders-posthorn",
    },
    ...GOOGLE_FIELDS,
    eventType: messageTypeField("pubsub.message", "subscription"),
  },
  events: [{ type: "{eventType}", description: "A message of the subscription: its exact data." }],
  repeats: "dropped",
  setup: [
    "In the Google Cloud console, open Pub/Sub → Subscriptions and create a subscription with the delivery type Pull and an acknowledgement deadline of at least 60 seconds.",
    ...googleSetup("Pub/Sub Subscriber", "subscription"),
    "Enter the project ID and the subscription ID. `state` says whether the source is connected.",
  ],
  packages: [],
  check: (config) => checkCredentials(config),
  target: ({ projectId, subscriptionId, endpointUrl }) =>
    `${endpointUrl?.replace(/\/+$/, "") ?? "https://pubsub.googleapis.com"}/v1/projects/${encodeURIComponent(projectId)}/subscriptions/${encodeURIComponent(subscriptionId)}`,
});
