/** Requests of WebSub hubs: confirmations of subscriptions, and updates. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookResponse } from "@posthorn/webhooks/provider";
import type { Services } from "../domain/context.ts";
import { confirmSubscription, denySubscription } from "../domain/source/subscription.ts";
import { timeOfKey } from "../lib/id.ts";
import { headerOf } from "./headers.ts";
import type { Intake } from "./intake.ts";
import type { LiveSource } from "./live-source.ts";
import type { Quarantine } from "./quarantine.ts";
import { jsonResponse } from "./verifier.ts";

/** A request to the URL of a source. */
export interface HubRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[];
  readonly address: string;
  readonly body: Uint8Array;
}

export interface WebSubOptions {
  readonly services: () => Services;
  readonly intake: Pick<Intake, "take">;
  readonly quarantine: Pick<Quarantine, "keep">;
}

const NOT_REQUESTED = jsonResponse(404, "not_requested", "Posthorn has not requested this.");
const ACCEPTED: WebhookResponse = { status: 202, headers: {}, body: "" };
const GONE = jsonResponse(410, "not_found", "There is no subscription at this URL.");

export async function respondToHub(
  options: WebSubOptions,
  source: LiveSource,
  request: HubRequest,
): Promise<WebhookResponse> {
  if (request.method === "GET") return confirm(options, source, new URLSearchParams(request.query));
  if (request.method === "POST") return update(options, source, request);
  return jsonResponse(405, "method_not_allowed", "This source accepts GET, POST.", { allow: "GET, POST" });
}

async function confirm(
  { services }: WebSubOptions,
  { key, settings }: LiveSource,
  query: URLSearchParams,
): Promise<WebhookResponse> {
  const { store, now } = services();
  const mode = query.get("hub.mode");
  if (mode === "denied") {
    await denySubscription(store, key, { reason: query.get("hub.reason") ?? "", now: now() });
    return { status: 200, headers: {}, body: "" };
  }
  const [topic, challenge] = [query.get("hub.topic"), query.get("hub.challenge")];
  if (mode !== "subscribe" || topic === null || challenge === null) return NOT_REQUESTED;
  const seconds = Number(query.get("hub.lease_seconds") ?? "");
  const leaseSeconds = Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, MAX_LEASE_SECONDS) : null;
  const config = settings.kindConfig ?? {};
  const isKnown = await confirmSubscription(store, { sourceKey: key, topic, leaseSeconds, config, now: now() });
  if (!isKnown) return NOT_REQUESTED;
  return { status: 200, headers: { "content-type": "text/plain" }, body: challenge.slice(0, 1024) };
}

const MAX_LEASE_SECONDS = 31_536_000;

/** The specification asks for a 2xx response, also when the signature is wrong: the hub must not learn which one is right. */
async function update(options: WebSubOptions, source: LiveSource, request: HubRequest): Promise<WebhookResponse> {
  const { rawHeaders: headers, body, method, path, query, address } = request;
  const provider = source.definition.id;
  const problem = signatureProblem(
    headerOf(headers, "x-hub-signature") ?? null,
    String(source.settings.kindConfig?.["secret"]),
    body,
  );
  if (problem !== null) {
    const origin = { provider, scheme: "none", trust: "none" as const, deliveryId: null, occurredAt: null };
    const refused = { method, path, query, headers, address, origin };
    options.quarantine.keep(source, { reason: "signature_mismatch", detail: problem, request: refused, body });
    return ACCEPTED;
  }
  const taken = await options.intake.take(source, {
    id: await idOf(options.services(), source.key, request),
    type: String(source.settings.kindConfig?.["eventType"]),
    occurredAt: null,
    contentType: headerOf(headers, "content-type") ?? "",
    headers,
    body,
    trust: "signed",
    origin: { kind: "request", provider, scheme: "websub", request: { method, path, query, address } },
  });
  if (taken.kind === "gone") return GONE;
  if (taken.kind !== "busy") return ACCEPTED;
  const detail = "This source has received its daily quota of events.";
  return jsonResponse(429, "quota_exceeded", detail, { "retry-after": String(taken.retryAfterSeconds) });
}

/** An equal update after this time is a new one. */
const REDELIVERY_MS = 3_600_000;

/**
 * Hubs of other products send no ID. A hub repeats an update when it has not seen the response, so an update is a repetition if the one before
 * it was equal and arrived within the last hour. A document that returns to an earlier state is therefore a new event. The ID of a new update
 * contains its predecessor, so that two nodes that receive it at the same time choose the same ID.
 */
async function idOf({ store, now }: Services, sourceKey: number, request: HubRequest): Promise<string> {
  const own = headerOf(request.rawHeaders, "webhook-id");
  if (own !== undefined) return `websub/id/${own}`;
  const hash = createHash("sha256").update(request.body).digest("base64url");
  const last = await store.hotDb
    .selectFrom("message")
    .select(["id", "event_id"])
    .where("app_id", "=", sourceKey)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  const isRepeated =
    last?.event_id?.startsWith(`websub/${hash}/`) === true && now() - timeOfKey(last.id) <= REDELIVERY_MS;
  return isRepeated ? last.event_id! : `websub/${hash}/${last?.id ?? 0}`;
}

const ALGORITHMS: ReadonlySet<string> = new Set(["sha1", "sha256", "sha384", "sha512"]);

function signatureProblem(header: string | null, secret: string, body: Uint8Array): string | null {
  if (header === null) return "The update has no X-Hub-Signature.";
  const [algorithm = "", hex = ""] = header.split("=");
  if (!ALGORITHMS.has(algorithm)) return "X-Hub-Signature names no known algorithm.";
  const expected = createHmac(algorithm, secret).update(body).digest();
  const given = Buffer.from(hex, "hex");
  const isEqual = given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
  return isEqual ? null : "X-Hub-Signature does not match the body and the secret.";
}
