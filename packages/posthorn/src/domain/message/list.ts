import { getApplication } from "../application/find.ts";
import { type Call, reader } from "../context.ts";
import { type Page, type PageRequest, readWalkedPage } from "../paging.ts";
import { type MessageFilter, startsAtEnd, type TimeRange } from "./filter.ts";
import { PAGE_WEIGHT, payloadBytes, readPayloads } from "./payloads.ts";
import { type Message, messageColumns, type MessageRow, toMessage } from "./message.ts";
import {
  applicationTrail,
  isFiltered,
  matching,
  messageTrails,
  readAll,
  readFound,
  type ReadPart,
  stretchOf,
  walk,
} from "./walk.ts";

export interface ListMessages extends PageRequest, MessageFilter, TimeRange {
  readonly app: string;
  readonly withContent: boolean;
}

type Row = MessageRow & { readonly payload_bytes: number | null };

/** Messages of an application, newest first. */
export async function listMessages({ ctx, input }: Call<ListMessages>): Promise<Page<Message>> {
  const application = await getApplication(ctx, input.app);
  const page = await readWalkedPage(
    input,
    { prefix: "msg_", startAtEnd: startsAtEnd(input) },
    async (slice) => {
      const stretch = stretchOf(slice, input);
      const read: ReadPart<Row> = (part, limit) =>
        reader(ctx)
          .selectFrom("message")
          .select([...messageColumns(false), payloadBytes(input.withContent)])
          .where("app_id", "=", application.key)
          .where(part("message.id"))
          .orderBy("message.id", slice.order)
          .limit(limit)
          .execute();
      if (!isFiltered(input)) return readAll(stretch, slice.limit, read);
      const trails = messageTrails(ctx, application.key, input);
      const ways = trails.length === 0 ? [applicationTrail(ctx, application.key)] : trails;
      const found = await walk(ways, stretch, slice.limit, (keys) => matching(ctx, input, keys));
      return readFound(found, read);
    },
    PAGE_WEIGHT,
  );
  const keys = page.rows.map((row) => row.id);
  const payloads = await readPayloads(ctx, keys, input.withContent);
  return { ...page, rows: page.rows.map((row) => toMessage({ ...row, payload: payloads.get(row.id) ?? null })) };
}
