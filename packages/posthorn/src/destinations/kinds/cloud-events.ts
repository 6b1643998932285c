import { batchEvents, binaryHeaders, structuredEvent } from "../chat/cloud-event.ts";
import { classifyReceiverResponse } from "../chat/responses.ts";
import { httpKind, type KindMessage } from "../kind.ts";

export const CLOUD_EVENTS = httpKind({
  family: "http",
  title: "CloudEvents",
  summary: "Sends each event to an HTTP receiver of CloudEvents 1.0, such as Knative, Azure Event Grid or Argo Events.",
  group: "http",
  fields: {
    url: {
      type: "url",
      schemes: ["https:", "http:"],
      label: "URL",
      help: "The URL that receives the events.",
      required: true,
      secret: false,
      isTarget: true,
      example: "https://broker.example.com/default",
    },
    mode: {
      type: "choice",
      choices: ["binary", "structured", "batch"],
      default: "binary",
      label: "Content mode",
      help: "binary sends the event unchanged, with its attributes in headers. structured sends one JSON document with attributes and event. batch sends a JSON list of such documents; several events in one request are always sent as a list.",
      required: false,
      secret: false,
    },
    source: {
      type: "text",
      maxLength: 1000,
      pattern: "[!-~]+",
      label: "Source",
      help: "The attribute source: a URI that identifies where the events come from.",
      required: false,
      secret: false,
      default: "urn:webhooks",
      example: "https://example.com/billing",
    },
    authorization: {
      type: "text",
      maxLength: 4096,
      label: "Authorization",
      help: "Value of the header Authorization, if the receiver needs one.",
      required: false,
      secret: true,
      example: "Bearer abcdef",
    },
  },
  limits: { bodyBytes: 67_108_864, batch: { items: 100, bytes: 1_048_576, isAtomic: true } },
  idempotency: "key",
  ordering: "none",
  setup: [
    "Find the URL at which your receiver accepts CloudEvents over HTTP, and enter it here.",
    "Select the content mode. Every receiver must support binary; most support structured, and few support batch.",
    "Enter a source that identifies your system. Receivers recognise repeated events by source and ID.",
  ],
  check: ({ source }) =>
    URL.canParse(source, "urn:x") || source.startsWith("/")
      ? null
      : { field: "source", problem: "Must be a URI or a path, such as https://example.com/billing." },
  target: ({ url }) => url,
  sharesRequests: ({ mode }) => mode === "batch",
  request: ({ url, mode, source, authorization }, messages) => {
    const secret = authorization === null ? [] : ["authorization", authorization];
    const parts = { method: "POST", url, secretHeaders: ["authorization"], auth: null } as const;
    if (mode === "batch" || messages.length > 1) {
      const headers = ["content-type", "application/cloudevents-batch+json", ...originOf(messages[0]!), ...secret];
      return { ...parts, headers, body: batchEvents(messages, source) };
    }
    const message = messages[0]!;
    const own = message.attributes.flat();
    if (mode === "structured") {
      const headers = ["content-type", "application/cloudevents+json", ...own, ...secret];
      return { ...parts, headers, body: structuredEvent(message, source) };
    }
    const headers = ["content-type", message.contentType, ...binaryHeaders(message, source), ...own, ...secret];
    return { ...parts, headers, body: message.body };
  },
  classify: (response, messages, now) => messages.map(() => classifyReceiverResponse(response, now)),
});

/** The origin that the receiver has allowed, which every request must name (web hooks 1.0.2, sections 2.1 and 4.1.2). */
function originOf({ attributes }: KindMessage): readonly string[] {
  return attributes.filter(([name]) => /^(?:webhook-request-)?origin$/i.test(name)).flat();
}
