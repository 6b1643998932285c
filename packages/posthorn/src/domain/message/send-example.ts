import { PosthornError } from "../../errors.ts";
import { timeOfKey } from "../../id.ts";
import type { Call, OutsideCall } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import { findEventType } from "../event-type/find.ts";
import type { IdempotencyKey } from "../../store/store.ts";
import { storedMessage } from "./find.ts";
import type { Message } from "./message.ts";
import { checkPayloadSize } from "./prepare.ts";

export interface SendExample extends EndpointRef {
  readonly eventType: string;
  readonly exampleIndex: number;
  /** JSON to send in place of an example of the event type; `null` to send the example. */
  readonly payload: Uint8Array | null;
  readonly idempotency: IdempotencyKey | null;
}

/** Built in under this name, so that an endpoint can be tried before any event type exists (see docs/compatibility.md). */
const PING_TYPES = new Set(["svix.ping", "posthorn.ping"]);

/** Sends an example of an event type, or a given payload, to one endpoint, whatever event types the endpoint subscribes to. */
export async function sendExample({ ctx, input }: OutsideCall<SendExample>): Promise<Message> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const payload = input.payload ?? Buffer.from(JSON.stringify(await exampleOf({ ctx, input })));
  checkPayloadSize(ctx, payload);
  const { store, ids, now, dispatch } = ctx.services;
  const { key, id } = ids.next("msg_");
  const at = now();
  const contentType = "application/json";
  const result = await store.accept({
    id: key,
    publicId: id,
    appId: application.key,
    eventType: input.eventType,
    eventId: null,
    channelsJson: null,
    tagsJson: null,
    orderingKey: null,
    unmatchedJson: null,
    requestJson: null,
    payload,
    contentType,
    expiresAt: null,
    deliverAt: null,
    due: at,
    endpointIds: [endpoint.key],
    idempotency: input.idempotency,
  });
  if (result.kind === "replayed") return storedMessage(ctx, result.messageId);
  dispatch.push([
    {
      messageId: key,
      publicId: id,
      endpointId: endpoint.key,
      due: at,
      attempts: 0,
      generation: 0,
      trigger: 0,
      orderingKey: null,
      requestJson: null,
      contentType,
      payload,
    },
  ]);
  const none = { eventId: null, channels: null, tags: null, deliverAt: null, orderingKey: null, deliverUntil: null };
  return { key, id, eventType: input.eventType, payload, contentType, timestamp: timeOfKey(key), ...none };
}

async function exampleOf({ ctx, input }: Call<SendExample>): Promise<unknown> {
  if (PING_TYPES.has(input.eventType)) return { success: true };
  const eventType = await findEventType(ctx, input.eventType);
  const schema = eventType?.schemas?.["1"] as { examples?: unknown } | undefined;
  const examples = Array.isArray(schema?.examples) ? (schema.examples as unknown[]) : [];
  const example = examples[input.exampleIndex];
  if (example !== undefined) return example;
  throw new PosthornError(
    "no_example",
    `The event type "${input.eventType}" has no example ${input.exampleIndex} in version 1 of its schemas: add one under "examples", or send a "payload".`,
  );
}
