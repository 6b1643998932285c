import { getApplication } from "../application/find.ts";
import { type Call, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { keyRange, type MessageFilter, messageMatches, startsAtEnd, type TimeRange } from "./filter.ts";
import { PAGE_WEIGHT, payloadBytes, readPayloads } from "./payloads.ts";
import { type Message, messageColumns, toMessage } from "./message.ts";

export interface ListMessages extends PageRequest, MessageFilter, TimeRange {
  readonly app: string;
  readonly withContent: boolean;
}

/** Messages of an application, newest first. */
export async function listMessages({ ctx, input }: Call<ListMessages>): Promise<Page<Message>> {
  const application = await getApplication(ctx, input.app);
  const { above, below } = keyRange(input);
  const list = { order: "desc", keyOf: idIterator("msg_"), startAtEnd: startsAtEnd(input) } as const;
  const page = await readPage(
    input,
    list,
    async (slice) => {
      let query = reader(ctx)
        .selectFrom("message")
        .select([...messageColumns(false), payloadBytes(input.withContent)])
        .where("app_id", "=", application.key)
        .where(messageMatches(input))
        .orderBy("id", slice.order)
        .limit(slice.limit);
      if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
      if (above !== null) query = query.where("id", ">", above);
      if (below !== null) query = query.where("id", "<", below);
      return query.execute();
    },
    PAGE_WEIGHT,
  );
  const keys = page.rows.map((row) => row.id);
  const payloads = await readPayloads(ctx, keys, input.withContent);
  return { ...page, rows: page.rows.map((row) => toMessage({ ...row, payload: payloads.get(row.id) ?? null })) };
}
