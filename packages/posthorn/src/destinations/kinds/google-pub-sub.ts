import type { ConfigOf, Fields, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { attributesOf } from "./cloud-body.ts";
import { bodyObject, forAll, isSuccess, refused, type Refusal, unreadable } from "./cloud-result.ts";
import { checkCredentials, GOOGLE_FIELDS, googleAuth, googleFailure, googleSetup } from "./google.ts";

const TITLE = "Google Cloud Pub/Sub";
const SCOPE = "https://www.googleapis.com/auth/pubsub";
/** Of a message, and of a request after its encoding in base64. */
const MAX_BYTES = 10_000_000;
const MAX_BATCH_BYTES = 7_000_000;
const MAX_ATTRIBUTES = 100;
const MAX_NAME_BYTES = 256;
const MAX_VALUE_BYTES = 1024;

const FIELDS = {
  projectId: {
    type: "text",
    label: "Project ID",
    help: "ID of the Google Cloud project that contains the topic.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 100,
    pattern: "[a-z][a-z0-9.:-]{4,98}[a-z0-9]",
    example: "acme-prod-123456",
  },
  topicId: {
    type: "text",
    label: "Topic ID",
    help: "ID of the topic, without projects/…/topics/ before it.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 255,
    pattern: "[A-Za-z][A-Za-z0-9._~+%-]{2,254}",
    example: "events",
  },
  ...GOOGLE_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Publishes messages to a topic of Google Cloud Pub/Sub. */
export const GOOGLE_PUB_SUB = httpKind({
  family: "http",
  title: TITLE,
  summary: "Publishes each event to a Google Cloud Pub/Sub topic, with its ID and type as attributes.",
  group: "queue",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 1000, bytes: MAX_BATCH_BYTES, isAtomic: true } },
  idempotency: "none",
  ordering: "key",
  setup: [
    "In the Google Cloud console, open Pub/Sub → Topics and create a topic.",
    ...googleSetup("Pub/Sub Publisher", "topic"),
    "Enter the project ID and the topic ID.",
    "To keep the order, enable message ordering in the subscription, and enter a regional endpoint such as https://europe-west1-pubsub.googleapis.com.",
  ],

  check: (config) => checkCredentials(config),
  target: (config) => topicUrl(config),

  request(config, messages) {
    const entries = messages.map(entryOf);
    const problem = entries.find((entry) => "kind" in entry);
    if (problem !== undefined) return problem as Refusal;
    return {
      method: "POST",
      url: `${topicUrl(config)}:publish`,
      headers: ["content-type", "application/json"],
      secretHeaders: [],
      body: Buffer.from(JSON.stringify({ messages: entries })),
      auth: googleAuth(config, SCOPE),
    };
  },

  classify(response, messages) {
    if (!isSuccess(response)) return forAll(messages, googleFailure(TITLE, response));
    const { messageIds: ids } = bodyObject(response);
    if (!Array.isArray(ids) || ids.length !== messages.length) return forAll(messages, unreadable(TITLE, response));
    return ids.map((id) => ({ kind: "ok", reference: String(id) }));
  },
});

function topicUrl({ projectId, topicId, endpointUrl }: Config): string {
  const base = endpointUrl?.replace(/\/+$/, "") ?? "https://pubsub.googleapis.com";
  return `${base}/v1/projects/${encodeURIComponent(projectId)}/topics/${encodeURIComponent(topicId)}`;
}

function entryOf(message: KindMessage): Readonly<Record<string, unknown>> | Refusal {
  const attributes = attributesOf(message);
  const long = attributes.find(
    ([name, value]) => Buffer.byteLength(name) > MAX_NAME_BYTES || Buffer.byteLength(value) > MAX_VALUE_BYTES,
  );
  if (long !== undefined || attributes.length > MAX_ATTRIBUTES) {
    const which = long === undefined ? `it has ${attributes.length}` : `${long[0]} is longer`;
    return refused(
      "message_invalid",
      `${TITLE} accepts ${MAX_ATTRIBUTES} attributes with names of up to ${MAX_NAME_BYTES} and values of up to ${MAX_VALUE_BYTES} bytes, and ${which}. Change the headers of the endpoint.`,
    );
  }
  const { body, orderingKey } = message;
  const bytes = attributes.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    body.byteLength,
  );
  if (bytes > MAX_BYTES) {
    return refused(
      "message_too_large",
      `${TITLE} accepts messages of up to ${MAX_BYTES} bytes, and this one has ${bytes} with its attributes. Send smaller messages.`,
    );
  }
  return {
    data: Buffer.from(body).toString("base64"),
    attributes: Object.fromEntries(attributes),
    ...(orderingKey === null ? {} : { orderingKey: truncated(orderingKey) }),
  };
}

/** Ordering keys have at most 1,024 bytes. */
function truncated(key: string): string {
  return Buffer.byteLength(key) <= MAX_VALUE_BYTES ? key : key.slice(0, MAX_VALUE_BYTES / 4);
}
