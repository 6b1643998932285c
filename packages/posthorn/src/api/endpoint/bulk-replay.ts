import { NO_FILTER } from "../../domain/replay/replay.ts";
import { bulkReplay as bulkReplayVerb } from "../../domain/replay/start.ts";
import type { Status } from "../../domain/delivery/delivery.ts";
import { windowOf } from "../inputs.ts";
import { BulkReplayIn } from "../models/replay.ts";
import { ReplayOut } from "../models/task.ts";
import { accepted } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { taskOut } from "../wire.ts";

export const bulkReplay = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/bulk-replay",
  operationId: "v1.endpoint.bulk-replay",
  tag: "Endpoint",
  summary: "Replay deliveries of an endpoint by filter",
  description:
    "Makes one manual attempt for every delivery of the endpoint that matches the filter and whose message was published in the time window. The `replay` operations do the same for several endpoints or other targets, with a rate limit, and can be paused.",
  access: "CreateAttempts",
  permission: "messages:replay",
  body: BulkReplayIn,
  responses: { 202: ReplayOut },
  handle: async ({ ctx, params, body }) => {
    const filter = {
      ...NO_FILTER,
      eventTypes: listOrNull(body.eventTypes),
      channels: oneOrNull(body.channel),
      tags: oneOrNull(body.tag),
      statuses: oneOrNull(body.status as Status | null | undefined),
      statusCodeClasses: oneOrNull(body.statusCodeClass),
    };
    const input = { app: params.app_id, endpoint: params.endpoint_id, ...windowOf(body), filter };
    return accepted(taskOut(await bulkReplayVerb({ ctx, input })));
  },
});

function oneOrNull<T>(value: T | null | undefined): readonly T[] | null {
  return value === null || value === undefined ? null : [value];
}

/** Treats an empty list as no filter. */
function listOrNull<T>(values: readonly T[] | null | undefined): readonly T[] | null {
  return values === null || values === undefined || values.length === 0 ? null : values;
}
