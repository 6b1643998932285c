import type { ConfigOf, Fields, ItemResult, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import {
  AWS_FIELDS,
  awsFailure,
  awsItemFailure,
  awsJsonRequest,
  awsSetup,
  awsUrl,
  byPosition,
  regionOfArn,
} from "./aws.ts";
import { jsonObjectText } from "./cloud-body.ts";
import { asObjects, asText, bodyObject, forAll, isSuccess, refused, type Refusal, unreadable } from "./cloud-result.ts";

const TITLE = "Amazon EventBridge";
/**
 * Of an entry, and of all entries of a request. AWS raised it from 256 KB in 2026; copies of its documentation still say 256 KB (read on 27
 * November 2026), and EventBridge itself refuses what its region does not accept.
 */
const MAX_BYTES = 1_048_576;
/** Bytes that the time adds to an entry. */
const TIME_BYTES = 14;
const MAX_DETAIL_TYPE = 128;

const FIELDS = {
  eventBusName: {
    type: "text",
    label: "Event bus",
    help: "Name or ARN of the event bus, from the EventBridge console under Event buses.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 1600,
    pattern: "(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[/.A-Za-z0-9_-]{1,256}",
    default: "default",
    example: "default",
  },
  source: {
    type: "text",
    label: "Source",
    help: "Value of source in the events, which rules match. It must not start with aws.",
    required: true,
    secret: false,
    maxLength: 256,
    pattern: "(?!aws\\.)[A-Za-z0-9._/@-]+",
    default: "webhooks",
    example: "com.example.orders",
  },
  detailType: {
    type: "text",
    label: "Detail type",
    help: "Value of detail-type in the events. Leave empty to send the event type.",
    required: false,
    secret: false,
    maxLength: MAX_DETAIL_TYPE,
  },
  ...AWS_FIELDS,
} as const satisfies Fields;

type Config = ConfigOf<typeof FIELDS>;

/** Puts events on an event bus of Amazon EventBridge. */
export const EVENT_BRIDGE = httpKind({
  family: "http",
  title: TITLE,
  summary:
    "Puts each event on an Amazon EventBridge event bus, with the payload as detail and the message ID in resources.",
  group: "stream",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 10, bytes: MAX_BYTES, isAtomic: false } },
  idempotency: "none",
  ordering: "none",
  setup: [
    "In the EventBridge console, create an event bus, or use the one named default.",
    ...awsSetup("events:PutEvents"),
    "Enter the name of the event bus and the source that your rules match.",
    "In a rule, match source and detail-type. To recognise a repeated event, compare the message ID in resources.",
  ],

  check({ eventBusName, region }) {
    const found = eventBusName.startsWith("arn:") ? regionOfArn(eventBusName) : region;
    return found === region
      ? null
      : { field: "region", problem: `The event bus is in ${found}, according to its ARN. Enter this region.` };
  },

  target: (config) => `${awsUrl(config, "events")}/${config.eventBusName}`,

  request(config, messages) {
    const entries = messages.map((message) => entryOf(config, message));
    const problem = entries.find((entry) => "kind" in entry);
    if (problem !== undefined) return problem as Refusal;
    const target = { service: "events", host: "events", target: "AWSEvents.PutEvents", version: "1.1" } as const;
    return awsJsonRequest(config, target, { Entries: entries });
  },

  classify(response, messages) {
    if (!isSuccess(response)) return forAll(messages, awsFailure(TITLE, response));
    const results = asObjects(bodyObject(response)["Entries"]).map((entry): ItemResult => {
      const code = asText(entry["ErrorCode"]);
      const reference = asText(entry["EventId"]);
      if (code !== "") return awsItemFailure(TITLE, code, asText(entry["ErrorMessage"]));
      return reference === "" ? unreadable(TITLE, response) : { kind: "ok", reference };
    });
    return byPosition(messages, results, unreadable(TITLE, response));
  },
});

function entryOf(
  config: Config,
  { id, eventType, createdAt, body }: KindMessage,
): Readonly<Record<string, unknown>> | Refusal {
  const detail = jsonObjectText(body);
  if (detail === null) {
    return refused(
      "message_invalid",
      `${TITLE} accepts only JSON objects, and the body of this message is something else. Send an object, or wrap the body in a transformation.`,
    );
  }
  const detailType = (config.detailType ?? eventType).slice(0, MAX_DETAIL_TYPE);
  const bytes = [config.source, detailType, detail, id].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    TIME_BYTES,
  );
  if (bytes > MAX_BYTES) {
    return refused(
      "message_too_large",
      `${TITLE} accepts events of up to ${MAX_BYTES} bytes, and this one has ${bytes}. Send smaller messages.`,
    );
  }
  return {
    EventBusName: config.eventBusName,
    Source: config.source,
    DetailType: detailType,
    Detail: detail,
    // In whole seconds, which is all that the protocol supports here.
    Time: Math.floor(createdAt / 1000),
    Resources: [id],
  };
}
