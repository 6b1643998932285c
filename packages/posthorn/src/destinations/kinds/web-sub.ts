import { createHmac } from "node:crypto";
import { classifyReceiverResponse, failed, oneByOne } from "../chat/responses.ts";
import { httpKind, type ItemResult, type KindResponse } from "../kind.ts";

/** A subscriber at the WebSub hub. The hub creates and changes these endpoints when a subscriber has confirmed its request. */
export const WEB_SUB = httpKind({
  family: "http",
  title: "WebSub",
  summary: "Sends each event of a topic to a subscriber at the WebSub hub.",
  group: "http",
  subscribing:
    "Subscribers at the WebSub hub create and change these endpoints. Give them the URL of a topic (POST /api/v1/app/{app_id}/websub/topic).",
  fields: {
    callback: {
      type: "url",
      schemes: ["https:", "http:"],
      label: "Callback",
      help: "The URL at which the subscriber receives the events.",
      required: true,
      secret: false,
      isTarget: true,
      example: "https://subscriber.example.com/callback?id=42",
    },
    topic: {
      type: "text",
      maxLength: 2048,
      pattern: "[!-~]+",
      label: "Topic",
      help: "The URL of the topic, which each event repeats in its Link header.",
      required: true,
      secret: false,
    },
    hub: {
      type: "text",
      maxLength: 2048,
      pattern: "[!-~]+",
      label: "Hub",
      help: "The URL of the hub, which each event repeats in its Link header.",
      required: true,
      secret: false,
    },
    secret: {
      type: "text",
      maxLength: 199,
      label: "Secret",
      help: "The hub.secret of the subscriber. Events are signed with it.",
      required: false,
      secret: true,
    },
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "Create a topic with `POST /api/v1/app/{app_id}/websub/topic`, and give its URL to the subscriber.",
    "The subscriber finds the hub in the Link header of the topic, and subscribes there.",
    "The endpoint appears when the subscriber has confirmed its request.",
  ],
  target: ({ callback }) => callback,
  request: ({ callback, topic, hub, secret }, [message]) => {
    const { body, contentType, attributes } = message!;
    const signature =
      secret === null ? [] : ["x-hub-signature", `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`];
    const headers = ["content-type", contentType, "link", linkHeader(hub, topic), ...signature, ...attributes.flat()];
    return { method: "POST", url: callback, headers, secretHeaders: [], body, auth: null };
  },
  classify: oneByOne(classify),
});

/** Names the hub and the topic (WebSub, section 7). */
export function linkHeader(hub: string, topic: string): string {
  return `<${hub}>; rel="hub", <${topic}>; rel="self"`;
}

function classify(response: KindResponse, now: number): ItemResult {
  // Only 410 ends a subscription. A subscriber cannot choose another content type.
  if (response.status === 415) {
    return failed("retry", "message_invalid", "The subscriber does not accept this content type (HTTP 415).");
  }
  return classifyReceiverResponse(response, now);
}
