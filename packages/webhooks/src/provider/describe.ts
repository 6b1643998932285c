import { digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding.ts";
import type { WebhookRequest } from "../request.ts";
import { type Inbound, openInbound } from "./inbound.ts";
import { fill, find, scalar, select, walk } from "./select.ts";
import { iso } from "./scheme/timestamp.ts";
import type { ProviderDefinition } from "./types.ts";

/** One event of a request. */
export interface EventDescription {
  /** Event type; `undefined` when the request has none. */
  readonly type: string | undefined;
  /** The provider's ID, the same on every retry; `undefined` when it has none. */
  readonly id: string | undefined;
  /** Time of the event according to the provider. */
  readonly occurredAt: Date | undefined;
}

/** Content of a request, read without verifying it. */
export interface DeliveryDescription extends EventDescription {
  /** ID of the provider. */
  readonly provider: string;
  /** All events of a batch, or the single event that the request describes. */
  readonly events: readonly EventDescription[];
}

/**
 * Reads event type, delivery ID and time from a request, without verifying it and without throwing: whatever is
 * missing is `undefined`.
 *
 * @param definition Definition of the provider.
 * @param request The request as it arrived.
 * @returns The description of the delivery and of each event in it.
 *
 * @example
 *
 * ```ts
 * import { describe } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 *
 * const { type, id } = describe(github, {
 *   method: "POST",
 *   url: "https://receiver.example/webhooks",
 *   headers: { "x-github-event": "issues", "x-github-delivery": "72d3162e" },
 *   body: new TextEncoder().encode('{"action":"opened"}'),
 * });
 * console.log(type, id); // issues.opened 72d3162e
 * ```
 */
export function describe(definition: ProviderDefinition, request: WebhookRequest): DeliveryDescription {
  const inbound = openInbound(request, definition.payload);
  const { event, delivery, time, batch } = definition;
  const events = batchItems(definition, inbound).map((item): EventDescription => {
    const valueOf = (selector: string): string | undefined =>
      selector.startsWith("body:") ? scalar(walk(item, selector.slice(5))) : select(inbound, selector);
    return {
      type: fill(valueOf, batch?.event),
      id: fill(valueOf, batch?.id),
      occurredAt: toDate(fill(valueOf, batch?.time)),
    };
  });
  // Values missing from the request itself are taken from its only event.
  const only = events.length === 1 ? events[0] : undefined;
  const whole: EventDescription = {
    type: find(inbound, event) ?? only?.type,
    id: find(inbound, delivery) ?? only?.id,
    occurredAt: toDate(find(inbound, time)) ?? only?.occurredAt,
  };
  return { provider: definition.id, ...whole, events: events.length > 0 ? events : [whole] };
}

/**
 * Key for deduplicating deliveries: the provider's delivery ID or, for providers without one, a hash of event type
 * and body, which a retry repeats.
 *
 * @param definition Definition of the provider.
 * @param request The request as it arrived.
 * @returns A key that starts with the provider's ID.
 *
 * @example
 *
 * ```ts
 * import { deduplicationKey } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 *
 * const request = {
 *   method: "POST",
 *   url: "https://receiver.example/webhooks",
 *   headers: { "x-github-delivery": "72d3162e" },
 *   body: new Uint8Array(),
 * };
 * console.log(await deduplicationKey(github, request)); // github:72d3162e
 * ```
 */
export async function deduplicationKey(definition: ProviderDefinition, request: WebhookRequest): Promise<string> {
  const { id, type } = describe(definition, request);
  if (id !== undefined) return `${definition.id}:${id}`;
  const hash = await digest("sha256", [`${type ?? ""}\n`, request.body]);
  return `${definition.id}:sha256:${encodeHex(hash)}`;
}

function batchItems(definition: ProviderDefinition, inbound: Inbound): readonly unknown[] {
  if (definition.batch === undefined) return [];
  const items = walk(inbound.payload(), definition.batch.at);
  return Array.isArray(items) ? items : [];
}

/** Reads Unix seconds (with or without a fraction) or milliseconds, distinguished by their magnitude, or ISO 8601. */
function toDate(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,16}(\.\d+)?$/.test(text) ? Number(text) : undefined;
  // 10^11 seconds is the year 5138, 10^11 milliseconds was 1973.
  const ms = number === undefined ? iso(text) : number < 1e11 ? number * 1000 : number;
  return Number.isNaN(ms) || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms);
}
