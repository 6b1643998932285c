import { type RawBuilder, type SqlBool, sql } from "kysely";
import { notFound } from "../../lib/errors.ts";
import { getApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { findEndpoint, getEndpoint } from "../endpoint/find.ts";
import { type MessageFilter, messageMatches, startsAtEnd, type TimeRange } from "../message/filter.ts";
import { getMessage } from "../message/find.ts";
import { messageColumns, toMessage } from "../message/message.ts";
import { PAGE_WEIGHT, payloadBytes } from "../message/payloads.ts";
import {
  attemptKeys,
  isFiltered,
  matching,
  readAll,
  readScanned,
  type ReadPart,
  scanRangeOf,
  type KeySource,
  scan,
} from "../message/bounded-scan.ts";
import { idIterator, type Page, type PageRequest, readScannedPage } from "../paging.ts";
import { ATTEMPT_COLUMNS, type Attempt, toAttempt } from "./attempt.ts";

export interface ListAttempts extends PageRequest, MessageFilter, TimeRange {
  readonly app: string;
  /** Status of the attempt. */
  readonly status: number | null;
  /** 0, 100 … 500: the class of the status code; 0 is no response. */
  readonly statusCodeClass: number | null;
}

/** Attempts to one endpoint, newest first. */
export async function listAttemptsByEndpoint({
  ctx,
  input,
}: Call<ListAttempts & { readonly endpoint: string; readonly withMessage: boolean }>): Promise<Page<Attempt>> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const of = { appKey: application.key, endpointKey: endpoint.key };
  const source = isFiltered(input) ? await attemptKeys(ctx, of, input) : null;
  const page = await listAttempts(ctx, input, { endpointKey: endpoint.key, withMessage: input.withMessage, source });
  return input.withMessage ? { ...page, rows: await withMessages(ctx, page.rows) } : page;
}

/** Attempts for one message, newest first. */
export async function listAttemptsByMessage({
  ctx,
  input,
}: Call<ListAttempts & { readonly message: string; readonly endpoint: string | null }>): Promise<Page<Attempt>> {
  const { application, message } = await getMessage({ ctx, input: { ...input, withContent: false } });
  if (input.endpoint === null) return listAttempts(ctx, input, { messageKey: message.key });
  const endpoint = await findEndpoint(ctx, application, input.endpoint);
  if (endpoint === null) throw notFound("endpoint");
  return listAttempts(ctx, input, { messageKey: message.key, endpointKey: endpoint.key });
}

/** One attempt of a message. */
export async function getAttempt({
  ctx,
  input,
}: Call<{ readonly app: string; readonly message: string; readonly attempt: string }>): Promise<Attempt> {
  const application = await getApplication(ctx, input.app);
  const { message } = await getMessage({
    ctx,
    input: { app: application.id, message: input.message, withContent: false },
  });
  const key = idIterator("atmpt_")(input.attempt);
  const row =
    key === null
      ? undefined
      : await attempts(ctx)
          .where("attempt.id", "=", key)
          .where("attempt.public_id", "=", input.attempt)
          .where("attempt.message_id", "=", message.key)
          .executeTakeFirst();
  if (row === undefined) throw notFound("attempt");
  return toAttempt(row);
}

function attempts(ctx: Context) {
  return reader(ctx)
    .selectFrom("attempt")
    .innerJoin("message", "message.id", "attempt.message_id")
    .innerJoin("endpoint", "endpoint.id", "attempt.endpoint_id")
    .select(ATTEMPT_COLUMNS);
}

interface AttemptsOf {
  readonly endpointKey?: number;
  readonly messageKey?: number;
  readonly withMessage?: boolean;
  /** Index scan that finds the matching attempts; `null` or absent: every attempt is read. */
  readonly source?: KeySource | null;
}

type AttemptListRow = Awaited<ReturnType<ReturnType<typeof filteredAttempts>["execute"]>>[number];

async function listAttempts(ctx: Context, input: ListAttempts, of: AttemptsOf): Promise<Page<Attempt>> {
  const page = await readScannedPage(
    input,
    { prefix: "atmpt_", startAtEnd: startsAtEnd(input) },
    async (slice) => {
      const range = scanRangeOf(slice, input);
      const read: ReadPart<AttemptListRow> = (part, limit) =>
        filteredAttempts(ctx, input, of)
          .where(part("attempt.id"))
          .orderBy("attempt.id", slice.order)
          .limit(limit)
          .execute();
      const { source = null } = of;
      if (source === null) return readAll(range, slice.limit, read);
      return readScanned(await scan([source], range, slice.limit, (keys) => fitting(ctx, input, keys)), read);
    },
    PAGE_WEIGHT,
  );
  return { ...page, rows: page.rows.map((row) => toAttempt(row)) };
}

function filteredAttempts(ctx: Context, input: ListAttempts, of: AttemptsOf) {
  let query = attempts(ctx)
    .select(payloadBytes(of.withMessage ?? false))
    .where(hasEnded(input));
  // All attempts of a message share its properties; those of an endpoint were filtered before.
  if (of.messageKey !== undefined)
    query = query.where("attempt.message_id", "=", of.messageKey).where(messageMatches(input));
  if (of.endpointKey !== undefined) query = query.where("attempt.endpoint_id", "=", of.endpointKey);
  return query;
}

function hasEnded({ status, statusCodeClass: from }: ListAttempts): RawBuilder<SqlBool> {
  const conditions = [sql`TRUE`];
  if (status !== null) conditions.push(sql`attempt.status = ${status}`);
  if (from !== null) conditions.push(sql`(response_code >= ${from} AND response_code < ${from + 100})`);
  return sql<SqlBool>`(${sql.join(conditions, sql` AND `)})`;
}

/** The attempts among `keys` with the requested result whose message matches the filter. */
async function fitting(ctx: Context, input: ListAttempts, keys: readonly number[]): Promise<readonly number[]> {
  if (keys.length === 0) return [];
  const query = reader(ctx).selectFrom("attempt").select(["id", "message_id"]).where("id", "in", keys);
  const ended = await query.where(hasEnded(input)).execute();
  const messages = new Set(ended.map((row) => row.message_id));
  const fit = new Set(await matching(ctx, input, [...messages]));
  return ended.filter((row) => fit.has(row.message_id)).map(({ id }) => id);
}

async function withMessages(ctx: Context, rows: readonly Attempt[]): Promise<readonly Attempt[]> {
  if (rows.length === 0) return rows;
  const keys = rows.map((row) => idIterator("msg_")(row.messageId)!);
  const messages = await reader(ctx)
    .selectFrom("message")
    .select(messageColumns(true))
    .where("id", "in", keys)
    .execute();
  const byId = new Map(messages.map((row) => [row.public_id, toMessage(row)]));
  return rows.map((row) => ({ ...row, message: byId.get(row.messageId) ?? null }));
}
