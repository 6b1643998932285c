import { testEndpoint as testVerb } from "../../domain/endpoint/test-endpoint.ts";
import { attemptDetailOut } from "../attempt-wire.ts";
import { EventExampleIn } from "../models/endpoint.ts";
import { EndpointTestOut } from "../models/endpoint-test.ts";
import { JsonText, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { messageOut } from "../wire.ts";
import { exampleInput } from "./example-input.ts";

export const testEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/test",
  operationId: "v1.endpoint.test",
  tag: "Endpoint",
  summary: "Send an example event and wait for the response",
  description:
    "Sends the same message as `send-example` and waits up to 25 seconds for the first attempt, which is returned with its details. " +
    "`attempt` is null if there was none by then, such as while deliveries are on hold. Messages to destinations other than webhooks " +
    "are marked as tests and have the tag `webhook.test`.",
  access: "CreateAttempts",
  permission: "messages:replay",
  idempotency: "own",
  body: EventExampleIn,
  responses: { 200: EndpointTestOut },
  handle: async ({ ctx, params, body, rawBody, idempotency }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, ...exampleInput(body, rawBody), idempotency };
    const { message, attempt } = await testVerb({ ctx, input });
    const fields = { attempt: attempt === null ? null : attemptDetailOut(attempt) };
    return ok(JsonText.withMember(fields, "message", messageOut(message, { withContent: true }).text));
  },
});
