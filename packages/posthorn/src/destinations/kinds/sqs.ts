import { boundedCache } from "../../lib/bounded-cache.ts";
import type { PayloadPlace } from "../../domain/attempt/sent-body.ts";
import type { ConfigOf, Fields, ItemResult, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { AWS_FIELDS, awsFailure, awsItemFailure, awsJsonRequest, awsSetup } from "./aws.ts";
import { attributesOf, xmlSafeText } from "./cloud-body.ts";
import { asObjects, asText, bodyObject, forAll, isSuccess, refused, type Refusal, unreadable } from "./cloud-result.ts";

const TITLE = "Amazon SQS";
/** Of a message with its attributes, and of all messages of a request. Queues may have a lower limit. */
const MAX_BYTES = 1_048_576;
const MAX_ATTRIBUTES = 10;

const FIELDS = {
  queueUrl: {
    type: "url",
    label: "Queue URL",
    help: "URL of the queue, from its page in the SQS console under Details. The name of a FIFO queue ends in .fifo.",
    required: true,
    secret: false,
    isTarget: true,
    schemes: ["https:", "http:"],
    example: "https://sqs.eu-central-1.amazonaws.com/123456789012/events",
  },
  ...AWS_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Sends messages to a queue of Amazon SQS. */
export const SQS = httpKind({
  family: "http",
  title: TITLE,
  summary: "Sends each event as a message to an Amazon SQS queue, standard or FIFO.",
  group: "queue",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 10, bytes: MAX_BYTES, isAtomic: false } },
  idempotency: "none",
  ordering: "none",
  conditional: {
    appliesTo: "FIFO queues",
    idempotency: "key",
    ordering: "key",
    applies: ({ queueUrl }) => queueUrl.endsWith(".fifo"),
  },
  deduplication: "FIFO queues recognise a message ID for 5 minutes. Standard queues do not.",
  setup: [
    "In the SQS console, create a queue. For exactly-once delivery, or to keep the order, choose the type FIFO.",
    "Set Maximum message size to the largest event that you expect, up to 1,024 KiB.",
    ...awsSetup("sqs:SendMessage"),
    "Copy the URL of the queue from its Details and enter it here.",
  ],

  check({ queueUrl, region }) {
    const host = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(new URL(queueUrl).hostname);
    if (host !== null && host[1] !== region) {
      return { field: "region", problem: `The queue is in ${host[1]}, according to its URL. Enter this region.` };
    }
    return /^\/.*[^/]$/.test(new URL(queueUrl).pathname)
      ? null
      : { field: "queueUrl", problem: "The URL has no queue name. Copy it from the details of the queue." };
  },

  target: ({ queueUrl }) => queueUrl,

  request(config, messages) {
    const entries: Entry[] = [];
    for (const [index, message] of messages.entries()) {
      const entry = entryOf(config, message, index);
      if ("kind" in entry) return entry;
      entries.push(entry);
    }
    const base = config.endpointUrl ?? originOf(config.queueUrl);
    const target = { service: "sqs", host: "sqs", target: "AmazonSQS.SendMessageBatch", version: "1.0" } as const;
    // Built as text, so that each message is encoded once, and the position of its body is known.
    const start = `{"QueueUrl":${JSON.stringify(config.queueUrl)},"Entries":[`;
    const text = `${start}${entries.map(({ before, body, after }) => before + body + after).join(",")}]}`;
    const request = awsJsonRequest({ ...config, endpointUrl: base }, target, text);
    if (entries.length > 1) return request;
    const { before, body, form } = entries[0]!;
    const payload = { at: start.length + before.length, length: body.length, form };
    return { ...request, written: { text, payload } };
  },

  classify(response, messages) {
    if (!isSuccess(response)) return forAll(messages, awsFailure(TITLE, response));
    const { Successful: successful, Failed: failures } = bodyObject(response);
    const results = new Map<string, ItemResult>();
    for (const entry of asObjects(successful)) {
      results.set(asText(entry["Id"]), { kind: "ok", reference: asText(entry["MessageId"]) || null });
    }
    for (const entry of asObjects(failures)) {
      const status = entry["SenderFault"] === true ? 400 : 500;
      results.set(asText(entry["Id"]), awsItemFailure(TITLE, asText(entry["Code"]), asText(entry["Message"]), status));
    }
    return messages.map((_, index) => results.get(String(index)) ?? unreadable(TITLE, response));
  },
});

/** JSON of a message, in three parts that follow one another. */
interface Entry {
  readonly before: string;
  /** Without the quotation marks around it. */
  readonly body: string;
  readonly after: string;
  readonly form: PayloadPlace["form"];
}

function entryOf({ queueUrl }: Config, message: KindMessage, index: number): Entry | Refusal {
  if (message.body.byteLength === 0) return refused("message_invalid", `${TITLE} accepts no message without a body.`);
  const { text, isBase64 } = xmlSafeText(message.body);
  const attributes = attributesOf(message, isBase64);
  if (attributes.length > MAX_ATTRIBUTES) {
    return refused(
      "message_invalid",
      `${TITLE} accepts ${MAX_ATTRIBUTES} attributes for each message, and this one has ${attributes.length}. Remove headers of the endpoint.`,
    );
  }
  let bytes = isBase64 ? text.length : message.body.byteLength;
  for (const [name, value] of attributes) {
    bytes += Buffer.byteLength(name) + "String".length + Buffer.byteLength(value);
  }
  if (bytes > MAX_BYTES) {
    return refused(
      "message_too_large",
      `${TITLE} accepts messages of up to ${MAX_BYTES} bytes, and this one has ${bytes} with its attributes${isBase64 ? " and in base64" : ""}.`,
    );
  }
  const fifo = queueUrl.endsWith(".fifo")
    ? `,"MessageGroupId":${JSON.stringify(fifoGroup(message))},"MessageDeduplicationId":${JSON.stringify(message.id)}`
    : "";
  return {
    before: `{"Id":"${index}","MessageBody":"`,
    body: JSON.stringify(text).slice(1, -1),
    after: `","MessageAttributes":{${attributesJson(attributes)}}${fifo}}`,
    form: isBase64 ? "base64" : "json",
  };
}

/** Two names can become the same one. The last value counts. */
function attributesJson(attributes: KindMessage["attributes"]): string {
  const values = new Map<string, string>();
  for (const [name, value] of attributes) values.set(attributeName(name), value);
  let json = "";
  for (const [name, value] of values) {
    json += `${json === "" ? "" : ","}"${name}":{"DataType":"String","StringValue":${JSON.stringify(value)}}`;
  }
  return json;
}

/** Endpoints have few queues, and send to them again and again. */
const origins = boundedCache<string, string>(1000);

function originOf(url: string): string {
  let origin = origins.get(url);
  if (origin === undefined) {
    origin = new URL(url).origin;
    origins.set(url, origin);
  }
  return origin;
}

/** Without an ordering key, each message is its own group, so none waits for another. */
export function fifoGroup({ orderingKey, id }: KindMessage): string {
  const group = (orderingKey ?? id).replace(/[^\x21-\x7e]/g, "_").slice(0, 128);
  return group === "" ? id : group;
}

/** Most messages have the same few attributes. */
const attributeNames = boundedCache<string, string>(1000);

/** AWS accepts only letters, digits and some punctuation in names. Header names may contain more. */
export function attributeName(name: string): string {
  let accepted = attributeNames.get(name);
  if (accepted === undefined) {
    accepted = name.replace(/[^A-Za-z0-9_.-]/g, "_").replace(/^(?=aws\.|amazon\.|\.)/i, "_");
    attributeNames.set(name, accepted);
  }
  return accepted;
}
