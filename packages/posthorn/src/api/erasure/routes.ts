/** Routes of requests to erase the data of a person. */
import { Type } from "typebox";
import type { Erasure } from "../../domain/erasure/erasure.ts";
import { checkErasure, createErasure, getErasure, listErasures } from "../../domain/erasure/request.ts";
import { pageOf } from "../inputs.ts";
import { PageQuery } from "../models/common.ts";
import { ErasureCheckIn, ErasureCheckOut, ErasureIn, ErasureList, ErasureOut } from "../models/erasure.ts";
import { accepted, list, ok } from "../reply.ts";
import { defineRoute, type Route } from "../route.ts";
import { dateTime } from "../wire.ts";

const TAG = { tag: "Privacy", access: "organisation", permission: "privacy:manage" } as const;

export const ERASURE_ROUTES: readonly Route[] = [
  defineRoute({
    ...TAG,
    method: "POST",
    path: "/api/v1/erasure",
    operationId: "v1.erasure.create",
    summary: "Erase the data of a person",
    description:
      "Erases the content of all messages with a value at a JSON path, in the background: payloads, requests and responses of attempts, rejected requests, state of watches, and shared links. Unfinished deliveries of these messages are canceled. The messages themselves stay in lists and statistics. This cannot be undone: set `dryRun` first to count what would be erased.",
    body: ErasureIn,
    responses: { 202: ErasureOut },
    handle: async ({ ctx, body }) => {
      const { path, value, app = null, eventTypes = null, dryRun = false, reason = "" } = body;
      return accepted(
        erasureOut(await createErasure({ ctx, input: { path, value, app, eventTypes, dryRun, reason } })),
      );
    },
  }),
  defineRoute({
    ...TAG,
    method: "GET",
    path: "/api/v1/erasure",
    operationId: "v1.erasure.list",
    summary: "List requests for erasure",
    description: "Newest first, with their receipts.",
    query: Type.Object(PageQuery),
    responses: { 200: ErasureList },
    handle: async ({ ctx, query }) =>
      list(await listErasures({ ctx, input: pageOf(query) }), (row) => row.id, erasureOut),
  }),
  defineRoute({
    ...TAG,
    method: "GET",
    path: "/api/v1/erasure/:erasure_id",
    operationId: "v1.erasure.get",
    summary: "Get a request for erasure",
    description: "Returns its progress, and its receipt once it has finished.",
    responses: { 200: ErasureOut },
    handle: async ({ ctx, params }) => ok(erasureOut(await getErasure({ ctx, input: { erasure: params.erasure_id } }))),
  }),
  defineRoute({
    ...TAG,
    method: "POST",
    path: "/api/v1/erasure/:erasure_id/check",
    operationId: "v1.erasure.check",
    summary: "Compare a receipt with a value",
    description: "Returns whether the request was for this value, which the server no longer stores.",
    idempotency: "none",
    audit: "none",
    body: ErasureCheckIn,
    responses: { 200: ErasureCheckOut },
    handle: async ({ ctx, params, body }) =>
      ok({ matches: await checkErasure({ ctx, input: { erasure: params.erasure_id, value: body.value } }) }),
  }),
];

function erasureOut({ key: _key, isDryRun, createdAt, erasedAt, finishedAt, ...fields }: Erasure): object {
  const time = (at: number | null): string | null => (at === null ? null : dateTime(at));
  return {
    ...fields,
    dryRun: isDryRun,
    createdAt: dateTime(createdAt),
    erasedAt: time(erasedAt),
    finishedAt: time(finishedAt),
  };
}
