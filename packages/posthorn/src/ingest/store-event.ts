/** Stores an event of a source as a message with its deliveries, and starts them. */
import { createHash } from "node:crypto";
import type { Services } from "../domain/context.ts";
import { sealedIn } from "../store/sealed-columns.ts";
import { type InboundRequest, encodeRequest, keepOpen, requestOf } from "../domain/message/request.ts";
import type { DirectoryApplication } from "../domain/directory.ts";
import { bucketsOfDay } from "../domain/idempotency.ts";
import { commitWait } from "../domain/message/commit-wait.ts";
import { firstJobs, prepareMessage, type Publication } from "../domain/message/prepare.ts";
import type { IdempotencyKey } from "../store/store.ts";
import type { Arrived, RequestLine } from "./arrived.ts";
import type { LiveSource } from "./live-source.ts";

export type Stored =
  | {
      readonly kind: "stored";
      readonly messageId: number;
      readonly publicId: string;
      /** Endpoints that matched. */
      readonly endpointIds: readonly number[];
      /** The payload as stored, which may be redacted. */
      readonly payload: Uint8Array;
    }
  /** The same event was stored before, as this message. */
  | { readonly kind: "duplicate"; readonly of: { readonly messageId: number } | { readonly eventId: string } }
  /** The source has been deleted. */
  | { readonly kind: "gone" };

export interface StoreHooks {
  /** Called after the commit and before the first attempt. */
  beforeFirstAttempt(messageId: number): void;
}

/** Longest event ID stored unchanged. Longer ones are stored as their hash. */
const MAX_ID = 256;

/** Stored for events that did not arrive as a request. Endpoints that forward the method receive POST. */
const NO_REQUEST: RequestLine = { method: "POST", path: "", query: "", address: "" };

/** Resolves after the commit that holds the message and its deliveries. */
export async function storeEvent(
  services: Services,
  source: LiveSource,
  event: Arrived,
  hooks?: StoreHooks,
): Promise<Stored> {
  const loaded = services.directory.application(source.key);
  const application = loaded instanceof Promise ? await loaded : loaded;
  if (application === null) return { kind: "gone" };
  const request = requestFor(event);
  const made = services.ids.next("msg_");
  const place = sealedIn("message.request_json", made.id);
  const encoded = encodeRequest(request, source.credentials, services.secretBox, place);
  const { json: requestJson } = encoded;
  const { eventId, idempotency } = identityOf(source, event, request, services.now());
  const publication: Publication = {
    eventType: event.type,
    eventId,
    channels: null,
    tags: null,
    payload: event.body,
    contentType: event.contentType,
    orderingKey: null,
    deliverAt: null,
    delayMs: null,
    deliverUntil: null,
    ttlMs: null,
    retentionMs: null,
  };
  // Only filters read the request, so it is not parsed again without one.
  const inbound = { requestJson, request: isFiltered(application) ? requestOf(requestJson) : {} };
  const { entry } = prepareMessage({ services }, application, publication, idempotency, {
    inbound,
    made,
    trace: event.trace,
  });
  const result = await services.store.accept(entry);
  if (result.kind === "replayed") return { kind: "duplicate", of: { messageId: result.messageId } };
  // Only an event ID can collide with another message.
  if (result.kind === "duplicate_event_id") return { kind: "duplicate", of: { eventId: eventId! } };
  hooks?.beforeFirstAttempt(entry.id);
  keepOpen(place, encoded, entry.endpointIds.length);
  services.dispatch.push(firstJobs(entry, result.dues ?? null));
  if (event.trace === undefined) services.tracing?.published(entry, null);
  if (!services.cluster.alone) await commitWait(services, [entry]);
  return {
    kind: "stored",
    messageId: entry.id,
    publicId: entry.publicId,
    endpointIds: entry.endpointIds,
    payload: entry.payload,
  };
}

/** The request, stored separately from the body. */
function requestFor({ id: deliveryId, occurredAt, headers, trust, origin }: Arrived): InboundRequest {
  const { provider, scheme } = origin;
  const { method, path, query, address } = origin.request ?? NO_REQUEST;
  return { method, path, query, headers, address, origin: { provider, scheme, trust, deliveryId, occurredAt } };
}

function isFiltered({ endpoints }: DirectoryApplication): boolean {
  for (const endpoint of endpoints.values()) if (endpoint.filtered) return true;
  return false;
}

/**
 * How a repetition of the event is recognized. The sender's ID is unique for as long as the message is stored. Without an ID, the same body
 * with the same type within a day is the same event, unless the source is configured otherwise.
 */
function identityOf(
  { key, settings, definition }: LiveSource,
  { id, type, body, origin }: Arrived,
  { method, path, query }: RequestLine,
  now: number,
): { readonly eventId: string | null; readonly idempotency: IdempotencyKey | null } {
  const { deduplication, type: sourceType } = settings;
  // Events that a runner reads again must be recognised, regardless of the settings of the source.
  const byId = deduplication === "auto" || deduplication === "id" || origin.kind === "read";
  if (byId && id !== null) return { eventId: shortId(id), idempotency: null };
  const byContent = deduplication === "content" || (deduplication === "auto" && definition.id !== "generic");
  if (!byContent) return { eventId: null, idempotency: null };
  const hash = createHash("sha256").update(`${key}\n${sourceType}\n${type}\n`);
  hash.update(`${method}\n${path}\n${query}\n`).update(body);
  return { eventId: null, idempotency: { hash: hash.digest("base64url").slice(0, 22), buckets: bucketsOfDay(now) } };
}

function shortId(id: string): string {
  return id.length <= MAX_ID ? id : `sha256-${createHash("sha256").update(id).digest("hex")}`;
}
