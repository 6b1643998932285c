import { createWatch as createVerb } from "../../domain/watch/save.ts";
import { WatchIn, WatchOut } from "../models/watch.ts";
import { created } from "../reply.ts";
import { watchInput, watchOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const createWatch = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/watch",
  operationId: "v1.watch.create",
  tag: "Watch",
  summary: "Create a watch",
  description:
    "Evaluates messages published from now on. `app_id` is an application or a source. Each transition is published as a message of the application in `emit`.",
  access: "ManageWatch",
  permission: "watches:write",
  idempotency: "claim",
  body: WatchIn,
  responses: { 201: WatchOut },
  handle: async ({ ctx, params, body }) => {
    const watch = await createVerb({ ctx, input: { ...watchInput(body), app: params.app_id } });
    return created(await watchOut(ctx, watch));
  },
});
