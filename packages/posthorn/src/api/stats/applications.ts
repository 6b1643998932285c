import { Type } from "typebox";
import { applicationFigures } from "../../domain/application/figures.ts";
import { ApplicationFiguresListOut } from "../models/stats.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTimeOrNull } from "../wire.ts";

const MAX_IDS = 100;

export const statsApplications = defineRoute({
  method: "GET",
  path: "/api/v1/stats/applications",
  operationId: "v1.statistics.applications",
  tag: "Statistics",
  summary: "Get the recent figures of several applications",
  description:
    "Returns health, attempts of the last 24 hours, newest message and queue of applications and sources, such as those on a page of a list. IDs that do not exist are left out.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ids: Type.Array(Type.String({ maxLength: 256 }), {
      minItems: 1,
      maxItems: MAX_IDS,
      description: `Up to ${MAX_IDS} IDs of applications or sources, separated by commas.`,
    }),
  }),
  responses: { 200: ApplicationFiguresListOut },
  handle: async ({ ctx, query }) => {
    const figures = await applicationFigures({ ctx, input: { ids: query.ids } });
    return ok({
      data: figures.map(({ lastEventAt, ...row }) => ({ ...row, lastEventAt: dateTimeOrNull(lastEventAt) })),
    });
  },
});
