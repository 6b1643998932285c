/** Publishes with the SQL function `posthorn.publish` on any connection, as part of its current transaction. */
import type { Publication } from "../domain/message/prepare.ts";
import { PosthornError, type PosthornErrorCode } from "../lib/errors.ts";
import type { SendStatement } from "./transaction.ts";

/**
 * Parameters are strings, because clients encode other types differently. The trace context is a setting that the default of its column reads;
 * arguments are evaluated before the function runs.
 */
const PUBLISH = `SELECT posthorn.publish(
  app => CASE WHEN $16::text IS NOT NULL AND set_config('posthorn.traceparent', $16::text, true) IS NULL THEN NULL ELSE $1::text END,
  type => $2::text, payload => decode($3::text, 'base64'), event_id => $4::text,
  channels => (SELECT array_agg(c) FROM json_array_elements_text($5::text::json) AS c),
  tags => (SELECT array_agg(t) FROM json_array_elements_text($6::text::json) AS t),
  ordering_key => $7::text, content_type => $8::text,
  deliver_at => $9::text::timestamptz, delay => $10::text::interval, expires_at => $11::text::timestamptz, ttl => $12::text::interval,
  retention => $13::text::interval, idempotency_key => $14::text, org => $15::text) AS id`;

export interface TransactionalPublication {
  /** Id or uid of the application. */
  readonly app: string;
  /** `null`: the organisation that has the application. */
  readonly organisation: string | null;
  readonly publication: Publication;
  readonly idempotencyKey: string | null;
  /** `null`: none. */
  readonly traceparent: string | null;
}

/** Returns the id of the message. Rejects with a `PosthornError` if the function raises one, and with the client's error otherwise. */
export async function publishOn(
  send: SendStatement,
  { app, organisation, publication, idempotencyKey, traceparent }: TransactionalPublication,
): Promise<string> {
  const { eventType, eventId, channels, tags, payload, orderingKey, contentType } = publication;
  const { deliverAt, delayMs, deliverUntil, ttlMs, retentionMs } = publication;
  try {
    const [row] = await send(PUBLISH, [
      app,
      eventType,
      Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString("base64"),
      eventId,
      jsonOf(channels),
      jsonOf(tags),
      orderingKey,
      contentType,
      timeOf(deliverAt),
      durationOf(delayMs),
      timeOf(deliverUntil),
      durationOf(ttlMs),
      durationOf(retentionMs),
      idempotencyKey,
      organisation,
      traceparent,
    ]);
    return (row as { id: string }).id;
  } catch (error) {
    throw toPosthornError(error);
  }
}

function jsonOf(names: readonly string[] | null): string | null {
  return names === null || names.length === 0 ? null : JSON.stringify(names);
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function durationOf(ms: number | null): string | null {
  return ms === null ? null : `${ms} milliseconds`;
}

const CODES: Readonly<Record<string, PosthornErrorCode>> = {
  PH404: "not_found",
  PH409: "conflict",
  PH422: "bad_request",
};

/** Converts an error raised by the function. Clients store its SQLSTATE in different places, and may wrap it. */
function toPosthornError(error: unknown): unknown {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, meta, message } = at as Error & { code?: unknown; meta?: unknown };
    const states = [code, ...statesIn(meta)];
    const state = states.find((one): one is string => typeof one === "string" && one in CODES);
    if (state !== undefined) return new PosthornError(CODES[state]!, message, { cause: error });
  }
  return error;
}

/** SQLSTATEs of Posthorn in the metadata of a Prisma error. */
function statesIn(meta: unknown): readonly string[] {
  return meta === undefined ? [] : (JSON.stringify(meta).match(/PH\d{3}/g) ?? []);
}
