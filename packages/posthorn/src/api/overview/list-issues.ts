import { Type } from "typebox";
import { listIssues as listVerb } from "../../domain/overview/issues.ts";
import { DateTime } from "../models/common.ts";
import { IssuesOut } from "../models/overview.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime, toMs } from "../wire.ts";

const DAY_MS = 86_400_000;

export const listIssues = defineRoute({
  method: "GET",
  path: "/api/v1/issue",
  operationId: "v1.issue.list",
  tag: "Overview",
  summary: "List failures by cause",
  description: "Recent failed attempts, grouped by endpoint and cause. Covers the last day unless `after` is given.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    app_id: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    after: Type.Optional(DateTime),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 250, default: 100 })),
  }),
  responses: { 200: IssuesOut },
  handle: async ({ ctx, query }) => {
    const since = toMs(query.after) ?? ctx.services.now() - DAY_MS;
    const { rows, exact } = await listVerb({
      ctx,
      input: { since, app: query.app_id ?? null, limit: query.limit ?? 100 },
    });
    const data = rows.map((row) => ({ ...row, firstAt: dateTime(row.firstAt), lastAt: dateTime(row.lastAt) }));
    return ok({ data, exact });
  },
});
