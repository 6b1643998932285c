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
  summary: "Switch an endpoint on, with what was held",
  description:
    "Ends every pause too. What is discarded is canceled as it comes up. What is left drains slowly at first when the endpoint had failed.",
  access: "ManageEndpoint",
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
    if (from !== null) throw invalid(["body", "since"], 'It goes with `held` "since" alone.');
    return { kind: held };
  }
  if (from === null) throw invalid(["body", "since"], 'With `held` "since" the time is needed.');
  return { kind: "since", since: from };
}
