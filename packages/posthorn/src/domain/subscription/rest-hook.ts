/**
 * REST hooks: subscriptions that automation platforms create and delete through the API (resthooks.org). Each is a webhook endpoint that ends
 * when its URL responds with 410 Gone.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { invalid, type PosthornError } from "../../lib/errors.ts";
import { applicationEgress } from "../application/egress.ts";
import { getApplication, ofCustomers } from "../application/find.ts";
import { atomically, type Call, type OutsideCall, type OutsideContext, reader } from "../context.ts";
import { insertEndpoint } from "../endpoint/create.ts";
import { checkUrl } from "../endpoint/endpoint.ts";
import { findEventType } from "../event-type/find.ts";
import { examplesOf, type Schema } from "../event-type/schema-examples.ts";
import { endSubscription } from "./end.ts";
import { getSubscription, type Subscription, SUBSCRIPTION_POLICY, targetHash } from "./subscription.ts";

export interface CreateRestHook {
  readonly app: string;
  readonly url: string;
  readonly eventTypes: readonly string[] | null;
  readonly channels: readonly string[] | null;
  readonly description: string;
  /** Whether the receiver must first return a secret. Its deliveries are then signed with it. */
  readonly handshake: boolean;
}

export async function createRestHook({ ctx, input }: OutsideCall<CreateRestHook>): Promise<Subscription> {
  const application = await getApplication(ofCustomers(ctx), input.app);
  const secret = input.handshake ? await exchangeSecret(ctx, application.key, input.url) : null;
  return atomically({ ctx, input }, async ({ ctx: inside }) => {
    const { services, tx } = inside;
    const { url, eventTypes, channels, description } = input;
    const endpoint = await insertEndpoint(inside, application, {
      kind: null,
      config: null,
      url,
      eventTypes,
      channels,
      description,
      uid: null,
      version: 1,
      throttleRate: null,
      disabled: false,
      metadata: {},
      headers: {},
      secret: secret === null ? null : `text:${secret}`,
    });
    const policy_json = secret === null ? SUBSCRIPTION_POLICY : SIGNED_POLICY;
    await tx.db.updateTable("endpoint").set({ policy_json }).where("id", "=", endpoint.key).execute();
    const { key, id } = services.ids.next("sub_");
    const at = services.now();
    await tx.db
      .insertInto("subscription")
      .values({
        id: key,
        public_id: id,
        app_id: application.key,
        protocol: "rest-hook",
        topic_id: null,
        endpoint_id: endpoint.key,
        target_hash: targetHash(endpoint.url),
        lease_seconds: null,
        lease_until: null,
        created_at: at,
        updated_at: at,
      })
      .execute();
    inside.audit?.created("rest-hook", id);
    const times = { leaseSeconds: null, expiresAt: null, createdAt: at, updatedAt: at };
    return { key, id, protocol: "rest-hook", topic: null, endpoint, ...times };
  });
}

const SIGNED_POLICY = JSON.stringify({
  ...(JSON.parse(SUBSCRIPTION_POLICY) as object),
  signing: { style: "asana", header: "X-Hook-Signature" },
});

/** Sends a secret, which the receiver returns if it wants the events. */
async function exchangeSecret(ctx: OutsideContext, appKey: number, url: string): Promise<string> {
  const target = await checkUrl(ctx, appKey, url);
  const secret = randomBytes(32).toString("hex");
  const response = await ctx.services.subscribers.send({
    ...(await applicationEgress(ctx, appKey)),
    method: "POST",
    url: target,
    headers: ["x-hook-secret", secret],
  });
  if (response.kind === "error") throw refusal(response.message);
  if (response.status < 200 || response.status > 299) throw refusal(`It responded with HTTP ${response.status}.`);
  const returned = Buffer.from(response.headers["x-hook-secret"] ?? "");
  const expected = Buffer.from(secret);
  if (returned.byteLength !== expected.byteLength || !timingSafeEqual(returned, expected)) {
    throw refusal("Its response does not have the header X-Hook-Secret with the same value.");
  }
  return secret;
}

function refusal(reason: string): PosthornError {
  return invalid("targetUrl", `The URL did not confirm the subscription. ${reason}`);
}

/** Deletes a REST hook. Pending deliveries are canceled. */
export function deleteRestHook(call: Call<{ readonly app: string; readonly subscription: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const found = await getSubscription(ctx, { ...input, protocol: "rest-hook" });
    await endSubscription(ctx, found.application, found.subscription);
  });
}

export interface SamplesOf {
  readonly app: string;
  /** `null`: of every type. */
  readonly eventType: string | null;
  readonly limit: number;
}

/** Bytes of all samples. */
const MAX_SAMPLE_BYTES = 1024 * 1024;

/**
 * JSON payloads of the newest messages, as a receiver gets them. If there is none, the example of the event type, so that a platform knows the
 * fields before the first event.
 */
export async function restHookSamples({ ctx, input }: Call<SamplesOf>): Promise<readonly string[]> {
  const { key } = await getApplication(ofCustomers(ctx), input.app);
  const { eventType, limit } = input;
  const rows = await reader(ctx)
    .selectFrom("message")
    .select("payload")
    .where("app_id", "=", key)
    .where("payload", "is not", null)
    .where("content_type", "like", "%json%")
    .$if(eventType !== null, (query) => query.where("event_type", "=", eventType!))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  const samples: string[] = [];
  let bytes = 0;
  for (const { payload } of rows) {
    bytes += payload!.byteLength;
    if (bytes > MAX_SAMPLE_BYTES) break;
    const text = Buffer.from(payload!).toString("utf8");
    if (isJson(text)) samples.push(text);
  }
  return samples.length > 0 || eventType === null ? samples : exampleOf(ctx, eventType);
}

async function exampleOf(ctx: Call<SamplesOf>["ctx"], name: string): Promise<readonly string[]> {
  const eventType = await findEventType(ctx, name);
  const schemas = (eventType?.schemas ?? {}) as Readonly<Record<string, Schema>>;
  const schema = schemas["1"] ?? Object.values(schemas).at(-1);
  const example = schema === undefined ? undefined : examplesOf(schema)[0];
  return example === undefined ? [] : [JSON.stringify(example)];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
