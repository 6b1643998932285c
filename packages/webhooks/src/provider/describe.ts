import { digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding.ts";
import type { WebhookRequest } from "../request.ts";
import { type Inbound, openInbound } from "./inbound.ts";
import { fill, find, scalar, select, walk } from "./select.ts";
import { iso } from "./scheme/timestamp.ts";
import type { ProviderDefinition } from "./types.ts";

/** One event of a request. */
export interface EventDescription {
  readonly type: string | undefined;
  /** The provider's own id, stable over its retries; `undefined` when it has none. */
  readonly id: string | undefined;
  /** When it happened, as the provider says. */
  readonly occurredAt: Date | undefined;
}

/** What a request is about, read without verifying it. */
export interface DeliveryDescription extends EventDescription {
  readonly provider: string;
  /** The events in it: those of the batch, or the one the request itself is. */
  readonly events: readonly EventDescription[];
}

/** Event type, delivery id and time of a request. Nothing throws: what cannot be found is `undefined`. */
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
  // What the request does not say itself, the one event in it says.
  const only = events.length === 1 ? events[0] : undefined;
  const whole: EventDescription = {
    type: find(inbound, event) ?? only?.type,
    id: find(inbound, delivery) ?? only?.id,
    occurredAt: toDate(find(inbound, time)) ?? only?.occurredAt,
  };
  return { provider: definition.id, ...whole, events: events.length > 0 ? events : [whole] };
}

/**
 * The key to deduplicate by: the provider's delivery id, or, where it has none, a hash of event type and body, which a
 * retry repeats.
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

/** Unix seconds, with or without a fraction, or milliseconds, told apart by size; or ISO 8601. */
function toDate(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,16}(\.\d+)?$/.test(text) ? Number(text) : undefined;
  // 10^11 seconds is the year 5138, 10^11 milliseconds was 1973.
  const ms = number === undefined ? iso(text) : number < 1e11 ? number * 1000 : number;
  return Number.isNaN(ms) || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms);
}
