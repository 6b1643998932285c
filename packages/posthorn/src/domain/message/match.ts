/** Matches messages with endpoints, and records why endpoints do not match. */
import type { Selectable } from "kysely";
import { FilterDocument, type DocumentFacts } from "../../filter/document.ts";
import { FilterError } from "../../filter/types.ts";
import { timeOfKey } from "../../lib/id.ts";
import type { MessageTable } from "../../store/schema.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import type { DirectoryApplication } from "../directory.ts";
import { requestOf } from "./request.ts";

export interface MatchableMessage {
  readonly id: string;
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
  readonly payload: Uint8Array;
  readonly contentType: string;
  /** Unix milliseconds. */
  readonly time: number;
  /** Request of an inbound message. */
  readonly request?: Pick<DocumentFacts, "method" | "path" | "query" | "headers">;
}

export interface Matched {
  /** Keys of the endpoints that match. */
  readonly endpointIds: readonly number[];
  /** {@link Unmatched} as stored; `null` if every endpoint matches. */
  readonly unmatchedJson: string | null;
}

/** Reason why an endpoint does not match a message. */
export type Mismatch =
  | { readonly reason: "event_type" | "channels" }
  /** `clause`: the first clause of its filter that did not match. */
  | { readonly reason: "filter"; readonly clause: string }
  /** The filter could not be evaluated on this message; `code` is the reason. */
  | { readonly reason: "filter_error"; readonly code: string };

/** Compact stored form: endpoint keys by reason. */
export interface Unmatched {
  /** Number of endpoints that did not match, including those not listed. */
  readonly n: number;
  readonly event_type?: readonly number[];
  readonly channels?: readonly number[];
  readonly filter?: readonly (readonly [number, string])[];
  readonly filter_error?: readonly (readonly [number, string])[];
}

/** Maximum number of endpoints whose reason is stored. Further endpoints are only counted. */
export const MAX_REASONS = 200;
const MAX_CLAUSE_LENGTH = 120;

/**
 * Matches a message with the endpoints of its application, once, when it is accepted. A disabled endpoint still matches: its
 * deliveries are on hold.
 *
 * The payload is parsed only if an endpoint that matches the event type and channels has a filter.
 */
export function matchEndpoints(application: DirectoryApplication, message: MatchableMessage): Matched {
  const known = knownMatches(application);
  if (known === null || message.channels !== null) return decide(application, message);
  let matches = known.get(message.eventType);
  if (matches === undefined) {
    matches = decide(application, message);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(message.eventType, matches);
  }
  return matches;
}

/** Maximum number of event types whose result is cached per application. */
const MAX_KNOWN = 200;
const KNOWN = new WeakMap<DirectoryApplication, Map<string, Matched> | null>();

/** Cached results by event type, for messages without channels. `null` if a filter makes the result depend on each message. */
function knownMatches(application: DirectoryApplication): Map<string, Matched> | null {
  let known = KNOWN.get(application);
  if (known === undefined) {
    const filtered = [...application.endpoints.values()].some((endpoint) => endpoint.filtered);
    known = filtered ? null : new Map();
    KNOWN.set(application, known);
  }
  return known;
}

function decide(application: DirectoryApplication, message: MatchableMessage): Matched {
  const endpointIds: number[] = [];
  const reasons = new Reasons();
  let document: FilterDocument | null = null;
  for (const endpoint of matchableEndpoints(application)) {
    const mismatch = mismatchOf(endpoint, message, () => (document ??= documentOf(message)));
    if (mismatch === null) endpointIds.push(endpoint.key);
    else reasons.add(endpoint.key, mismatch);
  }
  return { endpointIds, unmatchedJson: reasons.toJson() };
}

/** Endpoints that messages are matched with: all except the targets of replays to a URL. */
export function* matchableEndpoints({
  endpoints,
}: Pick<DirectoryApplication, "endpoints">): Generator<DirectoryEndpoint, void> {
  for (const endpoint of endpoints.values()) if (!endpoint.oneOff) yield endpoint;
}

/** Fields of an endpoint that decide whether it matches a message. */
export type MatchCriteria = Pick<DirectoryEndpoint, "eventTypes" | "channels" | "filtered" | "filter">;

/**
 * Reason why the endpoint does not match the message; `null` if it does. The target of a replay to a URL matches no event type.
 *
 * @param document The message as filters see it; `null` to only check event types and channels.
 */
export function mismatchOf(
  endpoint: MatchCriteria,
  message: Pick<MatchableMessage, "eventType" | "channels">,
  document: (() => FilterDocument) | null,
): Mismatch | null {
  const { eventTypes, channels } = endpoint;
  if (eventTypes !== null && !eventTypes.has(message.eventType)) return { reason: "event_type" };
  if (channels !== null && !(message.channels?.some((channel) => channels.has(channel)) ?? false)) {
    return { reason: "channels" };
  }
  return endpoint.filtered && document !== null ? filterMismatch(endpoint, document()) : null;
}

function filterMismatch(endpoint: MatchCriteria, document: FilterDocument): Mismatch | null {
  try {
    const clause = endpoint.filter === null ? null : document.failingClause(endpoint.filter);
    return clause === null ? null : { reason: "filter", clause };
  } catch (error) {
    // Filters are compiled when they are saved, but another version may have saved this one. Then only this endpoint does not match.
    return { reason: "filter_error", code: error instanceof FilterError ? error.code : "invalid_filter" };
  }
}

/** The message as filters see it. */
export function documentOf(message: MatchableMessage): FilterDocument {
  const { id, eventType, eventId, channels, tags, time, payload, contentType, request } = message;
  return new FilterDocument(payload, contentType, { id, eventType, eventId, channels, tags, time, ...request });
}

/** Columns of a stored message used for matching. The payload may only be `null` if the endpoint has no filter. */
export type StoredMatchable = Pick<
  Selectable<MessageTable>,
  | "id"
  | "public_id"
  | "event_type"
  | "event_id"
  | "channels_json"
  | "tags_json"
  | "payload"
  | "content_type"
  | "request_json"
>;

/** Converts a stored message for matching. Without its payload, only event types and channels can be matched. */
export function matchableOf(row: StoredMatchable): MatchableMessage {
  return {
    id: row.public_id,
    eventType: row.event_type,
    eventId: row.event_id,
    channels: row.channels_json === null ? null : (JSON.parse(row.channels_json) as string[]),
    tags: row.tags_json === null ? null : (JSON.parse(row.tags_json) as string[]),
    payload: row.payload ?? new Uint8Array(),
    contentType: row.content_type,
    time: timeOfKey(row.id),
    ...(row.request_json === null ? {} : { request: requestOf(row.request_json) }),
  };
}

class Reasons {
  #total = 0;
  readonly #byReason: Partial<Record<Mismatch["reason"], (number | [number, string])[]>> = {};

  add(endpointKey: number, mismatch: Mismatch): void {
    if (++this.#total > MAX_REASONS) return;
    const list = (this.#byReason[mismatch.reason] ??= []);
    if (mismatch.reason === "filter") list.push([endpointKey, mismatch.clause.slice(0, MAX_CLAUSE_LENGTH)]);
    else if (mismatch.reason === "filter_error") list.push([endpointKey, mismatch.code]);
    else list.push(endpointKey);
  }

  toJson(): string | null {
    return this.#total === 0 ? null : JSON.stringify({ n: this.#total, ...this.#byReason });
  }
}
