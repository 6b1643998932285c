/** Makes a message of a request that came in, and hands it to the engine that delivers everything. */
import { createHash } from "node:crypto";
import type { Services } from "../domain/context.ts";
import { type InboundRequest, encodeRequest, requestOf } from "../domain/message/request.ts";
import type { DirectoryApplication } from "../domain/directory.ts";
import { bucketsOfDay } from "../domain/idempotency.ts";
import { afterTheirTick } from "../domain/message/in-turn.ts";
import { firstJobs, prepareMessage, type Publication } from "../domain/message/prepare.ts";
import type { IdempotencyKey } from "../store/store.ts";
import type { LiveSource } from "./live-source.ts";
import type { EventFacts } from "./verifier.ts";

export interface Arrival {
  readonly source: LiveSource;
  readonly request: InboundRequest;
  readonly body: Uint8Array;
  readonly facts: EventFacts;
}

export type Accepted =
  | {
      readonly kind: "stored";
      readonly messageId: number;
      readonly publicId: string;
      /** Endpoints that get it. */
      readonly endpointIds: readonly number[];
    }
  /** The same delivery was accepted before, as this message. */
  | { readonly kind: "duplicate"; readonly of: { readonly messageId: number } | { readonly eventId: string } }
  /** The source was deleted meanwhile. */
  | { readonly kind: "gone" };

/** Longest delivery id that is kept as it is; a longer one stands for itself by its hash. */
const MAX_ID = 256;

/**
 * Stores the event with the deliveries it is owed and starts them. Resolves when both are on disk: only then may the provider
 * be told that it was taken in.
 */
export async function acceptEvent(services: Services, arrival: Arrival, hooks?: AcceptHooks): Promise<Accepted> {
  const { source, request, body, facts } = arrival;
  const loaded = services.directory.application(source.key);
  const application = loaded instanceof Promise ? await loaded : loaded;
  if (application === null) return { kind: "gone" };
  const requestJson = encodeRequest(request, source.credentials, services.secretBox);
  const { eventId, idempotency } = sameness(arrival, services.now());
  const publication: Publication = {
    eventType: facts.type,
    eventId,
    channels: null,
    tags: null,
    payload: body,
    contentType: headerOf(request.headers, "content-type") ?? "",
    orderingKey: null,
    deliverAt: null,
    delayMs: null,
    deliverUntil: null,
    ttlMs: null,
    retentionMs: null,
  };
  // Only filters look at it: without one nothing is read again.
  const inbound = { requestJson, request: isFiltered(application) ? requestOf(requestJson) : {} };
  const { entry } = prepareMessage({ services }, application, publication, idempotency, { inbound });
  const result = await services.store.accept(entry);
  if (result.kind === "replayed") return { kind: "duplicate", of: { messageId: result.messageId } };
  // Only an event ID can be taken by another message.
  if (result.kind === "duplicate_event_id") return { kind: "duplicate", of: { eventId: eventId! } };
  hooks?.beforeFirstAttempt(entry.id);
  services.dispatch.push(firstJobs(entry, result.dues ?? null));
  await afterTheirTick(services, [entry]);
  return { kind: "stored", messageId: entry.id, publicId: entry.publicId, endpointIds: entry.endpointIds };
}

function isFiltered({ endpoints }: DirectoryApplication): boolean {
  for (const endpoint of endpoints.values()) if (endpoint.filtered) return true;
  return false;
}

export interface AcceptHooks {
  /** Called when the message is on disk and nothing was sent yet. */
  beforeFirstAttempt(messageId: number): void;
}

/**
 * By what a delivery is known again. The provider's id is unique for as long as the message is stored; where there is none, the
 * same body of the same type within a day is taken for the same delivery, unless the source says otherwise.
 */
function sameness(
  { source, request, body, facts }: Arrival,
  now: number,
): { readonly eventId: string | null; readonly idempotency: IdempotencyKey | null } {
  const { deduplication, type } = source.settings;
  const byId = deduplication === "auto" || deduplication === "id";
  if (byId && facts.id !== null) return { eventId: shortId(facts.id), idempotency: null };
  const byContent = deduplication === "content" || (deduplication === "auto" && source.definition.id !== "generic");
  if (!byContent) return { eventId: null, idempotency: null };
  const hash = createHash("sha256").update(`${source.key}\n${type}\n${facts.type}\n`);
  hash.update(`${request.method}\n${request.path}\n${request.query}\n`).update(body);
  return { eventId: null, idempotency: { hash: hash.digest("base64url").slice(0, 22), buckets: bucketsOfDay(now) } };
}

function shortId(id: string): string {
  return id.length <= MAX_ID ? id : `sha256-${createHash("sha256").update(id).digest("hex")}`;
}

/** The first value of a header; `name` in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]!.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}
