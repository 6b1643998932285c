import type { Static } from "typebox";
import { enableEndpoint as enableVerb, type HeldChoice } from "../../domain/endpoint/set-flow.ts";
import { invalid } from "../../lib/errors.ts";
import { EndpointEnableIn, EndpointStateOut } from "../models/endpoint-state.ts";
import { defineRoute } from "../route.ts";
import { toMs } from "../wire.ts";
import { stateReply } from "./state-reply.ts";

export const enableEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/enable",
  operationId: "v1.endpoint.enable",
  tag: "Endpoint",
  summary: "Enable an endpoint",
  description:
    "Also ends a pause. Choose what happens to the deliveries on hold: deliver them, or discard some or all. Discarded deliveries are canceled when Posthorn processes them. If the endpoint was failing, the remaining deliveries are sent slowly at first.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  idempotency: "claim",
  body: EndpointEnableIn,
  responses: { 200: EndpointStateOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id };
    await enableVerb({ ctx, input: { ...input, held: choiceOf(body) } });
    return stateReply(ctx, input);
  },
});

function choiceOf({ held = "replay", since }: Static<typeof EndpointEnableIn>): HeldChoice {
  const from = toMs(since);
  if (held !== "since") {
    if (from !== null) throw invalid(["body", "since"], 'Only allowed when `held` is "since".');
    return { kind: held };
  }
  if (from === null) throw invalid(["body", "since"], 'Required when `held` is "since".');
  return { kind: "since", since: from };
}
