import type { InboundEvent } from "../../domain/source/events.ts";
import { headerPairs } from "../quarantine/wire.ts";
import { dateTime, dateTimeOrNull } from "../wire.ts";

export function eventOut(event: InboundEvent): object {
  const { id, eventType, request, contentType, bodyBytes, matched, unmatched, timestamp } = event;
  const origin = request?.origin;
  return {
    id,
    eventType,
    provider: origin?.provider ?? "generic",
    deliveryId: origin?.deliveryId ?? null,
    occurredAt: dateTimeOrNull(origin?.occurredAt ?? null),
    receivedAt: dateTime(timestamp),
    receivedCount: event.receivedCount,
    lastReceivedAt: dateTime(event.lastReceivedAt),
    scheme: origin?.scheme ?? "none",
    trust: origin?.trust ?? "none",
    method: request?.method ?? "POST",
    path: request?.path ?? "",
    query: request?.query ?? "",
    address: request?.address ?? "",
    contentType,
    bodyBytes,
    matched,
    unmatched,
    routing: matched > 0 ? "routed" : unmatched > 0 ? "no_match" : "no_endpoint",
  };
}

export function eventDetailOut(event: InboundEvent): object {
  return { ...eventOut(event), headers: headerPairs(event.request?.headers ?? []) };
}
