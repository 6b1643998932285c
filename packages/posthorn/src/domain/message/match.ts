/** Which endpoints want a message, and why the others do not. */
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
  /** How an inbound message came in. */
  readonly request?: Pick<DocumentFacts, "method" | "path" | "query" | "headers">;
}

export interface Matched {
  /** Keys of the endpoints that get it. */
  readonly endpointIds: readonly number[];
  /** {@link Unmatched} as it is stored; `null`: every endpoint gets it. */
  readonly unmatchedJson: string | null;
}

/** Why an endpoint does not get a message. */
export type Mismatch =
  | { readonly reason: "event_type" | "channels" }
  /** `clause`: the first of its filter that did not hold. */
  | { readonly reason: "filter"; readonly clause: string }
  /** The filter could not be evaluated on this message; `code` says why. */
  | { readonly reason: "filter_error"; readonly code: string };

/** As stored: keys of endpoints by reason, in few bytes. */
export interface Unmatched {
  /** All that did not match, also those beyond the ones listed. */
  readonly n: number;
  readonly event_type?: readonly number[];
  readonly channels?: readonly number[];
  readonly filter?: readonly (readonly [number, string])[];
  readonly filter_error?: readonly (readonly [number, string])[];
}

/** Endpoints whose reason is kept; of the others only the count is. */
export const MAX_REASONS = 200;
const MAX_CLAUSE_LENGTH = 120;

/**
 * Decides once, when a message is accepted. A switched-off endpoint still matches: its deliveries are held.
 *
 * The payload is parsed only when an endpoint that wants the type and the channels has a filter on it.
 */
export function matchEndpoints(application: DirectoryApplication, message: MatchableMessage): Matched {
  const known = knownAnswers(application);
  if (known === null || message.channels !== null) return decide(application, message);
  let answer = known.get(message.eventType);
  if (answer === undefined) {
    answer = decide(application, message);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(message.eventType, answer);
  }
  return answer;
}

/** Event types whose answer is kept for one application. */
const MAX_KNOWN = 200;
const KNOWN = new WeakMap<DirectoryApplication, Map<string, Matched> | null>();

/** Answers by event type, for messages without channels. `null` when a filter makes each message a case of its own. */
function knownAnswers(application: DirectoryApplication): Map<string, Matched> | null {
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

/** The endpoints that messages are matched with: all except the targets of replays to a URL. */
export function* matchableEndpoints({
  endpoints,
}: Pick<DirectoryApplication, "endpoints">): Generator<DirectoryEndpoint, void> {
  for (const endpoint of endpoints.values()) if (!endpoint.oneOff) yield endpoint;
}

/** The fields of an endpoint that decide whether it gets a message. */
export type Wants = Pick<DirectoryEndpoint, "eventTypes" | "channels" | "filtered" | "filter">;

/**
 * Why the endpoint does not want the message, or `null` when it does. The target of a replay to a URL wants no event type.
 *
 * @param document The message as filters see it; `null`: types and channels decide alone.
 */
export function mismatchOf(
  endpoint: Wants,
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

function filterMismatch(endpoint: Wants, document: FilterDocument): Mismatch | null {
  try {
    const clause = endpoint.filter === null ? null : document.failingClause(endpoint.filter);
    return clause === null ? null : { reason: "filter", clause };
  } catch (error) {
    // A filter that was saved compiles; should another version have saved it, this endpoint alone goes without.
    return { reason: "filter_error", code: error instanceof FilterError ? error.code : "invalid_filter" };
  }
}

/** The message as filters see it. */
export function documentOf(message: MatchableMessage): FilterDocument {
  const { id, eventType, eventId, channels, tags, time, payload, contentType, request } = message;
  return new FilterDocument(payload, contentType, { id, eventType, eventId, channels, tags, time, ...request });
}

/** What of a stored message is looked at. The payload may be `null` only when the endpoint has no filter. */
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

/** A stored message, to be matched. Without its payload only types and channels can be. */
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
