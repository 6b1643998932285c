import { polledKind } from "../kind.ts";
import { eventTypeField, URL_FIELD } from "./request-fields.ts";

export const WEBSUB = polledKind({
  family: "poll",
  title: "WebSub",
  summary: "Subscribes to a topic at its hub, receives each update when it is published, and renews the subscription.",
  group: "web",
  fields: {
    url: {
      ...URL_FIELD,
      label: "Topic",
      help: "URL of the feed or page. Posthorn finds the hub in its Link headers, or in the feed.",
      example: "https://blog.example.com/feed.xml",
    },
    hub: {
      type: "url",
      label: "Hub",
      help: "URL of the hub. Leave it empty to find it at the topic.",
      required: false,
      secret: false,
      isTarget: true,
      schemes: ["https:", "http:"],
      example: "https://hub.example.com/",
    },
    secret: {
      type: "text",
      label: "Secret",
      help: "A random text of your choice, 16 to 190 characters. The hub signs updates with it; others are quarantined.",
      required: true,
      secret: true,
      maxLength: 190,
      pattern: ".{16,190}",
      example: "kq2Wc8sYhV0n4TtZ",
    },
    leaseSeconds: {
      type: "integer",
      label: "Lease in seconds",
      help: "Requested duration of the subscription. Posthorn renews it after two thirds of the duration that the hub grants.",
      required: false,
      secret: false,
      minimum: 3600,
      maximum: 2_592_000,
      default: 864_000,
    },
    eventType: eventTypeField("websub.update"),
  },
  events: [
    {
      type: "{eventType}",
      description:
        "The hub has sent an update: its exact body, usually the feed with its new entries. An update that equals the one before it within an hour is a repetition by the hub, and is dropped.",
    },
  ],
  repeats: "dropped",
  setup: [
    "Make the URL of this server reachable for the hub (`POSTHORN_PUBLIC_URL` or `POSTHORN_INGEST_URL`).",
    "Enter the URL of the topic and a random secret. `state` says whether the hub has confirmed the subscription.",
  ],
  receives: true,
  everyMs: () => null,
  target: ({ url, hub }) => `${url}${hub === null ? "" : ` ${hub}`}`,
});
