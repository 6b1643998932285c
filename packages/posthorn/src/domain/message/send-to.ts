/** Stores a message for one endpoint, regardless of the event types that it subscribes to. */
import type { Services } from "../context.ts";
import type { AcceptResult, IdempotencyKey } from "../../store/store.ts";

export interface DirectMessage {
  readonly appKey: number;
  readonly endpointKey: number;
  readonly eventType: string;
  /** An application has at most one message with this ID; a second one is not stored. `null`: no ID. */
  readonly eventId: string | null;
  readonly tags: readonly string[] | null;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly idempotency: IdempotencyKey | null;
}

/** `key` and `id` are those of the new message, if it was stored. */
export interface SentMessage {
  readonly key: number;
  readonly id: string;
  readonly result: AcceptResult;
}

/** Stores the message with its delivery, and hands the delivery to the dispatcher. */
export async function sendToEndpoint(
  { store, ids, now, dispatch }: Pick<Services, "store" | "ids" | "now" | "dispatch">,
  { appKey, endpointKey, tags, payload, contentType, ...message }: DirectMessage,
): Promise<SentMessage> {
  const { key, id } = ids.next("msg_");
  const due = now();
  const result = await store.accept({
    ...message,
    id: key,
    publicId: id,
    appId: appKey,
    channelsJson: null,
    tagsJson: tags === null ? null : JSON.stringify(tags),
    orderingKey: null,
    unmatchedJson: null,
    requestJson: null,
    payload,
    contentType,
    expiresAt: null,
    deliverAt: null,
    due,
    endpointIds: [endpointKey],
  });
  if (result.kind === "stored") {
    const first = { attempts: 0, generation: 0, trigger: 0, orderingKey: null, requestJson: null } as const;
    dispatch.push([{ ...first, messageId: key, publicId: id, endpointId: endpointKey, due, contentType, payload }]);
  }
  return { key, id, result };
}
