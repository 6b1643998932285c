/** A card as an event of PagerDuty's Events API v2. */
import { type Card, type Severity } from "./card.ts";
import { type EventBody, isObject } from "./event.ts";
import { shortened } from "./excerpt.ts";

/** Limits, recorded on 27 November 2026 (developer.pagerduty.com, Events API v2). */
export const PAGER_DUTY_LIMITS = {
  summary: 1024,
  dedupKey: 255,
  source: 255,
  /** The limit is 512 KB. */
  eventBytes: 500_000,
} as const;

export const PAGER_DUTY_ACTIONS = ["trigger", "acknowledge", "resolve"] as const;
export type PagerDutyAction = (typeof PAGER_DUTY_ACTIONS)[number];

const SEVERITIES = {
  info: "info",
  success: "info",
  warning: "warning",
  error: "error",
  critical: "critical",
} as const satisfies Record<Severity, string>;

export interface PagerDutyEvent {
  readonly routing_key: string;
  readonly event_action: PagerDutyAction;
  readonly dedup_key: string;
  readonly client?: string;
  readonly client_url?: string;
  readonly links?: readonly { readonly href: string; readonly text: string }[];
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: "info" | "warning" | "error" | "critical";
    readonly timestamp: string;
    readonly class: string;
    readonly custom_details: Readonly<Record<string, unknown>>;
  };
}

export interface PagerDutyParts {
  readonly routingKey: string;
  readonly action: PagerDutyAction;
  readonly dedupKey: string;
  readonly source: string;
  readonly eventType: string;
}

/** The event, with the body of the message among its details unless that is too large. */
export function pagerDutyEvent(card: Card, body: EventBody, parts: PagerDutyParts): PagerDutyEvent {
  const whole = build(card, parts, body.kind === "data" ? body.value : undefined);
  if (Buffer.byteLength(JSON.stringify(whole, withBigInts)) <= PAGER_DUTY_LIMITS.eventBytes) return plainNumbers(whole);
  return build(card, parts, "Left out: the event is larger than PagerDuty accepts.");
}

/** PagerDuty reads numbers as floating point, so integers beyond 2^53 are sent as text. */
function withBigInts(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function plainNumbers(event: PagerDutyEvent): PagerDutyEvent {
  return JSON.parse(JSON.stringify(event, withBigInts)) as PagerDutyEvent;
}

function build(card: Card, parts: PagerDutyParts, event: unknown): PagerDutyEvent {
  const { routingKey, action, dedupKey, source, eventType } = parts;
  const fields = card.fields.map(
    ({ name, value }) => [shortened(name, { limit: 100 }), shortened(value, { limit: 1000 })] as const,
  );
  const details = {
    ...(card.text.text === "" ? {} : { text: shortened(card.text, { limit: 3000 }) }),
    ...Object.fromEntries(fields),
    ...(event === undefined || (isObject(event) && Object.keys(event).length === 0) ? {} : { event }),
  };
  return {
    routing_key: routingKey,
    event_action: action,
    dedup_key: dedupKey,
    client: "Webhooks",
    ...(card.link === null ? {} : { client_url: card.link, links: [{ href: card.link, text: "View details" }] }),
    payload: {
      summary: shortened(card.title, { limit: PAGER_DUTY_LIMITS.summary }),
      source,
      severity: SEVERITIES[card.severity],
      timestamp: new Date(card.timestamp).toISOString(),
      class: eventType.toWellFormed(),
      custom_details: details,
    },
  };
}
