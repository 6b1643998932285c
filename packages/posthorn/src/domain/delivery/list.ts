import { type Call, type Context, reader } from "../context.ts";
import { type Endpoint, toEndpoint } from "../endpoint/endpoint.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import { type MessageFilter, startsAtEnd, type TimeRange } from "../message/filter.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import { type Message, messageColumns, toMessage } from "../message/message.ts";
import {
  endpointKeys,
  isFiltered,
  matching,
  messageKeySources,
  readAll,
  readScanned,
  type ReadPart,
  scanRangeOf,
  scan,
} from "../message/bounded-scan.ts";
import { PAGE_WEIGHT, payloadBytes, readPayloads } from "../message/payloads.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage, readScannedPage } from "../paging.ts";
import { CANCELLATION_COLUMNS, type DeliveryStatus, hasStatus, type Status, statusOf } from "./delivery.ts";

export interface ListEndpointMessages extends PageRequest, MessageFilter, TimeRange, EndpointRef {
  /** Status of the message at this endpoint. */
  readonly status: Status | null;
  readonly withContent: boolean;
}

/** Messages with a delivery to an endpoint, newest first, each with the status of that delivery. */
export async function listEndpointMessages({
  ctx,
  input,
}: Call<ListEndpointMessages>): Promise<Page<{ readonly message: Message; readonly delivery: DeliveryStatus }>> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const page = await readScannedPage(
    input,
    { prefix: "msg_", startAtEnd: startsAtEnd(input) },
    async (slice) => {
      const range = scanRangeOf(slice, input);
      const read: ReadPart<EndpointMessageRow> = (part, limit) =>
        endpointMessages(ctx, endpoint.key, input)
          .where(part("delivery.message_id"))
          // Given for both columns, so that only the matching day partitions of messages are read.
          .where(part("message.id"))
          .orderBy("delivery.message_id", slice.order)
          .limit(limit)
          .execute();
      if (!isFiltered(input)) return readAll(range, slice.limit, read);
      const sources = [...messageKeySources(ctx, application.key, input), endpointKeys(ctx, endpoint.key)];
      const found = await scan(sources, range, slice.limit, async (keys) =>
        withDelivery(ctx, endpoint.key, input.status, await matching(ctx, input, keys)),
      );
      return readScanned(found, read);
    },
    PAGE_WEIGHT,
  );
  const keys = page.rows.map((row) => row.id);
  const payloads = await readPayloads(ctx, keys, input.withContent);
  const rows = page.rows.map((row) => ({
    message: toMessage({ ...row, payload: payloads.get(row.id) ?? null }),
    delivery: statusOf(row),
  }));
  return { ...page, rows };
}

/** The messages among these that have a delivery to the endpoint with this status. */
async function withDelivery(
  ctx: Context,
  endpointKey: number,
  status: Status | null,
  keys: readonly number[],
): Promise<readonly number[]> {
  if (keys.length === 0) return [];
  const query = reader(ctx)
    .selectFrom("delivery")
    .select("delivery.message_id")
    .where("delivery.endpoint_id", "=", endpointKey)
    .where("delivery.message_id", "in", keys);
  const rows = await (status === null ? query : query.where(hasStatus(status))).execute();
  return rows.map((row) => row.message_id);
}

type EndpointMessageRow = Awaited<ReturnType<ReturnType<typeof endpointMessages>["execute"]>>[number];

function endpointMessages(ctx: Context, endpointKey: number, input: ListEndpointMessages) {
  const query = reader(ctx)
    .selectFrom("delivery")
    .innerJoin("message", "message.id", "delivery.message_id")
    .leftJoin("cancellation", (join) =>
      join
        .onRef("cancellation.message_id", "=", "delivery.message_id")
        .onRef("cancellation.endpoint_id", "=", "delivery.endpoint_id"),
    )
    .leftJoin("message as newer", "newer.id", "cancellation.by_message_id")
    .select([...messageColumns(false), payloadBytes(input.withContent)])
    .select(["delivery.state", "delivery.due", "delivery.attempts", ...CANCELLATION_COLUMNS])
    .where("delivery.endpoint_id", "=", endpointKey);
  return input.status === null ? query : query.where(hasStatus(input.status));
}

/**
 * The endpoints to which a message was or will be sent, including deleted ones, each with the state of its delivery. Excludes the targets of
 * replays.
 */
export async function listMessageEndpoints({
  ctx,
  input,
}: Call<MessageRef & PageRequest>): Promise<Page<{ readonly endpoint: Endpoint; readonly delivery: DeliveryStatus }>> {
  const { message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  const page = await readPage(input, { order: "asc", keyOf: idIterator("ep_") }, (slice) => {
    let query = reader(ctx)
      .selectFrom("delivery")
      .innerJoin("endpoint", "endpoint.id", "delivery.endpoint_id")
      .leftJoin("cancellation", (join) =>
        join
          .onRef("cancellation.message_id", "=", "delivery.message_id")
          .onRef("cancellation.endpoint_id", "=", "delivery.endpoint_id"),
      )
      .leftJoin("message as newer", "newer.id", "cancellation.by_message_id")
      .selectAll("endpoint")
      .select(["delivery.state", "delivery.due", "delivery.attempts", ...CANCELLATION_COLUMNS])
      .where("delivery.message_id", "=", message.key)
      .where("endpoint.replay_task_id", "is", null)
      .orderBy("delivery.endpoint_id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("delivery.endpoint_id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map((row) => ({ endpoint: toEndpoint(ctx, row), delivery: statusOf(row) })) };
}
