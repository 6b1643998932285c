/** Events of a source, in the same form for every provider. */
import { sql } from "kysely";
import { notFound } from "../../lib/errors.ts";
import { keyOfId, timeOfKey } from "../../lib/id.ts";
import { type Call, type Context, reader } from "../context.ts";
import { type InboundRequest, shownRequest } from "../message/request.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { getSource } from "./find.ts";

export interface InboundEvent {
  readonly key: number;
  readonly id: string;
  readonly eventType: string;
  readonly contentType: string;
  /** `null` after the body was deleted or expired. */
  readonly bodyBytes: number | null;
  /** Credentials are hidden. `null` for a message without a request. */
  readonly request: InboundRequest | null;
  /** Endpoints that matched. */
  readonly matched: number;
  /** Endpoints that did not match. */
  readonly unmatched: number;
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** How often it was received, including the first time. */
  readonly receivedCount: number;
  /** Unix milliseconds. */
  readonly lastReceivedAt: number;
}

export interface ListEvents extends PageRequest {
  readonly source: string;
  /** `null`: all types. */
  readonly eventType: string | null;
  /** Only events that matched no endpoint. */
  readonly unmatchedOnly: boolean;
}

/** Events of a source, newest first. */
export async function listEvents({ ctx, input }: Call<ListEvents>): Promise<Page<InboundEvent>> {
  const source = await getSource(ctx, input.source);
  const page = await readPage(input, { order: "desc", keyOf: idIterator("msg_") }, (slice) => {
    let query = eventsOf(ctx, source.key).orderBy("message.id", slice.order).limit(slice.limit);
    if (slice.from !== null) query = query.where("message.id", comparison(slice.order), slice.from);
    if (input.eventType !== null) query = query.where("event_type", "=", input.eventType);
    if (input.unmatchedOnly) {
      query = query.where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom("delivery").select("endpoint_id").whereRef("message_id", "=", "message.id"))),
      );
    }
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toEvent) };
}

export async function getEvent({
  ctx,
  input,
}: Call<{ readonly source: string; readonly event: string }>): Promise<InboundEvent> {
  const source = await getSource(ctx, input.source);
  const key = keyOfId("msg_", input.event);
  const query = eventsOf(ctx, source.key);
  const row = await (
    key === null
      ? query.where("event_id", "=", input.event)
      : query.where("message.id", "=", key).where("message.public_id", "=", input.event)
  ).executeTakeFirst();
  if (row === undefined) throw notFound("event");
  return toEvent(row);
}

function eventsOf(ctx: Context, sourceKey: number) {
  return reader(ctx)
    .selectFrom("message")
    .select(["message.id", "message.public_id", "event_type", "content_type", "request_json", "unmatched_json"])
    .select(sql<number | null>`length(message.payload)`.as("body_bytes"))
    .select(({ selectFrom }) =>
      selectFrom("delivery")
        .select((eb) => eb.fn.countAll<number>().as("matched"))
        .whereRef("message_id", "=", "message.id")
        .as("matched"),
    )
    .leftJoin("source_duplicate as d", (join) =>
      join.onRef("d.source_id", "=", "message.app_id").onRef("d.message_id", "=", "message.id"),
    )
    .select(["d.repeats", "d.last_at as repeated_at"])
    .where("app_id", "=", sourceKey);
}

type EventRow = Awaited<ReturnType<ReturnType<typeof eventsOf>["execute"]>>[number];

function toEvent(row: EventRow): InboundEvent {
  const unmatched = row.unmatched_json === null ? 0 : (JSON.parse(row.unmatched_json) as { readonly n: number }).n;
  return {
    key: row.id,
    id: row.public_id,
    eventType: row.event_type,
    contentType: row.content_type,
    bodyBytes: row.body_bytes,
    request: row.request_json === null ? null : shownRequest(row.request_json),
    matched: row.matched ?? 0,
    unmatched,
    timestamp: timeOfKey(row.id),
    receivedCount: 1 + (row.repeats ?? 0),
    lastReceivedAt: row.repeated_at ?? timeOfKey(row.id),
  };
}
