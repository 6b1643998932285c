import { ownKind } from "../kind.ts";

/** Endpoints without a target: their messages wait in the feed of the endpoint. */
export const POLLING = ownKind({
  family: "own",
  title: "Polling endpoint",
  summary: "Keeps matching events for a consumer that pulls them, for example from behind a firewall.",
  group: "pull",
  fields: {},
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "key",
  ordering: "all",
  setup: [
    "Create the endpoint, then get its token with `GET /api/v1/auth/app/{app_id}/poller/{endpoint_id}/token`.",
    "Poll `/api/v1/app/{app_id}/polling-endpoint/{endpoint_id}/consumer/{name}` with this token, and commit the offset of the last message that you processed.",
  ],
  target: () => "polling:",
});
