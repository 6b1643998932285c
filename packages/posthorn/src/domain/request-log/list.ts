/** Reads the log of API requests of an organisation. */
import { type Expression, expressionBuilder, type SqlBool } from "kysely";
import type { Database } from "../../store/schema.ts";
import { keyAtTime, keyOfId, timeOfKey } from "../../lib/id.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, type Page, type PageRequest, readPage } from "../paging.ts";
import type { LoggedRequest } from "./entry.ts";

export const REQUEST_RESULTS = ["success", "client_error", "server_error"] as const;
export type RequestResult = (typeof REQUEST_RESULTS)[number];

export interface RequestFilter {
  /** Id of an API key, a user or an application. */
  readonly caller: string | null;
  readonly callerKind: string | null;
  readonly method: string | null;
  /** ID of an operation, or its prefix up to a dot. */
  readonly operation: string | null;
  readonly result: RequestResult | null;
  readonly status: number | null;
  readonly errorCode: string | null;
  /** ID of the entry, or the `x-request-id` of the request. */
  readonly requestId: string | null;
  /** Operation or its beginning up to a dot, error code, id of the caller, or ID of the request. */
  readonly search: string | null;
  readonly before: number | null;
  readonly after: number | null;
}

export interface RequestEntry extends Omit<LoggedRequest, "key" | "orgId"> {
  /** Name of a key, address of a user, or name of an application; `null`: it has none, or was deleted. */
  readonly callerName: string | null;
  /** Unix milliseconds. */
  readonly at: number;
}

const STATUSES: Readonly<Record<RequestResult, readonly [number, number]>> = {
  success: [0, 399],
  client_error: [400, 499],
  server_error: [500, 999],
};

/** Entries of the organisation, newest first. */
export async function listRequests({ ctx, input }: Call<PageRequest & RequestFilter>): Promise<Page<RequestEntry>> {
  const query = filtered(ctx, input);
  const page = await readPage(input, { order: "desc", keyOf: (id) => keyOfId("req_", id) }, (slice) => {
    let rows = query.orderBy("id", slice.order).limit(slice.limit);
    if (slice.from !== null) rows = rows.where("id", comparison(slice.order), slice.from);
    return rows.execute();
  });
  const names = await namesOf(
    ctx,
    page.rows.flatMap(({ caller_kind, caller_id }) => (caller_id === null ? [] : [[caller_kind, caller_id] as const])),
  );
  return {
    ...page,
    rows: page.rows.map((row) => ({
      id: row.public_id,
      callerKind: row.caller_kind as RequestEntry["callerKind"],
      callerId: row.caller_id,
      callerName: row.caller_id === null ? null : (names.get(row.caller_id) ?? null),
      method: row.method,
      route: row.route,
      operation: row.operation,
      status: row.status,
      errorCode: row.error_code,
      durationMs: row.duration_ms,
      clientRequestId: row.client_request_id,
      at: timeOfKey(row.id),
    })),
  };
}

function filtered(ctx: Context, filter: RequestFilter) {
  const { caller, callerKind, method, operation, result, status, errorCode, requestId, search, before, after } = filter;
  let query = reader(ctx).selectFrom("api_request").selectAll().where("org_id", "=", ctx.actor.orgId);
  if (caller !== null) query = query.where("caller_id", "=", caller);
  if (callerKind !== null) query = query.where("caller_kind", "=", callerKind);
  if (method !== null) query = query.where("method", "=", method);
  if (operation !== null) query = query.where(isOperation(operation));
  if (result !== null) {
    const [lowest, highest] = STATUSES[result];
    query = query.where("status", ">=", lowest).where("status", "<=", highest);
  }
  if (status !== null) query = query.where("status", "=", status);
  if (errorCode !== null) query = query.where("error_code", "=", errorCode);
  if (requestId !== null) {
    query = query.where((eb) => eb.or([eb("public_id", "=", requestId), eb("client_request_id", "=", requestId)]));
  }
  if (search !== null) {
    query = query.where((eb) =>
      eb.or([
        isOperation(search.replace(/\.$/, "")),
        ...(["error_code", "caller_id", "public_id", "client_request_id"] as const).map((column) =>
          eb(column, "=", search),
        ),
      ]),
    );
  }
  if (before !== null) query = query.where("id", "<", keyAtTime(before));
  if (after !== null) query = query.where("id", ">=", keyAtTime(after));
  return query;
}

/** Whether an entry is of an operation, or of one whose ID begins with the text and a dot. */
function isOperation(text: string): Expression<SqlBool> {
  const { and, or, eb } = expressionBuilder<Database, "api_request">();
  // The end of the range is the character after the dot.
  return or([eb("operation", "=", text), and([eb("operation", ">=", `${text}.`), eb("operation", "<", `${text}/`)])]);
}

/** Names that callers have now, by their ids. */
async function namesOf(
  ctx: Context,
  callers: readonly (readonly [string, string])[],
): Promise<ReadonlyMap<string, string>> {
  const db = reader(ctx);
  const { orgId } = ctx.actor;
  const of = (wanted: string): readonly string[] => [
    ...new Set(callers.filter(([kind]) => kind === wanted).map(([, id]) => id)),
  ];
  const [keys, users, applications] = [of("key"), of("user"), of("application")];
  const rows = [
    keys.length === 0
      ? []
      : await db
          .selectFrom("api_key")
          .select(["public_id as id", "name"])
          .where("org_id", "=", orgId)
          .where("public_id", "in", keys)
          .execute(),
    users.length === 0
      ? []
      : await db
          .selectFrom("person")
          .select(["public_id as id", "email as name"])
          .where("public_id", "in", users)
          .execute(),
    applications.length === 0
      ? []
      : await db
          .selectFrom("application")
          .select(["public_id as id", "name"])
          .where("org_id", "=", orgId)
          .where("public_id", "in", applications)
          .execute(),
  ].flat();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
