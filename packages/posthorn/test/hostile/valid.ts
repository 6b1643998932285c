/** Valid requests of routes, where the schema does not define what is valid. */
export const HINTS = {
  url: "https://silent.example.com/",
  type: "generic-webhook",
  eventType: "order.paid",
  since: new Date(Date.now() - 3_600_000).toISOString(),
  until: new Date().toISOString(),
  messages: [{ app: "other", eventType: "order.paid", payload: {} }],
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  filter: { eventType: "order.paid" },
  payload: { amount: 1 },
  email: "ada@example.com",
  issuer: "https://id.example.com",
};

const WEBHOOK = { post: { requestBody: { content: { "application/json": { schema: { type: "object" } } } } } };

const RULE = { read: { value: "$.amount" }, when: { above: 5 } };
const WATCH = { name: "Amount", rule: RULE, emit: { type: "amount.high" } };

const VALID: ReadonlyMap<string, object> = new Map<string, object>([
  ["v1.identity-provider.create", { name: "Staff", issuer: "https://silent.example.com/", clientId: "posthorn" }],
  ["v1.identity-provider.update", { name: "Staff", issuer: "https://silent.example.com/", clientId: "posthorn" }],
  ["v1.ingest.backfill.update", { provider: "github", token: "token", owner: "o/r", hookId: 1 }],
  ...["v1.endpoint.create", "v1.endpoint.update", "v1.ingest.endpoint.create", "v1.ingest.endpoint.update"].map(
    (route) => [route, { url: "https://silent.example.com/" }] as const,
  ),
  ...["v1.operational-webhook.endpoint.create", "v1.operational-webhook.endpoint.upsert"].map(
    (route) => [route, { url: "https://silent.example.com/" }] as const,
  ),
  ...["v1.destination.create", "v1.destination.upsert"].map(
    (route) => [route, { type: "fifoEndpoint", config: { url: "https://silent.example.com/" } }] as const,
  ),
  ["v1.erasure.create", { path: "$.person", value: "person-1", dryRun: true }],
  ["v1.rest-hook.create", { targetUrl: "https://silent.example.com/" }],
  ...["v1.watch.create", "v1.watch.update"].map((route) => [route, WATCH] as const),
  ...["v1.ingest.source.create", "v1.ingest.source.update"].map(
    (route) => [route, { name: "Source", type: "generic-webhook" }] as const,
  ),
  ...["v1.redaction-rule.create", "v1.application.redaction-rule.create"].map(
    (route) => [route, { path: "$.customer.email", action: "mask" }] as const,
  ),
  ...["v1.redaction-rule.patch", "v1.application.redaction-rule.patch"].map(
    (route) => [route, { action: "hash" }] as const,
  ),
  ["v1.incident.patch", { state: "acknowledged" }],
  ["v1.alert-recipient.create", { email: HINTS.email }],
  ["v1.alert-rule.create", { name: "Alerts", kind: "endpoint-failing", targets: [] }],
  ["v1.alert-rule.patch", { name: "Alerts" }],
  ["v1.replay.create-across", { since: HINTS.since }],
  ["v1.replay.dry-run-across", { since: HINTS.since }],
  ["v1.redaction.try", { payload: "{}" }],
  ["v1.relay.session.create", { name: "ben", clientId: "client-anna" }],
  ["v1.relay.session.send", { frames: ['{"type":"ping"}'] }],
  ["v1.watch.dry-run", { rule: RULE }],
  ["v1.watch.key.reset", { key: "" }],
  ...["v1.template.instantiate", "v1.template.dry-run"].map(
    (route) => [route, { values: { destinationUrl: "https://silent.example.com/" } }] as const,
  ),
  ["v1.destination.patch", { type: "fifoEndpoint" }],
  ["v1.autoconfig.subscribe-destination", { type: "pollingEndpoint" }],
  ["v1.autoconfig.subscribe-endpoint", { url: "https://silent.example.com/" }],
  ...["v1.feed.consumer.reset", "v1.endpoint.feed.consumer.reset"].map(
    (route) => [route, { startingPosition: "earliest" }] as const,
  ),
  ["v1.event-type.import-openapi", { spec: { openapi: "3.1.0", webhooks: { "order.sent": WEBHOOK } } }],
]);

/**
 * Valid bodies by operation, of routes whose schema does not define what is valid. A new map for each test file: files of one process share
 * their modules.
 *
 * @param offset Position of a message that every consumer has received.
 */
export function validBodies(offset: number): Map<string, object> {
  const bodies = new Map(VALID);
  for (const feed of ["feed.consumer.commit", "endpoint.feed.consumer.commit", "polling-endpoint.consumer-commit"]) {
    bodies.set(`v1.${feed}`, { offset });
  }
  return bodies;
}
