import { Type } from "typebox";
import { nextDueTimes } from "../../domain/source/due-times.ts";
import { DueTimesOut } from "../models/source-kind.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime } from "../wire.ts";

export const listDueTimes = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/schedule/due-times",
  operationId: "v1.ingest.schedule.due-times",
  tag: "Ingest",
  summary: "List the next due times of a schedule",
  description: "For schedules that are being edited. The fields are those of the kind `schedule`.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    cron: Type.Optional(Type.String({ maxLength: 256 })),
    timeZone: Type.Optional(Type.String({ maxLength: 64, description: "Default: UTC." })),
    everySeconds: Type.Optional(Type.Integer({ minimum: 30, maximum: 31_536_000 })),
  }),
  responses: { 200: DueTimesOut },
  handle: ({ ctx, query }) => {
    const { cron = null, timeZone = "UTC", everySeconds = null } = query;
    const times = nextDueTimes({ ctx, input: { cron, timeZone, everySeconds } });
    return Promise.resolve(ok({ dueTimes: times.map(dateTime) }));
  },
});
