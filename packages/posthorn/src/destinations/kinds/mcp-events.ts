import { classifyReceiverResponse, failed, oneByOne } from "../chat/responses.ts";
import { httpKind, type ItemResult, type KindResponse } from "../kind.ts";
import { mcpEventBody, mcpHeaders } from "./mcp-request.ts";

/** Largest body of a request: receivers may refuse more. */
const MAX_BODY_BYTES = 262_144;

/** A callback of an MCP client. `events/subscribe` creates these endpoints, and each renewal updates them. */
export const MCP_EVENTS = httpKind({
  family: "http",
  title: "MCP Events",
  summary: "Sends each event to the callback of an agent that subscribed over MCP.",
  group: "http",
  subscribing:
    "MCP clients create and change these endpoints with events/subscribe. Give the client a key and the URL of the MCP endpoint.",
  needsCursor: true,
  fields: {
    callback: {
      type: "url",
      schemes: ["https:", "http:"],
      label: "Callback",
      help: "The URL at which the client receives the events.",
      required: true,
      secret: false,
      isTarget: true,
      example: "https://agent.example.com/events?subscription=42",
    },
    subscription: {
      type: "text",
      maxLength: 100,
      pattern: "[!-~]+",
      label: "Subscription",
      help: "ID of the subscription, which each request repeats in its header X-MCP-Subscription-Id.",
      required: true,
      secret: false,
    },
    event: {
      type: "text",
      maxLength: 256,
      label: "Event",
      help: "Name of the event in events/list.",
      required: true,
      secret: false,
    },
    subscriber: {
      type: "text",
      maxLength: 100,
      label: "Subscriber",
      help: "Whose access created the subscription. The subscription ends with this access.",
      required: false,
      secret: false,
    },
    expiresAt: {
      type: "text",
      maxLength: 30,
      pattern: "[0-9TZ:.-]+",
      label: "Expires",
      help: "When the subscription ends, unless the client renews it (UTC).",
      required: false,
      secret: false,
    },
    secret: {
      type: "text",
      maxLength: 128,
      label: "Secret",
      help: "The secret of the client. Requests are signed with it.",
      required: true,
      secret: true,
    },
    previousSecret: {
      type: "text",
      maxLength: 128,
      label: "Previous secret",
      help: "The secret before the last renewal. Requests are also signed with it until the next renewal.",
      required: false,
      secret: true,
    },
  },
  limits: { bodyBytes: MAX_BODY_BYTES, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "Set POSTHORN_MCP to write, so that clients can subscribe.",
    "Give the client a key, and the URL of the MCP endpoint.",
    "The endpoint appears when the client has subscribed and its callback has confirmed the subscription.",
  ],
  target: ({ callback }) => callback,
  request: ({ callback, subscription, event, secret, previousSecret }, [message], now) => {
    const { id, eventType, createdAt, contentType, body: payload, cursor = null, attributes } = message!;
    const parts = { id, name: event, eventType, at: createdAt, contentType, body: payload, cursor };
    const body = mcpEventBody(parts);
    if (body.byteLength > MAX_BODY_BYTES) {
      const sentence = `The event has ${body.byteLength} bytes, and MCP clients accept up to ${MAX_BODY_BYTES}. They can read it with events/poll.`;
      return { ...failed("refused", "message_too_large", sentence), kind: "refused" };
    }
    const own = attributes.filter(([name]) => !/^(?:webhook|svix)-/.test(name));
    const signed = mcpHeaders({ callback, subscription, secret, previousSecret }, id, body, now);
    return { method: "POST", url: callback, headers: [...signed, ...own.flat()], secretHeaders: [], body, auth: null };
  },
  classify: oneByOne(classify),
});

function classify(response: KindResponse, now: number): ItemResult {
  const { status } = response;
  if (status === 413)
    return failed("refused", "message_too_large", "The client does not accept events of this size (HTTP 413).");
  if (status === 415) return failed("retry", "message_invalid", "The client does not accept JSON (HTTP 415).");
  return classifyReceiverResponse(response, now);
}
