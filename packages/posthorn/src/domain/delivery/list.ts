import { type Call, reader } from "../context.ts";
import { type Endpoint, toEndpoint } from "../endpoint/endpoint.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import { keyRange, type MessageFilter, messageMatches, startsAtEnd, type TimeRange } from "../message/filter.ts";
import { getMessage, type MessageRef } from "../message/find.ts";
import { type Message, messageColumns, toMessage } from "../message/message.ts";
import { PAGE_WEIGHT, payloadBytes, readPayloads } from "../message/payloads.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { CANCELLATION_COLUMNS, type DeliveryStatus, hasStatus, type Status, statusOf } from "./delivery.ts";

export interface ListEndpointMessages extends PageRequest, MessageFilter, TimeRange, EndpointRef {
  /** Status of the message at this endpoint. */
  readonly status: Status | null;
  readonly withContent: boolean;
}

/** Messages that are owed to, or were sent to, an endpoint, newest first, each with where it stands there. */
export async function listEndpointMessages({
  ctx,
  input,
}: Call<ListEndpointMessages>): Promise<Page<{ readonly message: Message; readonly delivery: DeliveryStatus }>> {
  const { endpoint } = await getEndpoint(ctx, input);
  const { above, below } = keyRange(input);
  const list = { order: "desc", keyOf: idIterator("msg_"), startAtEnd: startsAtEnd(input) } as const;
  const page = await readPage(
    input,
    list,
    (slice) => {
      let query = reader(ctx)
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
        .where("delivery.endpoint_id", "=", endpoint.key)
        .where(messageMatches(input))
        .orderBy("delivery.message_id", slice.order)
        .limit(slice.limit);
      const { status } = input;
      if (status !== null) query = query.where(hasStatus(status));
      if (slice.from !== null) query = query.where("delivery.message_id", comparison(slice.order), slice.from);
      if (above !== null) query = query.where("delivery.message_id", ">", above);
      if (below !== null) query = query.where("delivery.message_id", "<", below);
      return query.execute();
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

/** The endpoints a message is owed or was sent to, deleted ones included, each with where it stands. */
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
      .orderBy("delivery.endpoint_id", slice.order)
      .limit(slice.limit);
    if (slice.from !== null) query = query.where("delivery.endpoint_id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map((row) => ({ endpoint: toEndpoint(row), delivery: statusOf(row) })) };
}
