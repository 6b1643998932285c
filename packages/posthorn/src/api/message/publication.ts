/** Converts the fields of a publish request to domain input. */
import type { Static } from "typebox";
import type { Publication } from "../../domain/message/prepare.ts";
import { invalid } from "../../lib/errors.ts";
import type { MessageIn } from "../models/message.ts";
import { toMs } from "../wire.ts";
import { contentOf } from "./content.ts";

const SECOND = 1000;
const HOUR = 3_600_000;

/**
 * @param raw Bytes from which `body` was parsed.
 * @param content Bytes of the payload, if they are already known.
 */
export function publicationOf(body: Static<typeof MessageIn>, raw: Buffer, content: Buffer | null = null): Publication {
  const { payload, contentType } = contentOf(body, raw, content);
  return {
    eventType: body.eventType,
    eventId: body.eventId ?? null,
    channels: body.channels ?? null,
    tags: body.tags ?? null,
    orderingKey: body.orderingKey ?? null,
    payload,
    contentType,
    deliverAt: toMs(body.deliverAt),
    delayMs: inMs(body.delaySeconds),
    deliverUntil: toMs(body.expiresAt),
    ttlMs: inMs(body.ttlSeconds),
    retentionMs: retentionOf(body),
  };
}

function inMs(seconds: number | null | undefined): number | null {
  return seconds === null || seconds === undefined ? null : seconds * SECOND;
}

function retentionOf({ payloadRetentionPeriod, payloadRetentionHours }: Static<typeof MessageIn>): number | null {
  const days = payloadRetentionPeriod ?? null;
  const hours = payloadRetentionHours ?? null;
  if (days !== null && hours !== null) {
    throw invalid(["body", "__all__"], "Set either payloadRetentionPeriod or payloadRetentionHours, not both.");
  }
  if (days !== null) return days * 24 * HOUR;
  return hours === null ? null : hours * HOUR;
}
