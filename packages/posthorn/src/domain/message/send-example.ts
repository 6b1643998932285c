import { WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { PosthornError } from "../../lib/errors.ts";
import { timeOfKey } from "../../lib/id.ts";
import { type Context, type OutsideCall, reader } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import { findEventType } from "../event-type/find.ts";
import { examplesOf, type Schema } from "../event-type/schema-examples.ts";
import type { IdempotencyKey } from "../../store/store.ts";
import { storedMessage } from "./find.ts";
import type { Message } from "./message.ts";
import { sendToEndpoint } from "./send-to.ts";
import { TEST_TAG } from "./test-tag.ts";
import { checkPayloadSize } from "./prepare.ts";

export interface SendExample extends EndpointRef {
  readonly eventType: string;
  readonly exampleIndex: number;
  /** JSON to send instead of an example of the event type; `null` to send the example. */
  readonly payload: Uint8Array | null;
  readonly idempotency: IdempotencyKey | null;
}

/** Built-in event types, for endpoints of an application without event types (see docs/compatibility.md). */
const PING_TYPES = new Set(["svix.ping", "posthorn.ping", "webhook.ping"]);
const JSON_TYPE = "application/json";

interface Example {
  readonly payload: Uint8Array;
  readonly contentType: string;
}

/** Sends an example of an event type, or a given payload, to one endpoint, regardless of the event types that it subscribes to. */
export async function sendExample({ ctx, input }: OutsideCall<SendExample>): Promise<Message> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const { payload, contentType } =
    input.payload === null
      ? await findExample(ctx, application.key, input)
      : { payload: input.payload, contentType: JSON_TYPE };
  checkPayloadSize(ctx, payload);
  // Receivers of webhooks get exactly what they would get for a published message.
  const tags = endpoint.kind === WEBHOOK_KIND ? null : [TEST_TAG];
  const { key, id, result } = await sendToEndpoint(ctx.services, {
    appKey: application.key,
    endpointKey: endpoint.key,
    eventType: input.eventType,
    eventId: null,
    tags,
    payload,
    contentType,
    idempotency: input.idempotency,
  });
  if (result.kind === "replayed") {
    ctx.audit?.unchanged();
    return storedMessage(ctx, result.messageId);
  }
  const none = { eventId: null, channels: null, tags, deliverAt: null, orderingKey: null, deliverUntil: null };
  return { key, id, eventType: input.eventType, payload, contentType, timestamp: timeOfKey(key), ...none };
}

/**
 * Returns the example to send. If the schema has no examples, the first one is generated, so that every endpoint can be tested.
 * Examples with a higher index must exist in the schema.
 */
async function findExample(
  ctx: Context,
  applicationKey: number,
  { eventType: name, exampleIndex }: SendExample,
): Promise<Example> {
  if (PING_TYPES.has(name)) return jsonExample({ success: true });
  const eventType = await findEventType(ctx, name);
  const schemas = (eventType?.schemas ?? {}) as Readonly<Record<string, Schema>>;
  // Customers refer to examples of version 1 by index.
  const schema = schemas["1"] ?? Object.values(schemas).at(-1);
  const example = schema === undefined ? undefined : examplesOf(schema)[exampleIndex];
  if (example !== undefined) return jsonExample(example);
  if (exampleIndex > 0) {
    throw new PosthornError(
      "no_example",
      `The event type "${name}" has no example ${exampleIndex} in version 1 of its schemas. Add one under "examples", or send a "payload".`,
    );
  }
  const sample = await newestMessage(ctx, applicationKey, name);
  if (sample !== null) return sample;
  if (eventType !== null) return jsonExample({ example: true });
  throw new PosthornError(
    "no_example",
    `The event type "${name}" is not registered and has no messages in this application. Register it, send a "payload", or send "webhook.ping".`,
  );
}

function jsonExample(value: unknown): Example {
  return { payload: Buffer.from(JSON.stringify(value)), contentType: JSON_TYPE };
}

/** Payload of the newest message of this event type that still has one. */
async function newestMessage(ctx: Context, applicationKey: number, eventType: string): Promise<Example | null> {
  const row = await reader(ctx)
    .selectFrom("message")
    .select(["payload", "content_type"])
    .where("app_id", "=", applicationKey)
    .where("event_type", "=", eventType)
    .where("payload", "is not", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { payload: row.payload!, contentType: row.content_type };
}
