import type { ConfigOf, Fields, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { azureFailure } from "./azure.ts";
import { jsonText, plainText } from "./cloud-body.ts";
import { forAll, isSuccess, refused } from "./cloud-result.ts";

const TITLE = "Azure Event Grid";
/** Of an event and of a request. */
const MAX_BYTES = 1_048_576;

const FIELDS = {
  topicEndpoint: {
    type: "url",
    label: "Topic endpoint",
    help: "URL of a custom topic or domain with the schema Cloud Event v1.0, from its Overview in the Azure portal.",
    required: true,
    secret: false,
    isTarget: true,
    schemes: ["https:", "http:"],
    example: "https://events.westeurope-1.eventgrid.azure.net/api/events",
  },
  accessKey: {
    type: "text",
    label: "Access key",
    help: "Key 1 or key 2 of the topic, from the page Access keys.",
    required: true,
    secret: true,
    maxLength: 256,
    pattern: "[\\x21-\\x7e]+",
  },
  source: {
    type: "text",
    label: "Source",
    help: "Value of source in the events, which subscriptions can filter by. A URI or a path.",
    required: true,
    secret: false,
    maxLength: 1024,
    pattern: "[\\x21-\\x7e]+",
    default: "/webhooks",
  },
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Publishes CloudEvents to a topic of Azure Event Grid. */
export const EVENT_GRID = httpKind({
  family: "http",
  title: TITLE,
  summary: "Publishes each event to an Azure Event Grid topic as a CloudEvent, under the ID of the message.",
  group: "stream",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 100, bytes: MAX_BYTES, isAtomic: true } },
  idempotency: "none",
  ordering: "none",
  setup: [
    "In the Azure portal, create an Event Grid topic, and choose Cloud Event Schema v1.0 on the tab Advanced. The schema cannot be changed later.",
    "Copy the topic endpoint from Overview, and key 1 from Access keys, and enter both here.",
    "Subscriptions can filter by the event type and by the source. To recognise a repeated event, compare source and id.",
  ],

  target: ({ topicEndpoint }) => topicEndpoint,

  request(config, messages) {
    const events = messages.map((message) => cloudEvent(config, message));
    const large = events.find((event) => Buffer.byteLength(event) > MAX_BYTES);
    if (large !== undefined) {
      return refused(
        "message_too_large",
        `${TITLE} accepts events of up to ${MAX_BYTES} bytes, and this one has ${Buffer.byteLength(large)}. Send smaller messages.`,
      );
    }
    return {
      method: "POST",
      url: urlOf(config),
      headers: ["content-type", "application/cloudevents-batch+json; charset=utf-8", "aeg-sas-key", config.accessKey],
      secretHeaders: ["aeg-sas-key"],
      body: Buffer.from(`[${events.join(",")}]`),
      auth: null,
    };
  },

  classify: (response, messages) =>
    forAll(messages, isSuccess(response) ? { kind: "ok", reference: null } : azureFailure(TITLE, response)),
});

function urlOf({ topicEndpoint }: Config): string {
  const url = new URL(topicEndpoint);
  if (!url.searchParams.has("api-version")) url.searchParams.set("api-version", "2018-01-01");
  return url.href;
}

/** A CloudEvent in JSON. A JSON body is inserted as it is, other text is a string, and other bytes are in base64. */
function cloudEvent({ source }: Config, { id, eventType, createdAt, contentType, body }: KindMessage): string {
  const json = jsonText(body);
  const head = JSON.stringify({
    specversion: "1.0",
    id,
    source,
    type: eventType === "" ? "message" : eventType,
    time: new Date(createdAt).toISOString(),
    datacontenttype: json !== null ? "application/json" : contentType || "application/octet-stream",
  });
  return `${head.slice(0, -1)},${dataMember(body, json)}}`;
}

function dataMember(body: Uint8Array, json: string | null): string {
  if (json !== null) return `"data":${json}`;
  const { text, isBase64 } = plainText(body);
  return `"${isBase64 ? "data_base64" : "data"}":${JSON.stringify(text)}`;
}
