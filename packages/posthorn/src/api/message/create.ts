import { type Static, Type } from "typebox";
import { payloadView } from "../../domain/access.ts";
import { createMessage as createVerb } from "../../domain/message/create.ts";
import { applicationInput } from "../inputs.ts";
import { WithContentQuery } from "../models/common.ts";
import { MessageIn, MessageOut } from "../models/message.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { messageOut, toMs } from "../wire.ts";
import type { Publication } from "../../domain/message/prepare.ts";
import { invalid } from "../../lib/errors.ts";
import { isMediaType } from "../../format/media-type.ts";
import { findMembers } from "../../lib/json-range.ts";

export const createMessage = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/msg",
  operationId: "v1.message.create",
  tag: "Message",
  summary: "Publish a message",
  description:
    "Responds with 202 once the message and its deliveries are on disk. Send an `idempotency-key` so that you can retry the request safely.",
  access: "organisation",
  permission: "messages:publish",
  idempotency: "own",
  query: Type.Object(WithContentQuery),
  body: MessageIn,
  responses: { 202: MessageOut },
  audit: "none",
  handle: async ({ ctx, params, query, body, rawBody, content, idempotency }) => {
    const input = {
      ...publicationOf(body, rawBody, content),
      app: params.app_id,
      application: body.application ? applicationInput(body.application) : null,
      idempotency,
    };
    const message = await createVerb({ ctx, input });
    const withContent = (query.with_content ?? true) && payloadView(ctx.actor) === "full";
    return accepted(messageOut(message, { withContent, isJsonObject: message.payload === content }));
  },
});

const SECOND = 1000;
const HOUR = 3_600_000;

/**
 * Converts the fields of a publish request to domain input. The payload is taken from the request without being serialized again.
 *
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

export interface MessageContent {
  readonly payload: Uint8Array;
  readonly contentType: string;
}

const JSON_TYPE = "application/json";

/** @param known Bytes of the payload, if they are already known. */
export function contentOf(
  body: Static<typeof MessageIn>,
  rawBody: Buffer,
  known: Buffer | null = null,
): MessageContent {
  const params = body.transformationsParams;
  if (params?.rawPayload !== undefined && params.rawPayload !== null) {
    const payload = decode(params.rawPayload, params.rawPayloadEncoding ?? "utf-8");
    refuseAmbiguous(payload);
    return { payload, contentType: contentTypeOf(params.headers ?? {}) };
  }
  if (known !== null) return { payload: known, contentType: JSON_TYPE };
  const { payload, data } = findMembers(rawBody, ["payload", "data"]);
  const found = payload ?? data;
  if (found === undefined) throw invalid("payload", "This field is required.", "value_error.jsondecode");
  return { payload: found, contentType: JSON_TYPE };
}

/**
 * Rejects bodies that begin like a timestamp. Signatures cover `id.timestamp.body`, so an attacker who controls the beginning of
 * such a body could present its signature with another id, time and body to a receiver that accepts ids with full stops.
 */
function refuseAmbiguous(payload: Buffer): void {
  if (!/^\d{1,12}\./.test(payload.toString("latin1", 0, 13)) || isJson(payload)) return;
  throw invalid(
    RAW_PAYLOAD,
    "A body that is not JSON cannot start with digits and a dot, because its signature would also be valid for another id and timestamp. Put another character first, or send JSON.",
  );
}

/** Only used for numbers, which are short. */
function isJson(payload: Buffer): boolean {
  return payload.length <= 1024 && /^\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*$/.test(payload.toString("latin1"));
}

const RAW_PAYLOAD = ["body", "transformationsParams", "rawPayload"];

function decode(text: string, encoding: "utf-8" | "base64"): Buffer {
  if (encoding === "utf-8") {
    // A lone surrogate has no UTF-8 encoding, and a replacement character would silently change the payload.
    if (!text.isWellFormed()) {
      throw invalid(
        RAW_PAYLOAD,
        "The text contains an unpaired surrogate, which UTF-8 cannot encode. Send the bytes in base64 instead.",
      );
    }
    return Buffer.from(text, "utf8");
  }
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 === 1)
    throw invalid(RAW_PAYLOAD, "This is not valid base64.");
  return Buffer.from(text, "base64");
}

function contentTypeOf(headers: Record<string, string>): string {
  const entry = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type");
  if (entry === undefined) return JSON_TYPE;
  if (isMediaType(entry[1])) return entry[1];
  throw invalid(
    ["body", "transformationsParams", "headers", entry[0]],
    "This is not a media type, such as application/xml.",
  );
}
