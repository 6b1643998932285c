import type { Fields, KindMessage } from "../kind.ts";
import { httpKind } from "../kind.ts";
import { azureFailure, entityRequest, entitySetup, entityUrl, NAMESPACE_FIELDS } from "./azure.ts";
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
  setup: ["In the Azure portal, open the Event Hubs namespace and create an event hub.", ...entitySetup("event hub")],

  target: (config) => entityUrl(config, config.eventHub),

  request: (config, messages) =>
    entityRequest(config, config.eventHub, messages, {
      query: "?api-version=2014-01",
      contentType: "application/atom+xml;type=entry;charset=utf-8",
      propertiesOf,
      batchPropertiesOf: propertiesOf,
    }),

  classify: (response, messages) =>
    forAll(messages, isSuccess(response) ? { kind: "ok", reference: null } : azureFailure(TITLE, response)),
});

function propertiesOf({ id, orderingKey }: KindMessage): object {
  return { PartitionKey: (orderingKey ?? id).slice(0, MAX_KEY) };
}
