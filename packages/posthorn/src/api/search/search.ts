import { Type } from "typebox";
import { search as searchVerb } from "../../domain/search/search.ts";
import { SearchKindModel, SearchOut } from "../models/search.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const search = defineRoute({
  method: "GET",
  path: "/api/v1/search",
  operationId: "v1.search",
  tag: "Overview",
  summary: "Search objects of all kinds",
  description:
    "Finds applications by name, uid, ID and metadata, endpoints by URL, description, uid and ID, sources by name, provider, uid and " +
    "ID, event types by name and description, and saved views by name. All words of `q` must occur, in any order and case. Messages are found by their ID, " +
    "or the ID of an attempt; payloads are not searched. Results are grouped by kind, newest first. A page scans up to 250,000 objects " +
    "of a kind, so a short page is not necessarily the last: continue with `iterator` until `done` is true.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    q: Type.String({ minLength: 1, maxLength: 256, pattern: "\\S", description: "Words, or an ID." }),
    kinds: Type.Optional(
      Type.Array(SearchKindModel, { maxItems: 6, description: "Comma-separated kinds. Default: all." }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20, description: "Results per page." })),
    iterator: Type.Optional(Type.String({ maxLength: 64, description: "The `iterator` of an earlier page." })),
  }),
  responses: { 200: SearchOut },
  handle: async ({ ctx, query }) => {
    const { q, kinds, limit, iterator } = query;
    const input = { query: q, kinds: kinds ?? null, limit: limit ?? 20, iterator: iterator ?? null };
    const { rows, next } = await searchVerb({ ctx, input });
    return ok({ data: rows, iterator: next, done: next === null });
  },
});
