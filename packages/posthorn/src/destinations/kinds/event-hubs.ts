import type { Fields, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import {
  asciiJson,
  azureFailure,
  batchEntry,
  entityAuth,
  entityUrl,
  NAMESPACE_FIELDS,
  propertyHeaders,
} from "./azure.ts";
import { forAll, isSuccess } from "./cloud-result.ts";

const TITLE = "Azure Event Hubs";
/** Of an event and of a request. The basic tier accepts 256 KiB. */
const MAX_BYTES = 1_048_576;
const MAX_BATCH_BYTES = 262_144;
const MAX_KEY = 128;

const FIELDS = {
  eventHub: {
    type: "text",
    label: "Event hub",
    help: "Name of the event hub.",
    required: true,
    secret: false,
    isTarget: true,
    maxLength: 256,
    pattern: "[A-Za-z0-9][A-Za-z0-9._-]*",
    example: "events",
  },
  ...NAMESPACE_FIELDS,
} as const satisfies Fields;

/** Sends events to an event hub of Azure Event Hubs. */
export const EVENT_HUBS = httpKind({
  family: "http",
  title: TITLE,
  summary: "Sends each event to an Azure event hub. The ordering key, or else the message ID, is the partition key.",
  group: "stream",
  fields: FIELDS,
  limits: { bodyBytes: MAX_BYTES, batch: { items: 100, bytes: MAX_BATCH_BYTES, isAtomic: true } },
  idempotency: "none",
  ordering: "key",
  setup: [
    "In the Azure portal, open the Event Hubs namespace and create an event hub.",
    "Open the event hub, choose Shared access policies → Add, and create a policy with the claim Send only.",
    "Enter the host name of the namespace, the name of the event hub, and name and primary key of the policy.",
  ],

  target: (config) => entityUrl(config, config.eventHub),

  request(config, messages) {
    const [first] = messages;
    const isSingle = messages.length === 1;
    const headers = isSingle
      ? [
          "content-type",
          "application/atom+xml;type=entry;charset=utf-8",
          "brokerproperties",
          asciiJson(propertiesOf(first!)),
          ...propertyHeaders(first!),
        ]
      : ["content-type", "application/vnd.microsoft.servicebus.json"];
    return {
      method: "POST",
      url: `${entityUrl(config, config.eventHub)}/messages?api-version=2014-01`,
      headers: [...headers, "x-ms-retrypolicy", "NoRetry"],
      secretHeaders: [],
      body: isSingle
        ? first!.body
        : Buffer.from(JSON.stringify(messages.map((message) => batchEntry(message, propertiesOf(message))))),
      auth: entityAuth(config, config.eventHub),
    };
  },

  judge: (response, messages) =>
    forAll(messages, isSuccess(response) ? { kind: "ok", reference: null } : azureFailure(TITLE, response)),
});

function propertiesOf({ id, orderingKey }: KindMessage): object {
  return { PartitionKey: (orderingKey ?? id).slice(0, MAX_KEY) };
}
