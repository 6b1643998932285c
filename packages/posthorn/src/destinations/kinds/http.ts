import { ownKind } from "../kind.ts";

/** Webhooks over HTTP. The URL is a setting of the endpoint itself, so there is no configuration. */
export const HTTP = ownKind({
  family: "own",
  title: "Webhook",
  summary: "Sends each event as a signed HTTP request to your URL.",
  group: "http",
  fields: {},
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "key",
  ordering: "none",
  setup: [
    "Create a route in your application that accepts POST requests and responds with a 2xx status within 15 seconds.",
    "Enter its URL as the URL of the endpoint.",
    "Verify the signature of each request with the endpoint's signing secret.",
  ],
  target: () => "",
});
