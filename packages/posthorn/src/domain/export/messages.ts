/** Exports the messages of an application or source with their payloads, deliveries and attempts, oldest first. */
import { sql } from "kysely";
import { getApplication } from "../application/find.ts";
import { type Attempt, ATTEMPT_COLUMNS, toAttempt } from "../attempt/attempt.ts";
import { type Call, type Context, reader } from "../context.ts";
import { CANCELLATION_COLUMNS, type DeliveryStatus, statusOf } from "../delivery/delivery.ts";
import { type Message, messageColumns, toMessage } from "../message/message.ts";
import { PAGE_WEIGHT, readPayloads } from "../message/payloads.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";

export interface ExportedDelivery extends DeliveryStatus {
  readonly endpointId: string;
  readonly attempts: number;
}

export interface ExportedMessage {
  readonly message: Message;
  readonly deliveries: readonly ExportedDelivery[];
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
}

export interface ExportMessages extends PageRequest {
  readonly app: string;
}

/** Exports a page. It ends early at the byte limit of pages, which counts payloads and responses. */
export async function exportMessages({ ctx, input }: Call<ExportMessages>): Promise<Page<ExportedMessage>> {
  const application = await getApplication(ctx, input.app);
  const weight = sql<number>`coalesce(length(message.payload), 0)
    + coalesce((SELECT sum(length(a.response)) FROM attempt a WHERE a.message_id = message.id), 0)`;
  const page = await readPage(
    input,
    { order: "asc", keyOf: idIterator("msg_") },
    (slice) => {
      let query = reader(ctx)
        .selectFrom("message")
        .select([...messageColumns(false), weight.as("payload_bytes")])
        .where("app_id", "=", application.key)
        .orderBy("message.id", slice.order)
        .limit(slice.limit);
      if (slice.from !== null) query = query.where("message.id", comparison(slice.order), slice.from);
      return query.execute();
    },
    PAGE_WEIGHT,
  );
  const keys = page.rows.map(({ id }) => id);
  if (keys.length === 0) return { ...page, rows: [] };
  const [payloads, deliveries, attempts] = await Promise.all([
    readPayloads(ctx, keys, true),
    readDeliveries(ctx, keys),
    readAttempts(ctx, keys),
  ]);
  const rows = page.rows.map((row) => ({
    message: toMessage({ ...row, payload: payloads.get(row.id) ?? null }),
    deliveries: deliveries.get(row.id) ?? [],
    attempts: attempts.get(row.public_id) ?? [],
  }));
  return { ...page, rows };
}

async function readDeliveries(
  ctx: Context,
  keys: readonly number[],
): Promise<ReadonlyMap<number, readonly ExportedDelivery[]>> {
  const rows = await reader(ctx)
    .selectFrom("delivery")
    .innerJoin("endpoint", "endpoint.id", "delivery.endpoint_id")
    .leftJoin("cancellation", (join) =>
      join
        .onRef("cancellation.message_id", "=", "delivery.message_id")
        .onRef("cancellation.endpoint_id", "=", "delivery.endpoint_id"),
    )
    .leftJoin("message as newer", "newer.id", "cancellation.by_message_id")
    .select([
      "delivery.message_id",
      "delivery.state",
      "delivery.due",
      "delivery.attempts",
      "endpoint.public_id as endpoint_public_id",
      ...CANCELLATION_COLUMNS,
    ])
    .where("delivery.message_id", "in", keys)
    .orderBy("delivery.endpoint_id")
    .execute();
  const found = Map.groupBy(rows, ({ message_id }) => message_id);
  return new Map(
    [...found].map(([key, of]) => [
      key,
      of.map((row) => ({ endpointId: row.endpoint_public_id, attempts: row.attempts, ...statusOf(row) })),
    ]),
  );
}

/** By the ID of their message. */
async function readAttempts(ctx: Context, keys: readonly number[]): Promise<ReadonlyMap<string, readonly Attempt[]>> {
  const rows = await reader(ctx)
    .selectFrom("attempt")
    .innerJoin("message", "message.id", "attempt.message_id")
    .innerJoin("endpoint", "endpoint.id", "attempt.endpoint_id")
    .select(ATTEMPT_COLUMNS)
    .where("attempt.message_id", "in", keys)
    .orderBy("attempt.id")
    .execute();
  return Map.groupBy(
    rows.map((row) => toAttempt(row)),
    ({ messageId }) => messageId,
  );
}
