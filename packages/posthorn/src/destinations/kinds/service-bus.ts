import type { Fields, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { azureFailure, entityRequest, entitySetup, entityUrl, NAMESPACE_FIELDS } from "./azure.ts";
import { forAll, isSuccess } from "./cloud-result.ts";

const TITLE = "Azure Service Bus";
/** Over HTTP in the premium tier. The standard tier accepts 256 KiB (quotas of Service Bus, read on 27 November 2026). */
const MAX_BYTES = 1_048_576;
const MAX_BATCH_BYTES = 262_144;
/** Longest session ID. */
const MAX_SESSION = 128;

const FIELDS = {
  queue: {
    type: "text",
    label: "Queue or topic",
    help: "Name of the queue or topic.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 260,
    pattern: "[A-Za-z0-9][A-Za-z0-9._/-]*",
    example: "events",
  },
  ...NAMESPACE_FIELDS,
} as const satisfies Fields;

/** Sends messages to a queue or topic of Azure Service Bus. */
export const SERVICE_BUS = httpKind({
  family: "http",
  title: TITLE,
  summary:
    "Sends each event to an Azure Service Bus queue or topic. The message ID lets the queue detect duplicates, and the ordering key is the session.",
  group: "queue",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 100, bytes: MAX_BATCH_BYTES, isAtomic: true } },
  idempotency: "key",
  ordering: "key",
  deduplication: "The queue or topic recognises an ID within its window if duplicate detection is switched on.",
  setup: [
    "In the Azure portal, open the Service Bus namespace and create a queue or topic. Enable duplicate detection for exactly-once delivery, and sessions to keep the order by key.",
    ...entitySetup("queue or topic"),
  ],

  target: (config) => entityUrl(config, config.queue),

  request: (config, messages) =>
    entityRequest(config, config.queue, messages, {
      query: "",
      contentType: messages[0]!.contentType || "application/octet-stream",
      propertiesOf,
      batchPropertiesOf,
    }),

  classify: (response, messages) =>
    forAll(messages, isSuccess(response) ? { kind: "ok", reference: null } : azureFailure(TITLE, response)),
});

function propertiesOf({ id, eventType, orderingKey }: KindMessage): object {
  // Queues without sessions ignore the session ID, and those with sessions require one.
  return { MessageId: id, Label: eventType, SessionId: (orderingKey ?? id).slice(0, MAX_SESSION) };
}

function batchPropertiesOf(message: KindMessage): object {
  return message.contentType === ""
    ? propertiesOf(message)
    : { ...propertiesOf(message), ContentType: message.contentType };
}
