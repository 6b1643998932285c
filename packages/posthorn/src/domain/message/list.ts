import { getApplication } from "../application/find.ts";
import { type Call, reader } from "../context.ts";
import { type Page, type PageRequest, readScannedPage } from "../paging.ts";
import { type MessageFilter, startsAtEnd, type TimeRange } from "./filter.ts";
import { PAGE_WEIGHT, payloadBytes, readPayloads } from "./payloads.ts";
import { type Message, messageColumns, type MessageRow, toMessage } from "./message.ts";
import {
  applicationKeys,
  isFiltered,
  matching,
  messageKeySources,
  readAll,
  readScanned,
  type ReadPart,
  scanRangeOf,
  scan,
} from "./bounded-scan.ts";

export interface ListMessages extends PageRequest, MessageFilter, TimeRange {
  readonly app: string;
  readonly withContent: boolean;
}

type Row = MessageRow & { readonly payload_bytes: number | null };

/** Lists messages of an application, newest first. */
export async function listMessages({ ctx, input }: Call<ListMessages>): Promise<Page<Message>> {
  const application = await getApplication(ctx, input.app);
  const page = await readScannedPage(
    input,
    { prefix: "msg_", startAtEnd: startsAtEnd(input) },
    async (slice) => {
      const range = scanRangeOf(slice, input);
      const read: ReadPart<Row> = (part, limit) =>
        reader(ctx)
          .selectFrom("message")
          .select([...messageColumns(false), payloadBytes(input.withContent)])
          .where("app_id", "=", application.key)
          .where(part("message.id"))
          .orderBy("message.id", slice.order)
          .limit(limit)
          .execute();
      if (!isFiltered(input)) return readAll(range, slice.limit, read);
      const sources = messageKeySources(ctx, application.key, input);
      const ways = sources.length === 0 ? [applicationKeys(ctx, application.key)] : sources;
      const found = await scan(ways, range, slice.limit, (keys) => matching(ctx, input, keys));
      return readScanned(found, read);
    },
    PAGE_WEIGHT,
  );
  const keys = page.rows.map((row) => row.id);
  const payloads = await readPayloads(ctx, keys, input.withContent);
  return { ...page, rows: page.rows.map((row) => toMessage({ ...row, payload: payloads.get(row.id) ?? null })) };
}
