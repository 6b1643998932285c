/** Pulls a subscription of Google Cloud Pub/Sub by its REST API. */
import { googleAuth, googleFailure } from "../../destinations/kinds/google.ts";
import { asObject, asObjects, asText, bodyObject } from "../../destinations/kinds/cloud-result.ts";
import { type ListeningDriver, type ListeningHost, SourceFailure } from "../driver.ts";
import type { ConfigOf } from "../kind.ts";
import { GOOGLE_PUB_SUB_SOURCE } from "../kinds/google-pub-sub.ts";
import { type BrokerMessage, eventOf, tooLarge } from "../listeners/event.ts";
import { sourceFailure } from "../listeners/failure.ts";
import { kindResponse } from "./sqs.ts";

type Config = ConfigOf<(typeof GOOGLE_PUB_SUB_SOURCE)["fields"]>;
type Json = Readonly<Record<string, unknown>>;

const TITLE = "Google Cloud Pub/Sub";
const SCOPE = "https://www.googleapis.com/auth/pubsub";
const MAX_MESSAGES = 64;
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** The service holds a pull request until there are messages, for up to 90 seconds. */
const PULL_MS = 100_000;
/** Pause after an empty response that came at once. */
const IDLE_MS = 1000;

export const GOOGLE_PUB_SUB_DRIVER: ListeningDriver = {
  family: "listen",
  listen: async (host) => {
    const config = host.config as Config;
    // An empty acknowledgement is refused, so a first pull that does not wait shows whether the credentials work.
    let isFirst = true;
    let maxMessages = MAX_MESSAGES;
    while (!host.signal.aborted) {
      const startedAt = host.now();
      const body = { maxMessages, ...(isFirst ? { returnImmediately: true } : {}) };
      const pulled = await call(host, config, "pull", body).catch((error: unknown) => {
        if (maxMessages === 1 || !isTooLarge(error)) throw error;
        return null;
      });
      // Messages of up to 10 MB each do not fit into one response. One of them does.
      maxMessages = pulled === null ? Math.ceil(maxMessages / 8) : Math.min(MAX_MESSAGES, maxMessages * 2);
      if (pulled === null) continue;
      const { receivedMessages: received } = pulled;
      if (isFirst) host.connected();
      isFirst = false;
      const messages = asObjects(received);
      if (messages.length > 0) await store(host, config, messages);
      else if (host.now() - startedAt < IDLE_MS) await host.wait(IDLE_MS);
    }
  },
};

function isTooLarge(error: unknown): boolean {
  return error instanceof SourceFailure && error.code === "response_too_large";
}

async function store(host: ListeningHost, config: Config, received: readonly Json[]): Promise<void> {
  const messages = received.map((one) => messageOf(one, config));
  for (const message of messages) {
    if (message.body.byteLength <= host.maxBodyBytes) continue;
    const place = { topic: message.topic, reference: `message ID ${message.id ?? ""}` };
    await host.quarantine(tooLarge(place, message, host.maxBodyBytes));
  }
  const readable = messages.filter(({ body }) => body.byteLength <= host.maxBodyBytes);
  await host.emit(
    readable.map((message) => eventOf(config.eventType, message)),
    null,
  );
  await call(host, config, "acknowledge", { ackIds: received.map((one) => asText(one["ackId"])) });
}

async function call(
  host: ListeningHost,
  config: Config,
  operation: "pull" | "acknowledge",
  body: object,
): Promise<Json> {
  const response = await host.sendSigned({
    method: "POST",
    url: `${GOOGLE_PUB_SUB_SOURCE.target(config)}:${operation}`,
    headers: ["content-type", "application/json"],
    body: Buffer.from(JSON.stringify(body)),
    auth: googleAuth(config, SCOPE),
    maxResponseBytes: MAX_RESPONSE_BYTES,
    timeoutMs: PULL_MS,
  });
  if (response.status > 299) throw sourceFailure(googleFailure(TITLE, kindResponse(response)));
  return bodyObject(response);
}

function messageOf(received: Json, { subscriptionId }: Config): BrokerMessage {
  const message = asObject(received["message"]);
  const id = asText(message["messageId"]);
  const time = Date.parse(asText(message["publishTime"]));
  const headers = Object.entries(asObject(message["attributes"])).map(
    ([name, value]) => [name, asText(value)] as const,
  );
  const metadata: [string, string][] = [
    ["pubsub-subscription", subscriptionId],
    ["pubsub-message-id", id],
  ];
  const key = asText(message["orderingKey"]);
  if (key !== "") metadata.push(["pubsub-ordering-key", key]);
  const attempts = received["deliveryAttempt"];
  if (typeof attempts === "number") metadata.push(["pubsub-delivery-attempt", String(attempts)]);
  return {
    id: id === "" ? null : id,
    body: Buffer.from(asText(message["data"]), "base64"),
    contentType: headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? null,
    occurredAt: Number.isFinite(time) ? time : null,
    metadata,
    headers,
    topic: subscriptionId,
  };
}
